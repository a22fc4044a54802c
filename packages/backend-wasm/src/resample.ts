import type { ResampleGeometry, ResampleKind, TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import { addressOf } from './operand.js';

/**
 * One axis as a sparse matrix with two entries a row: output position i is `(1 - share[i]) x[low[i]] + share[i] x[high[i]]`.
 */
interface Axis {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly share: Float64Array;
}

type Positions = (inSize: number, outSize: number, alignCorners: boolean) => Axis;

const positions = {
  /** floor(i in / out). PyTorch computes the scale and the product in float32 for every dtype. */
  nearest(inSize, outSize) {
    const low = new Int32Array(outSize);
    const scale = Math.fround(inSize / outSize);
    for (let i = 0; i < outSize; i++) low[i] = Math.min(Math.floor(Math.fround(i * scale)), inSize - 1);
    return { low, high: low, share: new Float64Array(outSize) };
  },
  /** Corners: i (in - 1) / (out - 1). Areas: (i + 1/2) in / out - 1/2, not below 0. Positions have the tensor's precision. */
  linear(inSize, outSize, alignCorners) {
    const round = Math.fround;
    const low = new Int32Array(outSize);
    const high = new Int32Array(outSize);
    const share = new Float64Array(outSize);
    const scale = round(alignCorners ? (outSize > 1 ? (inSize - 1) / (outSize - 1) : 0) : inSize / outSize);
    for (let i = 0; i < outSize; i++) {
      const at = alignCorners ? round(i * scale) : Math.max(round(round((i + 0.5) * scale) - 0.5), 0);
      low[i] = Math.min(Math.floor(at), inSize - 1);
      high[i] = Math.min(low[i] + 1, inSize - 1);
      share[i] = Math.min(Math.max(round(at - low[i]), 0), 1);
    }
    return { low, high, share };
  },
} satisfies Record<ResampleKind, Positions>;

/** Separable: the weights of an output are the product of those of its axes. The adjoint writes where this reads. */
export function resample(engine: Engine, kind: ResampleKind, x: TensorRef, g: ResampleGeometry, adjoint: boolean, out: TensorRef): void {
  const axes = g.inSize.map((size, a) =>
    size === 1 && g.outSize[a] === 1 ? positions.nearest(1, 1) : positions[kind](size, g.outSize[a], g.alignCorners),
  );
  const [depth, height, width] = axes;
  const [, rows, columns] = g.inSize;
  const inPlane = g.inSize[0] * rows * columns;
  const outPlane = g.outSize[0] * g.outSize[1] * g.outSize[2];
  const heap = engine.heap.f32;
  const first = addressOf(x) / 4;
  const begin = addressOf(out) / 4;
  const sums = adjoint ? new Float64Array(inPlane) : null;

  for (let plane = 0; plane < g.planes; plane++) {
    const small = plane * inPlane;
    let at = plane * outPlane;
    sums?.fill(0);
    for (let z = 0; z < g.outSize[0]; z++) {
      for (let y = 0; y < g.outSize[1]; y++) {
        for (let c = 0; c < g.outSize[2]; c++, at++) {
          let sum = 0;
          // Corner bits: depth, height, width; a corner of no weight is not touched, so that it cannot bring in NaN.
          for (let corner = 0; corner < 8; corner++) {
            const weight = part(depth, z, corner & 4) * part(height, y, corner & 2) * part(width, c, corner & 1);
            if (weight === 0) continue;
            const i = (end(depth, z, corner & 4) * rows + end(height, y, corner & 2)) * columns + end(width, c, corner & 1);
            if (sums) sums[i] += weight * heap[first + at];
            else sum += weight * heap[first + small + i];
          }
          if (!sums) heap[begin + at] = sum;
        }
      }
    }
    if (sums) for (let i = 0; i < inPlane; i++) heap[begin + small + i] = sums[i];
  }
}

function part(axis: Axis, i: number, upper: number): number {
  return upper ? axis.share[i] : 1 - axis.share[i];
}

function end(axis: Axis, i: number, upper: number): number {
  return upper ? axis.high[i] : axis.low[i];
}
