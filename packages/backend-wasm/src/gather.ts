import { contiguousStrides, isFloat } from '@konv/core-tensor';
import type { TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import { addressOf, heapOf } from './operand.js';
import { Walk } from './strided.js';

/** From this length on, rows under one index (of an embedding) are copied as a whole. */
const BLOCK = 16;

/**
 * Strides of `table`, the tensor that is indexed, seen along `index`'s axes: none along `axis`, where the index says
 * where to go. Sizes of the two may differ on other axes too (PyTorch allows a shorter index).
 */
function stridesBut(axis: number, table: TensorRef): { strides: number[]; stride: number; size: number } {
  const strides = contiguousStrides(table.shape);
  const stride = strides[axis] ?? 1;
  if (axis < strides.length) strides[axis] = 0;
  return { strides, stride, size: table.shape[axis] ?? 1 };
}

export function gather(engine: Engine, x: TensorRef, index: TensorRef, axis: number, out: TensorRef): void {
  const { data: from, at: first } = heapOf(engine.heap, x);
  const { data: to, at: begin } = heapOf(engine.heap, out);
  const at = engine.heap.i32;
  const missing = isFloat(out.dtype) ? NaN : 0;
  const { strides, stride, size } = stridesBut(axis, x);
  const walk = new Walk(out.shape, [strides, index.strides, out.strides], [first, addressOf(index) / 4, begin]);
  const [sx, si, so] = walk.step;
  const wholeRows = si === 0 && sx === 1 && so === 1 && walk.n >= BLOCK;
  do {
    let [ix, ii, io] = walk.at;
    const row = at[ii];
    if (wholeRows && row >= 0 && row < size) {
      to.copyWithin(io, ix + row * stride, ix + row * stride + walk.n);
      continue;
    }
    for (let i = 0; i < walk.n; i++, ix += sx, ii += si, io += so) {
      const k = at[ii];
      to[io] = k >= 0 && k < size ? from[ix + k * stride] : missing;
    }
  } while (walk.next());
}

/** In the order of a walk over `index`; sums of float32 round at every addition, as PyTorch's do. */
export function scatterAdd(engine: Engine, index: TensorRef, source: TensorRef, axis: number, out: TensorRef): void {
  const { data: from, at: first } = heapOf(engine.heap, source);
  const { data: to, at: begin } = heapOf(engine.heap, out);
  const at = engine.heap.i32;
  const { strides, stride, size } = stridesBut(axis, out);
  const walk = new Walk(index.shape, [strides, index.strides, source.strides], [begin, addressOf(index) / 4, first]);
  const [so, si, ss] = walk.step;
  do {
    let [io, ii, is] = walk.at;
    for (let i = 0; i < walk.n; i++, io += so, ii += si, is += ss) {
      const k = at[ii];
      if (k >= 0 && k < size) to[io + k * stride] += from[is];
    }
  } while (walk.next());
}
