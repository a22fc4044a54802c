import type { HostArray, TensorRef } from '@konv/core-tensor';
import { dataOf } from './memory.js';
import { Walk } from './strided.js';

/** From this length on the memcpy behind `TypedArray.set` beats a loop and the view that it needs. */
const BLOCK = 64;

export function copyStrided(x: TensorRef, out: TensorRef): void {
  const from = dataOf(x);
  const to = dataOf(out);
  const walk = new Walk(out.shape, [x.strides, out.strides], [x.offset, out.offset]);
  const { n, at, step } = walk;
  const inBlocks = n >= BLOCK && step[0] === 1 && step[1] === 1;
  do {
    if (inBlocks) to.set(from.subarray(at[0], at[0] + n), at[1]);
    else copyRow(n, from, at[0], step[0], to, at[1], step[1]);
  } while (walk.next());
}

function copyRow(n: number, x: HostArray, ix: number, sx: number, out: HostArray, io: number, so: number): void {
  for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = x[ix];
}

export function fill(value: number, out: TensorRef): void {
  const to = dataOf(out);
  const v = out.dtype === 'bool' ? Number(value !== 0) : value;
  const walk = new Walk(out.shape, [out.strides], [out.offset]);
  const { n, at, step } = walk;
  do {
    if (step[0] === 1) to.fill(v, at[0], at[0] + n);
    else for (let i = 0, io = at[0]; i < n; i++, io += step[0]) to[io] = v;
  } while (walk.next());
}

/** Storing to a typed array rounds to float32 and truncates to int32 (NaN: 0); only bool needs a loop of its own. */
export function cast(x: TensorRef, out: TensorRef): void {
  const from = dataOf(x);
  const to = dataOf(out);
  const row = out.dtype === 'bool' ? truthRow : castRow;
  const walk = new Walk(out.shape, [x.strides, out.strides], [x.offset, out.offset]);
  const { at, step } = walk;
  do row(walk.n, from, at[0], step[0], to, at[1], step[1]);
  while (walk.next());
}

function castRow(n: number, x: HostArray, ix: number, sx: number, out: HostArray, io: number, so: number): void {
  for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = x[ix];
}

function truthRow(n: number, x: HostArray, ix: number, sx: number, out: HostArray, io: number, so: number): void {
  for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = x[ix] !== 0 ? 1 : 0;
}
