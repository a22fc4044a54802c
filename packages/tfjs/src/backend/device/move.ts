/** Windows of flat tensors, read and written by kernels that make new tensors. */
import { BackendError, type Shape, sizeOf } from '@konv/core-tensor';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { eachRow, type Window as Strides } from '../../strided.js';
import type { DeviceWork } from './work.js';

/** What every tfjs backend's kernels of movement can do. */
const MAX_RANK = 4;

/** Of a flat tensor. */
export interface Window extends Strides {
  readonly shape: Shape;
}

interface Axis {
  readonly size: number;
  readonly stride: number;
}

/** The axes that are not of size 1, those that lie behind one another as one. */
function merged(shape: Shape, strides: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const last = axes.at(-1);
    if (last !== undefined && last.stride === strides[i] * size) axes[axes.length - 1] = { size: last.size * size, stride: strides[i] };
    else axes.push({ size, stride: strides[i] });
  });
  return axes;
}

/**
 * A window as a box at the origin of a row-major block: the part of the buffer from the window's first element, `[size_1,
 * stride_1 / stride_2, ..., stride_r]` with the greatest stride first, of which the window is `[size_1, ..., size_r, 1]`.
 */
interface Box {
  /** The axes, greatest stride first, by their places in the window. */
  readonly order: readonly number[];
  readonly block: readonly number[];
  readonly box: readonly number[];
}

/** Null where the axes overlap or interleave, or are too many. */
function boxOf(axes: readonly Axis[]): Box | null {
  const order = axes.map((_, i) => i).sort((a, b) => axes[b].stride - axes[a].stride);
  const block: number[] = [];
  const box: number[] = [];
  order.forEach((at, i) => {
    const { size, stride } = axes[at];
    block.push(i === 0 ? size : axes[order[i - 1]].stride / stride);
    box.push(size);
  });
  const last = axes[order[order.length - 1]].stride;
  if (last > 1) {
    block.push(last);
    box.push(1);
  }
  const fits = block.every((d, i) => Number.isInteger(d) && d >= box[i]);
  return fits && block.length <= MAX_RANK ? { order, block, box } : null;
}

/** Flat positions of the window's elements in row-major order. */
export function positionsOf(shape: Shape, window: Strides): Int32Array {
  const out = new Int32Array(sizeOf(shape));
  if (out.length === 0) return out;
  let i = 0;
  eachRow(shape, [window], (n, [p], [step]) => {
    for (let k = 0; k < n; k++) out[i++] = p + k * step;
  });
  return out;
}

/** Elements from the first of the window to its last. */
const spanOf = (axes: readonly Axis[]): number => axes.reduce((n, a) => n + (a.size - 1) * a.stride, 1);

/** Errors: `BackendError` where positions are too great for the backend's int32. */
function checkPositions(work: DeviceWork, span: number, ref: Window): void {
  const { maxExactInt } = work.memory.engine;
  if (span <= maxExactInt) return;
  throw new BackendError(
    'copyStrided',
    `expected a window that reaches over at most ${maxExactInt} elements, which is as far as this backend counts exactly, ` +
      `got shape [${ref.shape.join(', ')}] with strides [${ref.strides.join(', ')}]; move it in parts`,
  );
}

/** The window's elements in row-major order, `[size]`; `flat` is its buffer's content. */
export function densely(work: DeviceWork, flat: TensorInfo, ref: Window): TensorInfo {
  const axes = merged(ref.shape, ref.strides);
  const own = axes.filter((a) => a.stride !== 0);
  const once = distinct(work, flat, ref, own);
  if (own.length === axes.length) return once;
  return repeated(work, once, axes);
}

/** The window's elements without those that stride 0 repeats. */
function distinct(work: DeviceWork, flat: TensorInfo, ref: Window, axes: readonly Axis[]): TensorInfo {
  const size = axes.reduce((n, a) => n * a.size, 1);
  if (axes.length === 0 || (axes.length === 1 && axes[0].stride === 1)) return work.slice(flat, [ref.offset], [size]);
  const found = boxOf(axes);
  if (found === null) {
    const span = spanOf(axes);
    checkPositions(work, span, ref);
    const table = positionsOf(
      axes.map((a) => a.size),
      { strides: axes.map((a) => a.stride), offset: 0 },
    );
    return work.pick(work.slice(flat, [ref.offset], [span]), work.upload(table, [size], 'int32'));
  }
  const { order, block, box } = found;
  const length = sizeOf(block);
  const there = Math.min(length, flat.shape[0] - ref.offset);
  const part = work.pad(work.slice(flat, [ref.offset], [there]), [[0, length - there]]);
  const inside = work.slice(
    work.reshape(part, block),
    block.map(() => 0),
    box,
  );
  const sorted = work.reshape(
    inside,
    order.map((i) => axes[i].size),
  );
  return work.reshape(
    work.transpose(
      sorted,
      axes.map((_, i) => order.indexOf(i)),
    ),
    [size],
  );
}

/** Repeats elements along the axes of stride 0, one after the other: `Tile` of three axes is served everywhere. */
function repeated(work: DeviceWork, once: TensorInfo, axes: readonly Axis[]): TensorInfo {
  let x = once;
  let inner = 1;
  for (let i = axes.length - 1; i >= 0; i--) {
    const { size, stride } = axes[i];
    if (stride === 0) {
      const outer = sizeOf(x.shape) / inner;
      x = work.call('Tile', { x: work.reshape(x, [outer, 1, inner]) }, { reps: [1, size, 1] });
    }
    inner *= size;
  }
  return work.reshape(x, [inner]);
}

/** The content `old` of a buffer with `value`, `[size]`, in a window of it. */
export function place(work: DeviceWork, value: TensorInfo, old: TensorInfo, out: Window): TensorInfo {
  const axes = merged(out.shape, out.strides);
  if (axes.length === 0 || (axes.length === 1 && axes[0].stride === 1)) return between(work, value, old, out.offset);
  const found = axes.some((a) => a.stride === 0) ? null : boxOf(axes);
  if (found === null) {
    const total = old.shape[0];
    checkPositions(work, total + value.shape[0], out);
    const table = Int32Array.from({ length: total }, (_, i) => i);
    positionsOf(out.shape, out).forEach((p, i) => {
      table[p] = total + i;
    });
    return work.pick(work.concat([old, value]), work.upload(table, [total], 'int32'));
  }
  const there = Math.min(sizeOf(found.block), old.shape[0] - out.offset);
  let region = inBlock(work, value, axes, found, there);
  if (value.shape[0] < there) {
    const inside = inBlock(work, work.full(1, value.shape, 'bool'), axes, found, there);
    region = work.select(inside, region, work.slice(old, [out.offset], [there]));
  }
  return between(work, region, old, out.offset);
}

/** Zeros, `[total]`, with `value` in a window. */
export function spread(work: DeviceWork, value: TensorInfo, out: Window, total: number): TensorInfo {
  const axes = merged(out.shape, out.strides);
  const found = axes.length === 0 ? null : boxOf(axes);
  if (found === null) {
    checkPositions(work, value.shape[0] + 1, out);
    const table = new Int32Array(total);
    positionsOf(out.shape, out).forEach((p, i) => {
      table[p] = i + 1;
    });
    return work.pick(work.concat([work.full(0, [1]), value]), work.upload(table, [total], 'int32'));
  }
  const there = Math.min(sizeOf(found.block), total - out.offset);
  return work.pad(inBlock(work, value, axes, found, there), [[out.offset, total - out.offset - there]]);
}

/** The first `there` elements of a box's block, with zeros around the box. */
function inBlock(work: DeviceWork, value: TensorInfo, axes: readonly Axis[], { order, block, box }: Box, there: number): TensorInfo {
  const sizes = axes.map((a) => a.size);
  const sorted = work.reshape(work.transpose(work.reshape(value, sizes), order), box);
  const padded = work.pad(
    sorted,
    block.map((d, i) => [0, d - box[i]] as const),
  );
  return work.slice(work.reshape(padded, [sizeOf(block)]), [0], [there]);
}

/** `old` with `part` from `offset`. */
function between(work: DeviceWork, part: TensorInfo, old: TensorInfo, offset: number): TensorInfo {
  const end = offset + part.shape[0];
  const total = old.shape[0];
  if (end - offset === total) return part;
  return work.concat([
    ...(offset > 0 ? [work.slice(old, [0], [offset])] : []),
    part,
    ...(end < total ? [work.slice(old, [end], [total - end])] : []),
  ]);
}
