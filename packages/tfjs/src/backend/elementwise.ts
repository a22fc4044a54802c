import type { BinaryKind, TensorRef, UnaryKind } from '@konv/core-tensor';
import { contiguousStrides, sizeOf } from '@konv/core-tensor';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { compactShape, copyElements } from '../strided.js';
import { binaryLoop } from './loops.js';
import type { Memory } from './memory.js';
import type { Work } from './work.js';

/**
 * tfjs's kernels, where they compute what konv's interface says, float32 only. Core decomposes what tfjs 4.22 lacks
 * (`exp2`, `log2`, `log10`, `trunc`) and what it has wrong on one of its backends:
 *
 * - `sin`, `cos`: 7e-6 off at 88, anything at 1e30, for want of a range reduction; and sin(1e-20) is 0;
 * - `log1p`: ln(1 + x), so 0 for 1e-20; `sign`: 0 for 1e-20; `erf`: 1e-9 at 0 (cpu);
 * - `sigmoid`: 0 from -88 down, where `x sigmoid(x)` still is a normal number.
 */
export const unaryKernels: Readonly<Partial<Record<UnaryKind, string>>> = {
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  tanh: 'Tanh',
  floor: 'Floor',
  neg: 'Neg',
  abs: 'Abs',
  square: 'Square',
  reciprocal: 'Reciprocal',
  rsqrt: 'Rsqrt',
  ceil: 'Ceil',
  round: 'Round',
  relu: 'Relu',
  tan: 'Tan',
  asin: 'Asin',
  acos: 'Acos',
  atan: 'Atan',
  sinh: 'Sinh',
  cosh: 'Cosh',
  expm1: 'Expm1',
};

/**
 * The same for two operands. All other kinds, and all kinds of int32 and bool, are loops of our own: tfjs's `Maximum` and
 * `Minimum` lose NaN, its int32 `Pow` goes through floats, its comparisons take five times as long as a loop.
 */
export const binaryKernels: Readonly<Partial<Record<BinaryKind, string>>> = {
  add: 'Add',
  sub: 'Sub',
  mul: 'Multiply',
  div: 'RealDiv',
};

/** XNNPACK broadcasts up to this many axes. */
const MAX_RANK = 6;

/** All elements of x in row-major order: x's own memory, or a copy of what is not contiguous. */
function dense(memory: Memory, work: Work, x: TensorRef): TensorInfo {
  const compact = compactShape(x);
  if (compact !== null && sizeOf(compact) === sizeOf(x.shape)) return work.lend(x, [sizeOf(x.shape)]);
  memory.arrays(x);
  return work.scratch('float32', [sizeOf(x.shape)], (values) =>
    copyElements(memory.values(x), x, values, { offset: 0, strides: contiguousStrides(x.shape) }, x.shape),
  );
}

export function unary(memory: Memory, kind: UnaryKind, x: TensorRef, out: TensorRef): void {
  memory.work((work) => {
    work.store(work.call(unaryKernels[kind] as string, { x: dense(memory, work, x) }), out);
  });
}

function number(work: Work, value: number): TensorInfo {
  return work.scratch('float32', [], (values) => values.fill(value));
}

/** An operand that tfjs may broadcast to `out`, if the other one has out's whole size. */
function broadcastable(memory: Memory, work: Work, x: TensorRef | number, out: TensorRef): TensorInfo {
  if (typeof x === 'number') return number(work, x);
  const compact = out.shape.length <= MAX_RANK ? compactShape(x) : null;
  return compact === null ? { ...dense(memory, work, x), shape: [...out.shape] } : work.lend(x, compact);
}

export function binary(memory: Memory, kind: BinaryKind, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void {
  const kernel = out.dtype === 'float32' ? binaryKernels[kind] : undefined;
  if (kernel === undefined) {
    binaryLoop(memory, kind, a, b, out);
    return;
  }
  const size = sizeOf(out.shape);
  memory.work((work) => {
    let x = broadcastable(memory, work, a, out);
    let y = broadcastable(memory, work, b, out);
    const [full, other] = [sizeOf(x.shape) === size, sizeOf(y.shape) === size];
    // One of the two must have all elements, or the result would not.
    if (!full && !other) {
      if (typeof a !== 'number') x = { ...dense(memory, work, a), shape: [...out.shape] };
      else y = { ...dense(memory, work, b as TensorRef), shape: [...out.shape] };
    }
    if (full && other) [x, y] = [x, y].map((v) => ({ ...v, shape: [size] }));
    work.store(work.call(kernel, { a: x, b: y }), out);
  });
}
