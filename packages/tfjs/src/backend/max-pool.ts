/**
 * Max pooling as loops of our own: all of tfjs's kernels for it are wrong. `MaxPool` loses NaN, `MaxPoolWithArgmax`,
 * `MaxPool3D` and `MaxPoolGrad` start the maximum at 1.2e-38, so windows without a positive number are. (`AvgPool`, which
 * makes -infinity of NaN, is left to core's decomposition.)
 */
import type { PoolGeometry, TensorRef } from '@konv/core-tensor';
import type { Memory } from './memory.js';

/** Along one axis, per output position: the first tap inside of the input, and the end of the taps. */
interface Taps {
  readonly start: Int32Array;
  readonly end: Int32Array;
}

function taps(g: PoolGeometry, axis: 0 | 1 | 2): Taps {
  const start = new Int32Array(g.outSize[axis]);
  const end = new Int32Array(g.outSize[axis]);
  const dilation = g.dilation[axis];
  for (let i = 0; i < start.length; i++) {
    const low = i * g.stride[axis] - g.padLow[axis];
    start[i] = low < 0 ? low + Math.ceil(-low / dilation) * dilation : low;
    end[i] = Math.min(low + (g.kernel[axis] - 1) * dilation + 1, g.inSize[axis]);
  }
  return { start, end };
}

function planes(g: PoolGeometry): { count: number; inPlane: number; outPlane: number } {
  const size = ([depth, height, width]: readonly number[]): number => depth * height * width;
  return { count: g.batch * g.channels, inPlane: size(g.inSize), outPlane: size(g.outSize) };
}

export function maxPool(memory: Memory, x: TensorRef, g: PoolGeometry, out: TensorRef, indices: TensorRef | null): void {
  memory.arrays(...(indices === null ? [x, out] : [x, out, indices]));
  const from = memory.values(x) as Float32Array;
  const to = memory.values(out) as Float32Array;
  const at = indices === null ? null : (memory.values(indices) as Int32Array);
  const [depth, height, width] = [taps(g, 0), taps(g, 1), taps(g, 2)];
  const { count, inPlane } = planes(g);
  const [, rows, columns] = g.inSize;
  const [dz, dy, dx] = g.dilation;
  let io = out.offset;
  let ii = indices === null ? 0 : indices.offset;
  for (let p = 0; p < count; p++) {
    const plane = x.offset + p * inPlane;
    for (let z = 0; z < depth.start.length; z++) {
      for (let y = 0; y < height.start.length; y++) {
        for (let c = 0; c < width.start.length; c++) {
          const x0 = width.start[c];
          const x1 = width.end[c];
          let best = Number.NEGATIVE_INFINITY;
          let position = (depth.start[z] * rows + height.start[y]) * columns + x0;
          for (let k = depth.start[z]; k < depth.end[z]; k += dz) {
            for (let j = height.start[y]; j < height.end[y]; j += dy) {
              const row = (k * rows + j) * columns;
              for (let i = row + x0; i < row + x1; i += dx) {
                const v = from[plane + i];
                // Of equals the first, and the first NaN of all.
                if (v > best || (v !== v && best === best)) {
                  best = v;
                  position = i;
                }
              }
            }
          }
          to[io++] = best;
          if (at !== null) at[ii++] = position;
        }
      }
    }
  }
}

export function maxPoolGrad(memory: Memory, dy: TensorRef, indices: TensorRef, g: PoolGeometry, out: TensorRef): void {
  const [from, which, to] = memory.arrays(dy, indices, out) as [Float32Array, Int32Array, Float32Array];
  const { count, inPlane, outPlane } = planes(g);
  to.fill(0, out.offset, out.offset + count * inPlane);
  for (let p = 0; p < count; p++) {
    const plane = out.offset + p * inPlane;
    for (let i = p * outPlane; i < (p + 1) * outPlane; i++) to[plane + which[indices.offset + i]] += from[dy.offset + i];
  }
}
