import type { HostArray, ScanKind, TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import { addressOf, heapOf } from './operand.js';
import { aroundAxis } from './strided.js';

type Scan = (n: number, x: HostArray, ix: number, out: HostArray, io: number, step: number) => void;

const scans = {
  /** The running sum is a double; each of its values is rounded as it is stored. Storing wraps int32. */
  sum(n, x, ix, out, io, step) {
    for (let i = 0, acc = 0; i < n; i++, ix += step, io += step) {
      acc += x[ix];
      out[io] = acc;
    }
  },
} satisfies Record<ScanKind, Scan>;

export function scan(engine: Engine, kind: ScanKind, x: TensorRef, axis: number, out: TensorRef): void {
  const { data: from, at: first } = heapOf(engine.heap, x);
  const { data: to, at: begin } = heapOf(engine.heap, out);
  const { outer, size, inner } = x.shape.length === 0 ? { outer: 1, size: 1, inner: 1 } : aroundAxis(x.shape, axis);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const base = o * size * inner + i;
      scans[kind](size, from, first + base, to, begin + base, inner);
    }
  }
}

/** Negative, 0, positive as `a` sorts before, with or after `b`. NaN is greatest and equal to itself. */
function compare(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return (a !== a ? 1 : 0) - (b !== b ? 1 : 0);
}

/** Positions are sorted rather than values: the language's sort is stable, and both results follow from them. */
export function sort(engine: Engine, x: TensorRef, descending: boolean, values: TensorRef, indices: TensorRef): void {
  const { data: from, at: first } = heapOf(engine.heap, x);
  const { data: toValues, at: firstValue } = heapOf(engine.heap, values);
  const toIndices = engine.heap.i32;
  const firstIndex = addressOf(indices) / 4;
  const n = x.shape.at(-1) ?? 1;
  let size = 1;
  for (const d of x.shape) size *= d;
  const order = new Int32Array(n);
  for (let row = 0; row < size; row += n) {
    const base = first + row;
    for (let i = 0; i < n; i++) order[i] = i;
    order.sort(descending ? (i, j) => compare(from[base + j], from[base + i]) : (i, j) => compare(from[base + i], from[base + j]));
    for (let i = 0; i < n; i++) {
      toValues[firstValue + row + i] = from[base + order[i]];
      toIndices[firstIndex + row + i] = order[i];
    }
  }
}
