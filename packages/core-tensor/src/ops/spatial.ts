/**
 * What convolutions and pools have in common: reading `kernelSize`, `stride`, `padding` and `dilation`, and fitting the
 * user's 1-, 2- and 3-D inputs to the 5-D form that kernels get.
 */
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { toSpatial } from '../geometry.js';
import { MAX_SIZE, type Shape, showShape, sizeOf } from '../shape.js';
import { isTensor, type Tensor } from '../tensor.js';
import { replacing } from './handles.js';
import { reshape } from './view.js';

/** 1-, 2- or 3-D. */
export type SpatialRank = 1 | 2 | 3;
/** One number for all spatial axes, or one an axis. */
export type PerAxis = number | readonly number[];

const axisNames: Readonly<Record<SpatialRank, string>> = { 1: 'length', 2: 'height, width', 3: 'depth, height, width' };

/** `height, width` */
export function spatialNames(rank: SpatialRank): string {
  return axisNames[rank];
}

/** `value` as one whole number >= `least` for each of the `rank` axes. */
export function perAxis(op: string, name: string, value: PerAxis, rank: SpatialRank, least: number): number[] {
  const list = typeof value === 'number' ? new Array<number>(rank).fill(value) : value;
  const fits = Array.isArray(list) && list.length === rank && list.every((v) => Number.isSafeInteger(v) && v >= least);
  if (fits) return list.slice();
  const shown = Array.isArray(value) ? `[${value.map(String).join(', ')}]` : String(value);
  const many = rank === 1 ? '' : ` or ${rank} of them (${axisNames[rank]})`;
  throw new ShapeError(op, `expected ${name} to be a whole number >= ${least}${many}, got ${shown}; pass one number or one an axis`);
}

/** Refuses what is no tensor, in words. */
export function checkTensor(op: string, name: string, x: unknown): void {
  if (isTensor(x)) return;
  const got = Array.isArray(x) ? 'an array' : x === null ? 'null' : typeof x;
  throw new DTypeError(op, `expected a tensor as ${name}, got ${got}; wrap it with tensor(...)`);
}

/** The input as `[batch, channels, *spatial]`, and whether the batch axis had to be added. */
export function batched(op: string, x: Tensor, rank: SpatialRank): { shape: Shape; added: boolean } {
  checkTensor(op, 'input', x);
  const { shape } = x;
  if (shape.length === rank + 2) return { shape, added: false };
  if (shape.length === rank + 1) return { shape: [1, ...shape], added: true };
  throw new ShapeError(
    op,
    `expected input [batch, channels, ${axisNames[rank]}] or [channels, ${axisNames[rank]}], got ${showShape(shape)}; ` +
      'reshape it, or use the function of its number of axes',
  );
}

/** Refuses what is not a float tensor. */
export function checkFloat(op: string, name: string, x: Tensor): void {
  checkTensor(op, name, x);
  if (!isFloat(x.dtype)) throw new DTypeError(op, `expected a float ${name}, got ${x.dtype}; use cast('float32') first`);
}

/** Refuses axes of size 0: there is nothing to slide over. A batch may be empty. */
export function checkNotFlat(op: string, shape: Shape): void {
  if (shape.slice(1).some((d) => d === 0)) {
    throw new ShapeError(op, `expected sizes >= 1 on all axes but the batch, got input ${showShape(shape)}`);
  }
}

/** Refuses results whose positions would not fit an int32. */
export function checkCount(op: string, what: string, shape: Shape): void {
  const n = sizeOf(shape);
  if (n > MAX_SIZE) {
    throw new ShapeError(op, `expected at most 2^31 - 1 elements, got ${n} in ${what} ${showShape(shape)}; split the batch`);
  }
}

/** `[batch, channels, *spatial]` with the spatial axes as `[depth, height, width]`. */
export function to5d(shape: Shape): number[] {
  return [shape[0], shape[1], ...toSpatial(shape.slice(2), 1)];
}

/** `x` in the 5-D form of `shape`; the tensor itself where it has it already. */
export function as5d(x: Tensor, shape: Shape): Tensor {
  return x.rank === 5 ? x : reshape(x, to5d(shape));
}

/** A fresh 5-D result in the user's rank again; takes its place. */
export function from5d(y: Tensor, rank: SpatialRank, dropBatch: boolean): Tensor {
  if (rank === 3 && !dropBatch) return y;
  const [n, c] = y.shape;
  const spatial = y.shape.slice(5 - rank);
  return replacing(y, reshape(y, dropBatch ? [c, ...spatial] : [n, c, ...spatial]));
}

/** The extent that a window covers: dilation * (kernel - 1) + 1, an axis. */
export function extentOf(kernel: readonly number[], dilation: readonly number[]): number[] {
  return kernel.map((k, i) => dilation[i] * (k - 1) + 1);
}
