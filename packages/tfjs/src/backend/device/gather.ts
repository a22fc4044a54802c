import { BackendError, contiguousStrides, sizeOf, type Shape, type TensorRef } from '@konv/core-tensor';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { aroundAxis } from '../../strided.js';
import type { DeviceMemory } from './memory.js';
import { positionsOf } from './move.js';
import type { DeviceWork } from './work.js';

/** Whether all elements at one position along `axis` have the same index: rows are moved, not elements. */
function isByRow(index: TensorRef, axis: number): boolean {
  return index.shape.every((d, i) => i === axis || d === 1 || index.strides[i] === 0);
}

/** One index for each position along `axis`. */
function rowIndex(work: DeviceWork, index: TensorRef, axis: number): TensorInfo {
  return work.load({ ...index, shape: [index.shape[axis]], strides: [index.strides[axis]] });
}

/** Which indices are within [0, size), and those that are not replaced. */
function bounded(work: DeviceWork, index: TensorInfo, size: number, instead: number): { inside: TensorInfo; index: TensorInfo } {
  const inside = work.and(work.two('GreaterEqual', index, 0), work.two('Less', index, size));
  return { inside, index: work.select(inside, index, instead) };
}

/** Flat positions in a row-major tensor of `shape`, of elements of `index`'s shape: made of the index along `axis` and their own place. */
function flatPositions(work: DeviceWork, index: TensorInfo, of: Shape, shape: Shape, axis: number): TensorInfo {
  const strides = contiguousStrides(shape);
  const places = positionsOf(of, { offset: 0, strides: strides.map((s, i) => (i === axis ? 0 : s)) });
  return work.add(work.mul(index, strides[axis]), work.upload(places, [places.length], 'int32'));
}

/** Flat positions are as exact as int32 is. */
function checkSize(work: DeviceWork, op: string, shape: Shape): void {
  const { maxExactInt } = work.memory.engine;
  if (sizeOf(shape) <= maxExactInt) return;
  throw new BackendError(
    op,
    `expected at most ${maxExactInt} elements, which is as far as this backend counts exactly, got shape [${shape.join(', ')}]; ` +
      'work on parts of it, or with one index for a whole row',
  );
}

export function gather(memory: DeviceMemory, x: TensorRef, index: TensorRef, axis: number, out: TensorRef): void {
  const { outer, size, inner } = aroundAxis(x.shape, axis);
  const outside = x.dtype === 'float32' ? Number.NaN : 0;
  memory.work((work) => {
    if (isByRow(index, axis) && sizeOf(out.shape) === outer * out.shape[axis] * inner) {
      const { inside, index: rows } = bounded(work, rowIndex(work, index, axis), size, 0);
      const n = rows.shape[0];
      const picked = work.pick(work.load(x, [outer, size, inner]), rows, 1);
      const mask = work.call('Tile', { x: work.reshape(inside, [1, n, 1]) }, { reps: [outer, 1, inner] });
      work.store(work.select(work.reshape(mask, [outer * n * inner]), work.reshape(picked, [outer * n * inner]), outside), out);
      return;
    }
    checkSize(work, 'gather', x.shape);
    const { inside, index: rows } = bounded(work, work.load(index), size, 0);
    const positions = flatPositions(work, rows, out.shape, x.shape, axis);
    work.store(work.select(inside, work.pick(work.load(x), positions), outside), out);
  });
}

/**
 * By `ScatterNd`, which adds to zeros; what belongs nowhere is added to one more row, or element, that is cut off. A GPU's
 * `ScatterNd` looks at every update for every element, so its time is the product of both numbers.
 */
export function scatterAdd(memory: DeviceMemory, index: TensorRef, source: TensorRef, axis: number, out: TensorRef): void {
  const { outer, size, inner } = aroundAxis(out.shape, axis);
  const n = source.shape[axis];
  memory.work((work) => {
    if (isByRow(index, axis) && sizeOf(source.shape) === outer * n * inner) {
      const rows = bounded(work, rowIndex(work, index, axis), size, size).index;
      const updates = work.reshape(work.transpose(work.load(source, [outer, n, inner]), [1, 0, 2]), [n, outer * inner]);
      const sums = scatter(work, rows, updates, [size + 1, outer * inner]);
      const cut = work.slice(sums, [0, 0], [size, outer * inner]);
      work.store(work.transpose(work.reshape(cut, [size, outer, inner]), [1, 0, 2]), out, true);
      return;
    }
    checkSize(work, 'scatterAdd', out.shape);
    const total = sizeOf(out.shape);
    const { inside, index: rows } = bounded(work, work.load(index), size, 0);
    const positions = work.select(inside, flatPositions(work, rows, source.shape, out.shape, axis), total);
    const updates = work.reshape(work.load(source), [positions.shape[0], 1]);
    const sums = scatter(work, positions, updates, [total + 1, 1]);
    work.store(work.slice(sums, [0, 0], [total, 1]), out, true);
  });
}

/**
 * Sums of updates `[n, m]` by rows, whose last row is the one that is cut off. An even number of them: webgl's kernel takes
 * them two at a time, and of an odd number the last with whatever lies beyond it.
 */
function scatter(work: DeviceWork, rows: TensorInfo, updates: TensorInfo, shape: readonly [number, number]): TensorInfo {
  const more = [0, rows.shape[0] % 2] as const;
  const indices = work.pad(work.reshape(rows, [rows.shape[0], 1]), [more, [0, 0]], shape[0] - 1);
  return work.call('ScatterNd', { indices, updates: work.pad(updates, [more, [0, 0]]) }, { shape: [...shape] });
}
