/** The families that move or compare elements, as plain loops over tfjs's memory. */
import type { ArgReduceKind, BinaryKind, HostArray, ReduceKind, TensorRef } from '@konv/core-tensor';
import { hostArray, sizeOf } from '@konv/core-tensor';
import type { Memory } from './memory.js';
import { aroundAxis, copyElements, eachRow, type Window } from '../strided.js';

/** A tensor, or a number as an array of one element that is read over and over. */
interface Source extends Window {
  readonly data: HostArray;
}

/** A number is rounded to the operands' dtype first, as PyTorch does. Takes no array before all operands have memory. */
function sources(memory: Memory, operands: readonly (TensorRef | number)[], like: TensorRef): Source[] {
  memory.arrays(...operands.filter((o) => typeof o !== 'number'));
  return operands.map((o) => {
    if (typeof o !== 'number') return { data: memory.values(o), strides: o.strides, offset: o.offset };
    const data = hostArray(like.dtype, 1);
    data[0] = like.dtype === 'bool' ? Number(o !== 0) : o;
    return { data, strides: like.shape.map(() => 0), offset: 0 };
  });
}

const bool = (b: boolean): number => (b ? 1 : 0);

/** What `pow` is: C's, where 1 to any power and -1 to an infinite one are 1; JavaScript says NaN. */
function power(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b;
}

/** Modulo 2^32, by squaring. Negative exponents: the integer part of the true value. */
function powerInt32(a: number, b: number): number {
  if (b < 0) return a === 1 ? 1 : a === -1 ? (b % 2 === 0 ? 1 : -1) : 0;
  let result = 1;
  for (let base = a, n = b; n > 0; n >>>= 1, base = Math.imul(base, base)) if (n & 1) result = Math.imul(result, base);
  return result;
}

/** Storing rounds to float32 and wraps to int32. */
export const binaryLoops: Readonly<Record<BinaryKind, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: power,
  maximum: Math.max,
  minimum: Math.min,
  eq: (a, b) => bool(a === b),
  ne: (a, b) => bool(a !== b),
  lt: (a, b) => bool(a < b),
  le: (a, b) => bool(a <= b),
  gt: (a, b) => bool(a > b),
  ge: (a, b) => bool(a >= b),
  fmod: (a, b) => a % b,
  atan2: Math.atan2,
  reluGrad: (dy, y) => (y > 0 ? dy : 0),
  sigmoidGrad: (dy, y) => dy * y * (1 - y),
  tanhGrad: (dy, y) => dy * (1 - y * y),
};

/** Where doubles would not wrap exactly. */
const int32Loops: Partial<Record<BinaryKind, (a: number, b: number) => number>> = { mul: Math.imul, pow: powerInt32 };

/** One row: n elements of a from p by steps of sp, of b from q by sq, into out from o by so. */
type BinaryRow = (
  n: number,
  a: HostArray,
  p: number,
  sp: number,
  b: HostArray,
  q: number,
  sq: number,
  out: HostArray,
  o: number,
  so: number,
) => void;

function rowOf(f: (a: number, b: number) => number): BinaryRow {
  return (n, a, p, sp, b, q, sq, out, o, so) => {
    for (let i = 0; i < n; i++, p += sp, q += sq, o += so) out[o] = f(a[p], b[q]);
  };
}

/** Written out, since every step of training goes through it: a function called for each element costs ten times as much. */
const reluGradRow: BinaryRow = (n, dy, p, sp, y, q, sq, out, o, so) => {
  for (let i = 0; i < n; i++, p += sp, q += sq, o += so) out[o] = y[q] > 0 ? dy[p] : 0;
};

export function binaryLoop(memory: Memory, kind: BinaryKind, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void {
  const dtype = typeof a !== 'number' ? a.dtype : typeof b !== 'number' ? b.dtype : out.dtype;
  const f = (dtype === 'int32' && int32Loops[kind]) || binaryLoops[kind];
  memory.arrays(out);
  const [x, y] = sources(memory, [a, b], { ...out, dtype });
  const to = memory.values(out);
  const row = kind === 'reluGrad' ? reluGradRow : rowOf(f);
  eachRow(out.shape, [x, y, out], (n, [p, q, o], [sp, sq, so]) => row(n, x.data, p, sp, y.data, q, sq, to, o, so));
}

export function where(memory: Memory, condition: TensorRef, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void {
  memory.arrays(condition, out);
  const [x, y] = sources(memory, [a, b], out);
  const [test, to] = memory.arrays(condition, out);
  eachRow(out.shape, [condition, x, y, out], (n, at, step) => {
    let [c, p, q, o] = at;
    for (let i = 0; i < n; i++, c += step[0], p += step[1], q += step[2], o += step[3]) to[o] = test[c] ? x.data[p] : y.data[q];
  });
}

export function copyStrided(memory: Memory, x: TensorRef, out: TensorRef): void {
  const [from, to] = memory.arrays(x, out);
  copyElements(from, x, to, out, out.shape);
}

export function fill(memory: Memory, value: number, out: TensorRef): void {
  const to = memory.values(out);
  eachRow(out.shape, [out], (n, [o], [so]) => {
    if (so === 1) to.fill(value, o, o + n);
    else for (let i = 0; i < n; i++, o += so) to[o] = value;
  });
}

/** Storing into an Int32Array truncates, and makes 0 of NaN. */
export function cast(memory: Memory, x: TensorRef, out: TensorRef): void {
  const [from, to] = memory.arrays(x, out);
  const truth = out.dtype === 'bool';
  eachRow(out.shape, [x, out], (n, [p, o], [sp, so]) => {
    for (let i = 0; i < n; i++, p += sp, o += so) to[o] = truth ? bool(from[p] !== 0) : from[p];
  });
}

/** A window in which all positions along `axis` are the first. */
const without = (ref: TensorRef, axis: number): Window => ({
  offset: ref.offset,
  strides: ref.strides.map((s, i) => (i === axis ? 0 : s)),
});

export function gather(memory: Memory, x: TensorRef, index: TensorRef, axis: number, out: TensorRef): void {
  const [from, which, to] = memory.arrays(x, index, out);
  const size = x.shape[axis];
  const stride = x.strides[axis];
  eachRow(out.shape, [index, without(x, axis), out], (n, at, step) => {
    for (let i = 0, [k, p, o] = at; i < n; i++, k += step[0], p += step[1], o += step[2]) {
      const j = which[k];
      to[o] = j >= 0 && j < size ? from[p + j * stride] : Number.NaN;
    }
  });
}

export function scatterAdd(memory: Memory, index: TensorRef, source: TensorRef, axis: number, out: TensorRef): void {
  const [which, from, to] = memory.arrays(index, source, out);
  const size = out.shape[axis];
  const stride = out.strides[axis];
  eachRow(source.shape, [index, source, without(out, axis)], (n, at, step) => {
    for (let i = 0, [k, p, o] = at; i < n; i++, k += step[0], p += step[1], o += step[2]) {
      const j = which[k];
      if (j >= 0 && j < size) to[o + j * stride] += from[p];
    }
  });
}

/** What a kind does with a run of x: fold it into one accumulator, or elementwise into as many. */
interface Fold {
  readonly start: number;
  readonly all: (acc: number, n: number, x: HostArray, p: number, step: number) => number;
  readonly each: (acc: Float64Array, q: number, stepQ: number, n: number, x: HostArray, p: number, step: number) => void;
}

function foldOf(start: number, f: (a: number, b: number) => number): Fold {
  return {
    start,
    all(acc, n, x, p, step) {
      for (let i = 0; i < n; i++, p += step) acc = f(acc, x[p]);
      return acc;
    },
    each(acc, q, stepQ, n, x, p, step) {
      for (let i = 0; i < n; i++, p += step, q += stepQ) acc[q] = f(acc[q], x[p]);
    },
  };
}

const folds: Readonly<Record<ReduceKind, Fold>> = {
  // Written out: every bias has its gradient by this loop, and a function that is called for each element costs ten times as much.
  sum: {
    start: 0,
    all(acc, n, x, p, step) {
      for (let i = 0; i < n; i++, p += step) acc += x[p];
      return acc;
    },
    each(acc, q, stepQ, n, x, p, step) {
      for (let i = 0; i < n; i++, p += step, q += stepQ) acc[q] += x[p];
    },
  },
  max: foldOf(Number.NEGATIVE_INFINITY, Math.max),
  min: foldOf(Number.POSITIVE_INFINITY, Math.min),
};

/** Wraps at every step: a double would lose the low bits of a long sum. */
const sumInt32 = foldOf(0, (a, b) => (a + b) | 0);

/** Folds in doubles and rounds once. tfjs adds floats one after the other: a million times 0.1 is 100958 there. */
export function reduce(memory: Memory, kind: ReduceKind, x: TensorRef, axes: readonly number[], out: TensorRef): void {
  const fold = kind === 'sum' && x.dtype === 'int32' ? sumInt32 : folds[kind];
  const [from, to] = memory.arrays(x, out);
  const acc = new Float64Array(sizeOf(out.shape)).fill(fold.start);
  const target = { offset: 0, strides: out.strides.map((s, i) => (axes.includes(i) ? 0 : s)) };
  eachRow(x.shape, [x, target], (n, [p, q], [sp, sq]) => {
    if (sq === 0) acc[q] = fold.all(acc[q], n, from, p, sp);
    else fold.each(acc, q, sq, n, from, p, sp);
  });
  to.set(acc, out.offset);
}

export function argReduce(memory: Memory, kind: ArgReduceKind, x: TensorRef, axis: number, out: TensorRef): void {
  const [from, to] = memory.arrays(x, out);
  const sign = kind === 'argmax' ? 1 : -1;
  const { outer, size, inner } = aroundAxis(x.shape, axis);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const base = x.offset + o * size * inner + i;
      let best = 0;
      let value = sign * from[base];
      for (let j = 1; j < size && value === value; j++) {
        const v = sign * from[base + j * inner];
        if (!(v <= value)) [best, value] = [j, v];
      }
      to[out.offset + o * inner + i] = best;
    }
  }
}
