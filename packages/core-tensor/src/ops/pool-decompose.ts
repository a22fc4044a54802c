/** Pools by what every backend has: windows copied side by side, reduced; gradients scattered or added back. */
import { fromHost, full } from '../creation.js';
import { dispatch } from '../dispatch.js';
import { hostArray } from '../dtype.js';
import type { PoolGeometry } from '../geometry.js';
import type { Tensor } from '../tensor.js';
import { add, div } from './binary.js';
import { gatherOp, scatterAddOp } from './gather.js';
import { clone, contiguous } from './movement.js';
import { amax, argmaxOp, sum } from './reduce.js';
import { reshape } from './view.js';
import { addTaps, framed, paddedSize, stridedView, tapStrides, unframed, windowStrides } from './windows.js';

const product = (s: readonly number[]): number => s.reduce((a, b) => a * b, 1);

/** x as `[planes, places, taps]`: each window's elements in row-major order, `outside` where they are padding. */
function windowRows(x: Tensor, g: PoolGeometry, outside: number): Tensor {
  const frame = framed(x, g, outside);
  const [ns, cs] = frame.ref.strides;
  const view = stridedView(
    frame,
    [g.batch, g.channels, ...g.outSize, ...g.kernel],
    [ns, cs, ...windowStrides(frame, g), ...tapStrides(frame, g)],
    frame.ref.offset,
  );
  return reshape(clone(view), [g.batch * g.channels, product(g.outSize), product(g.kernel)]);
}

/** Calls `visit` with the positions in the unpadded input that each tap of each window sees; -1 on an axis: padding. */
function forEachTap(g: PoolGeometry, visit: (place: number, tap: number, at: readonly [number, number, number]) => void): void {
  const at = (axis: number, q: number, k: number): number => {
    const i = q * g.stride[axis] - g.padLow[axis] + k * g.dilation[axis];
    return i >= 0 && i < g.inSize[axis] ? i : -1;
  };
  let place = 0;
  for (let qd = 0; qd < g.outSize[0]; qd++)
    for (let qh = 0; qh < g.outSize[1]; qh++)
      for (let qw = 0; qw < g.outSize[2]; qw++, place++) {
        let tap = 0;
        for (let d = 0; d < g.kernel[0]; d++)
          for (let h = 0; h < g.kernel[1]; h++)
            for (let w = 0; w < g.kernel[2]; w++) visit(place, tap++, [at(0, qd, d), at(1, qh, h), at(2, qw, w)]);
      }
}

/**
 * Flat input positions `[places * taps]`. Padding is -infinity, so it is found only in a window without anything
 * greater: there it stands for the window's first real element, as in PyTorch (-1 where it has none).
 */
function positionTable(g: PoolGeometry): Int32Array {
  const taps = product(g.kernel);
  const table = new Int32Array(product(g.outSize) * taps).fill(-1);
  const first = new Int32Array(product(g.outSize)).fill(-1);
  const [, height, width] = g.inSize;
  forEachTap(g, (place, tap, [d, h, w]) => {
    if (d < 0 || h < 0 || w < 0) return;
    const flat = (d * height + h) * width + w;
    if (first[place] < 0) first[place] = flat;
    table[place * taps + tap] = flat;
  });
  for (let i = 0; i < table.length; i++) if (table[i] < 0) table[i] = first[Math.floor(i / taps)];
  return table;
}

export function decomposeMaxPool(x: Tensor, g: PoolGeometry): [Tensor, Tensor] {
  const backend = x.device;
  const windows = windowRows(x, g, Number.NEGATIVE_INFINITY);
  const [planes, places, taps] = windows.shape;
  const shape = [g.batch, g.channels, ...g.outSize];
  const y = reshape(amax(windows, 2, true), shape);
  const tap = reshape(dispatch(argmaxOp, [windows], { axis: 2 }), [planes, places]);
  const starts = fromHost(
    backend,
    Int32Array.from({ length: places }, (_, i) => i * taps),
    [places],
    'int32',
  );
  const table = fromHost(backend, positionTable(g), [places * taps], 'int32');
  const indices = dispatch(gatherOp, [table, reshape(add(tap, starts), [planes * places])], { axis: 0 });
  return [y, reshape(indices, shape)];
}

export function decomposeMaxPoolGrad(dy: Tensor, indices: Tensor, g: PoolGeometry): Tensor {
  const planes = g.batch * g.channels;
  const zeros = full([planes, product(g.inSize)], 0, { dtype: dy.dtype, backend: dy.backend });
  const rows = [planes, product(g.outSize)];
  const dx = dispatch(scatterAddOp, [zeros, reshape(indices, rows), reshape(dy, rows)], { axis: 1 });
  return reshape(dx, [g.batch, g.channels, ...g.inSize]);
}

export function decomposeMaxPoolGather(x: Tensor, indices: Tensor, g: PoolGeometry): Tensor {
  const planes = g.batch * g.channels;
  const rows = reshape(x, [planes, product(g.inSize)]);
  const y = dispatch(gatherOp, [rows, reshape(indices, [planes, product(g.outSize)])], { axis: 1 });
  return reshape(y, [g.batch, g.channels, ...g.outSize]);
}

/** By what each window's sum is divided: one number where all are equal, else `[1, 1, *outSize]`. */
function divisor(like: Tensor, g: PoolGeometry): Tensor | number {
  const counts = [0, 1, 2].map((axis) => axisCounts(g, axis));
  if (counts.every((c) => c.every((n) => n === c[0]))) return counts[0][0] * counts[1][0] * counts[2][0];
  const values = hostArray(like.dtype, product(g.outSize));
  let at = 0;
  for (const d of counts[0]) for (const h of counts[1]) for (const w of counts[2]) values[at++] = d * h * w;
  return fromHost(like.device, values, [1, 1, ...g.outSize], like.dtype);
}

/** The elements of each window along one axis, clipped to the padded input, or to the input itself. */
function axisCounts(g: PoolGeometry, axis: number): number[] {
  return Array.from({ length: g.outSize[axis] }, (_, q) => {
    const start = q * g.stride[axis] - g.padLow[axis];
    const end = Math.min(start + g.kernel[axis], g.inSize[axis] + g.padHigh[axis]);
    return g.countIncludePad ? end - start : Math.min(end, g.inSize[axis]) - Math.max(start, 0);
  });
}

export function decomposeAvgPool(x: Tensor, g: PoolGeometry): Tensor {
  const total = reshape(sum(windowRows(x, g, 0), 2), [g.batch, g.channels, ...g.outSize]);
  return div(total, divisor(x, g));
}

export function decomposeAvgPoolGrad(dy: Tensor, g: PoolGeometry): Tensor {
  const share = div(dy, divisor(dy, g));
  const frame = full([g.batch, g.channels, ...paddedSize(g)], 0, { dtype: dy.dtype, backend: dy.backend });
  addTaps(frame, g, () => stridedView(share, share.shape, share.ref.strides, share.ref.offset));
  return contiguous(unframed(frame, g));
}
