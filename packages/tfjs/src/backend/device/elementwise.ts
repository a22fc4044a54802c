import { type BinaryKind, sizeOf, type TensorRef, type UnaryKind } from '@konv/core-tensor';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { SharedDType } from '../../dtypes.js';
import { compactShape } from '../../strided.js';
import { exp, log, pow, powInt32, tanh } from './functions.js';
import type { DeviceMemory } from './memory.js';
import type { DeviceWork } from './work.js';

type Unary = (work: DeviceWork, x: TensorInfo) => TensorInfo;
type Binary = (work: DeviceWork, a: TensorInfo, b: TensorInfo) => TensorInfo;

const kernel =
  (name: string): Unary =>
  (work, x) =>
    work.call(name, { x });

/** All float32. What is not here is decomposed by core: a GPU's functions promise no accuracy. */
export const unaries: Readonly<Partial<Record<UnaryKind, Unary>>> = {
  exp,
  log,
  sqrt: (work, x) => work.select(work.two('Less', x, 0), Number.NaN, work.call('Sqrt', { x })),
  tanh,
  floor: kernel('Floor'),
  neg: kernel('Neg'),
  abs: kernel('Abs'),
  square: kernel('Square'),
  relu: (work, x) => larger(work, x, work.full(0, x.shape)),
};

export function unary(memory: DeviceMemory, kind: UnaryKind, x: TensorRef, out: TensorRef): void {
  memory.work((work) => work.store((unaries[kind] as Unary)(work, work.load(x)), out));
}

/** a where it is greater (less) or NaN, else b, which may be NaN. */
const larger: Binary = (work, a, b) => work.select(work.or(work.two('Greater', a, b), work.isNaN(a)), a, b);
const smaller: Binary = (work, a, b) => work.select(work.or(work.two('Less', a, b), work.isNaN(a)), a, b);

/** `RealDiv` may say 1 of equal operands, whatever they are: 0 / 0 and infinity / infinity are NaN. */
const quotient: Binary = (work, a, b) => {
  const q = work.two('RealDiv', a, b);
  if (work.sound.has('RealDiv')) return q;
  const extreme = work.two('Equal', a, work.mul(a, 2));
  return work.select(work.and(work.two('Equal', a, b), extreme), Number.NaN, q);
};

/** Operands of one shape, float32 or int32. */
const equals: Readonly<Partial<Record<BinaryKind, Binary>>> = {
  div: quotient,
  pow: (work, a, b) => (a.dtype === 'int32' ? powInt32 : pow)(work, a, b),
  reluGrad: (work, dy, y) => work.select(work.two('Greater', y, 0), dy, 0),
};

/** The greater (less) of two by the kernel where NaN goes through it. */
export function extremum(work: DeviceWork, kind: 'maximum' | 'minimum', a: TensorInfo, b: TensorInfo): TensorInfo {
  const name = kind === 'maximum' ? 'Maximum' : 'Minimum';
  if (a.dtype !== 'float32' || work.sound.has(name)) return work.two(name, a, b);
  return (kind === 'maximum' ? larger : smaller)(work, a, b);
}

/** Kernels that broadcast. */
const broadcasting: Readonly<Partial<Record<BinaryKind, string>>> = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Multiply',
  eq: 'Equal',
  ne: 'NotEqual',
  lt: 'Less',
  le: 'LessEqual',
  gt: 'Greater',
  ge: 'GreaterEqual',
};

const ofBool: Readonly<Partial<Record<BinaryKind, string>>> = { maximum: 'LogicalOr', minimum: 'LogicalAnd', mul: 'LogicalAnd' };

const kinds: ReadonlySet<string> = new Set([...Object.keys(broadcasting), ...Object.keys(equals), 'maximum', 'minimum']);
export const servesBinary = (kind: string): boolean => kinds.has(kind);

export function binary(memory: DeviceMemory, kind: BinaryKind, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void {
  const dtype = (typeof a !== 'number' ? a.dtype : (b as TensorRef).dtype) as SharedDType;
  const name = dtype === 'bool' ? (ofBool[kind] ?? broadcasting[kind]) : broadcasting[kind];
  const size = sizeOf(out.shape);
  memory.work((work) => {
    const whole = (x: TensorRef | number): TensorInfo => (typeof x === 'number' ? work.full(x, [size], dtype) : work.load(x));
    if (name !== undefined) {
      work.store(broadcast(work, name, a, b, out, dtype), out);
    } else if (kind === 'maximum' || kind === 'minimum') {
      work.store(extremum(work, kind, whole(a), whole(b)), out);
    } else if (kind === 'div' && (isOrdinary(a) || isOrdinary(b))) {
      work.store(broadcast(work, 'RealDiv', a, b, out, dtype), out);
    } else if (kind === 'pow' && typeof b === 'number' && Number.isInteger(b) && b > 0 && b <= 4) {
      work.store(smallPower(work, whole(a), b), out);
    } else {
      work.store((equals[kind] as Binary)(work, whole(a), whole(b)), out);
    }
  });
}

/** A number with which no quotient of equals is anything but 1. */
const isOrdinary = (x: TensorRef | number): boolean => typeof x === 'number' && x !== 0 && Number.isFinite(x);

function smallPower(work: DeviceWork, x: TensorInfo, n: number): TensorInfo {
  const square = n > 1 ? work.mul(x, x) : x;
  return n <= 2 ? square : work.mul(square, n === 3 ? x : square);
}

/**
 * A kernel on two operands, of which one may be repeated along axes: it gets that one as it is, under axes that are merged
 * where neither is.
 */
function broadcast(
  work: DeviceWork,
  name: string,
  a: TensorRef | number,
  b: TensorRef | number,
  out: TensorRef,
  dtype: SharedDType,
): TensorInfo {
  const size = sizeOf(out.shape);
  const [x, y] = [a, b].map((v) => (typeof v === 'number' ? work.scalar(v, dtype) : v));
  const refs = [a, b].filter((v) => typeof v !== 'number');
  const shapes = refs.map(compactShape);
  const repeats = refs.length === 2 && shapes.every((s) => s !== null) && shapes.some((s) => sizeOf(s as number[]) === size);
  const views = repeats ? mergedShapes(shapes as number[][], out.shape) : null;
  const [p, q] = [x, y].map((v, i) => {
    if (!('buffer' in v)) return v;
    if (views === null) return work.load(v);
    const compact = shapes[i] as number[];
    return work.load({ ...v, shape: compact, strides: v.strides.map((s, axis) => (compact[axis] === 1 ? 0 : s)) }, views[i]);
  });
  return work.call(name, { a: p, b: q });
}

/** Neighbouring axes that both operands have, or that one of them repeats, as one; null for more than four. */
function mergedShapes(shapes: readonly (readonly number[])[], out: readonly number[]): number[][] | null {
  const merged: number[][] = shapes.map(() => []);
  let before = '';
  out.forEach((size, axis) => {
    if (size === 1) return;
    const now = shapes.map((s) => s[axis] !== 1).join();
    if (now === before) for (const [i, s] of shapes.entries()) merged[i][merged[i].length - 1] *= s[axis];
    else for (const [i, s] of shapes.entries()) merged[i].push(s[axis]);
    before = now;
  });
  return merged[0].length > 4 ? null : merged;
}

export function where(memory: DeviceMemory, condition: TensorRef, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void {
  const size = sizeOf(out.shape);
  memory.work((work) => {
    const [x, y] = [a, b].map((v) => (typeof v === 'number' ? work.full(v, [size], out.dtype as SharedDType) : work.load(v)));
    work.store(work.select(work.load(condition), x, y), out);
  });
}

/** `Cast` alone leaves open what NaN is in int32. */
export function cast(memory: DeviceMemory, from: TensorRef, out: TensorRef): void {
  memory.work((work) => {
    let x = work.load(from);
    if (out.dtype === 'bool' && x.dtype !== 'bool') x = work.two('NotEqual', x, 0);
    else if (out.dtype === 'int32' && x.dtype === 'float32') x = work.select(work.isNaN(x), 0, x);
    work.store(work.cast(x, out.dtype as SharedDType), out);
  });
}
