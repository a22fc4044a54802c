import type { HostArray, ReduceKind, TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import { heapOf } from './operand.js';
import { mergeAxes } from './strided.js';

/** What a kind does to a run of x: fold it into one accumulator, or fold it elementwise into as many. */
interface Reducer {
  readonly start: number;
  /** acc op x[ix], x[ix + 1], ..., n of them. */
  fold(acc: number, n: number, x: HostArray, ix: number): number;
  /** acc[ia + i] op= x[ix + i]. */
  foldEach(acc: Float64Array, ia: number, n: number, x: HostArray, ix: number): void;
}

/** Math.max and Math.min return NaN as soon as either side is. */
const reducers = {
  sum: {
    start: 0,
    fold(acc, n, x, ix) {
      for (const end = ix + n; ix < end; ix++) acc += x[ix];
      return acc;
    },
    foldEach(acc, ia, n, x, ix) {
      for (const end = ix + n; ix < end; ix++, ia++) acc[ia] += x[ix];
    },
  },
  max: {
    start: -Infinity,
    fold(acc, n, x, ix) {
      for (const end = ix + n; ix < end; ix++) acc = Math.max(acc, x[ix]);
      return acc;
    },
    foldEach(acc, ia, n, x, ix) {
      for (const end = ix + n; ix < end; ix++, ia++) acc[ia] = Math.max(acc[ia], x[ix]);
    },
  },
  min: {
    start: Infinity,
    fold(acc, n, x, ix) {
      for (const end = ix + n; ix < end; ix++) acc = Math.min(acc, x[ix]);
      return acc;
    },
    foldEach(acc, ia, n, x, ix) {
      for (const end = ix + n; ix < end; ix++, ia++) acc[ia] = Math.min(acc[ia], x[ix]);
    },
  },
} satisfies Record<ReduceKind, Reducer>;

/** Wraps at every step: a double would lose the low bits of a long sum. */
const sumInt32: Reducer = {
  start: 0,
  fold(acc, n, x, ix) {
    for (const end = ix + n; ix < end; ix++) acc = (acc + x[ix]) | 0;
    return acc;
  },
  foldEach(acc, ia, n, x, ix) {
    for (const end = ix + n; ix < end; ix++, ia++) acc[ia] = (acc[ia] + x[ix]) | 0;
  },
};

/**
 * Reduces int32 and bool, which are rare and short: counts of right answers, masks.
 *
 * x is read once, in order. Neighbouring axes that are both kept or both reduced count as one; the innermost of what
 * remains is a contiguous run: folded into one accumulator if it is reduced, else elementwise into a row of them.
 */
export function reduceOnHost(engine: Engine, kind: ReduceKind, x: TensorRef, axes: readonly number[], out: TensorRef): void {
  const { data: from, at: first } = heapOf(engine.heap, x);
  const { data: to, at: begin } = heapOf(engine.heap, out);
  const reducer: Reducer = kind === 'sum' && x.dtype === 'int32' ? sumInt32 : reducers[kind];
  let outSize = 1;
  for (const d of out.shape) outSize *= d;
  const acc = new Float64Array(outSize).fill(reducer.start);

  const { sizes, reduced } = mergeAxes(x.shape, axes);
  const steps = new Array<number>(sizes.length).fill(0);
  for (let i = sizes.length - 1, n = 1; i >= 0; i--) {
    if (reduced[i]) continue;
    steps[i] = n;
    n *= sizes[i];
  }
  const last = sizes.length - 1;
  const run = sizes[last];
  const position = new Array<number>(last).fill(0);
  let ia = 0;
  for (let ix = first; ; ix += run) {
    if (steps[last] === 0) acc[ia] = reducer.fold(acc[ia], run, from, ix);
    else reducer.foldEach(acc, ia, run, from, ix);
    let axis = last - 1;
    for (; axis >= 0; axis--) {
      ia += steps[axis];
      if (++position[axis] < sizes[axis]) break;
      position[axis] = 0;
      ia -= steps[axis] * sizes[axis];
    }
    if (axis < 0) break;
  }
  for (let i = 0; i < outSize; i++) to[begin + i] = acc[i];
}
