import { type ArgReduceKind, type ReduceKind, sizeOf, type TensorRef } from '@konv/core-tensor';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { aroundAxis } from '../../strided.js';
import { extremum } from './elementwise.js';
import type { DeviceMemory } from './memory.js';
import type { DeviceWork } from './work.js';

/** Terms of one sum: a backend may add them one by one. */
const FEW = 128;

/** x as `[rows, n]`, the axes of a row last. */
function asRows(work: DeviceWork, x: TensorRef, axes: readonly number[]): TensorInfo {
  const n = axes.reduce((m, axis) => m * x.shape[axis], 1);
  const rows = sizeOf(x.shape) / n;
  const shape: number[] = [];
  const reduced: boolean[] = [];
  x.shape.forEach((size, axis) => {
    if (size === 1) return;
    const now = axes.includes(axis);
    if (reduced.at(-1) === now) shape[shape.length - 1] *= size;
    else {
      shape.push(size);
      reduced.push(now);
    }
  });
  const all = shape.map((_, i) => i);
  const perm = [...all.filter((i) => !reduced[i]), ...all.filter((i) => reduced[i])];
  // Kernels know few axes: kept and reduced ones that alternate for long are moved as a window of any strides.
  if (shape.length > 4) return work.load(permuted(x, axes), [rows, n]);
  return work.reshape(work.transpose(work.load(x, shape), perm), [rows, n]);
}

function permuted(x: TensorRef, axes: readonly number[]): TensorRef {
  const all = x.shape.map((_, i) => i);
  const perm = [...all.filter((i) => !axes.includes(i)), ...axes];
  return { ...x, shape: perm.map((i) => x.shape[i]), strides: perm.map((i) => x.strides[i]) };
}

/** Sums of few terms, and sums of those, and so on. */
function sums(work: DeviceWork, rows: TensorInfo): TensorInfo {
  let x = rows;
  for (;;) {
    const [outer, n] = x.shape;
    if (n <= FEW) return work.call('Sum', { x }, { axis: [1], keepDims: false });
    const parts = Math.ceil(n / FEW);
    const each = Math.ceil(n / parts);
    const padded = work.pad(x, [
      [0, 0],
      [0, parts * each - n],
    ]);
    const partial = work.call('Sum', { x: work.reshape(padded, [outer * parts, each]) }, { axis: [1], keepDims: false });
    x = work.reshape(partial, [outer, parts]);
  }
}

/** The greatest (least) of each row. */
export function extrema(work: DeviceWork, kind: 'max' | 'min', rows: TensorInfo): TensorInfo {
  const name = kind === 'max' ? 'Max' : 'Min';
  if (work.sound.has(name)) return work.call(name, { x: rows }, { reductionIndices: [1], axis: [1], keepDims: false });
  let x = rows;
  for (;;) {
    const [outer, n] = x.shape;
    if (n === 1) return work.reshape(x, [outer]);
    // Of an odd number the one in the middle is in both halves.
    const half = Math.ceil(n / 2);
    const low = work.slice(x, [0, 0], [outer, half]);
    const high = work.slice(x, [0, n - half], [outer, half]);
    x = extremum(work, kind === 'max' ? 'maximum' : 'minimum', low, high);
  }
}

export function reduce(memory: DeviceMemory, kind: ReduceKind, x: TensorRef, axes: readonly number[], out: TensorRef): void {
  memory.work((work) => {
    const rows = asRows(work, x, axes);
    if (kind === 'sum') work.store(sums(work, rows), out);
    else if (x.dtype !== 'bool') work.store(extrema(work, kind, rows), out);
    else work.store(work.cast(extrema(work, kind, work.cast(rows, 'int32')), 'bool'), out);
  });
}

/** The first position that holds the greatest (least) value, or NaN: the least of all such positions. */
export function argReduce(memory: DeviceMemory, kind: ArgReduceKind, x: TensorRef, axis: number, out: TensorRef): void {
  const { size } = aroundAxis(x.shape, axis);
  memory.work((work) => {
    let rows = asRows(work, x, [axis]);
    if (rows.dtype === 'bool') rows = work.cast(rows, 'int32');
    const best = work.reshape(extrema(work, kind === 'argmax' ? 'max' : 'min', rows), [rows.shape[0], 1]);
    let found = work.two('Equal', rows, best);
    if (rows.dtype === 'float32') found = work.or(found, work.isNaN(rows));
    const positions = work.upload(
      Float32Array.from({ length: size }, (_, i) => i),
      [1, size],
      'float32',
    );
    const beyond = work.mul(work.cast(work.not(found), 'float32'), size);
    const first = work.call('Min', { x: work.add(positions, beyond) }, { reductionIndices: [1], axis: [1], keepDims: false });
    work.store(work.cast(first, 'int32'), out);
  });
}
