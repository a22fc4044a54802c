import type { BinaryKind, HostArray, TensorRef } from '@konv/core-tensor';
import { dataOf } from './memory.js';
import { operand, Walk } from './strided.js';

/** One row of n elements: operands begin at `ia`, `ib`, `io` and advance by `sa`, `sb`, `so`. */
export type BinaryRow = (
  n: number,
  a: HostArray,
  ia: number,
  sa: number,
  b: HostArray,
  ib: number,
  sb: number,
  out: HostArray,
  io: number,
  so: number,
) => void;

/** C's `pow`, not JavaScript's: 1 to any power and -1 to an infinite one are 1. */
function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && (exponent === Infinity || exponent === -Infinity)) return 1;
  return base ** exponent;
}

/** Exact modulo 2^32 by repeated squaring. A negative exponent truncates the fraction: only 1 and -1 survive. */
function powerInt32(base: number, exponent: number): number {
  if (exponent < 0) return base === 1 ? 1 : base === -1 ? (exponent % 2 === 0 ? 1 : -1) : 0;
  let result = 1;
  for (let e = exponent, b = base; e > 0; e >>>= 1, b = Math.imul(b, b)) if (e & 1) result = Math.imul(result, b);
  return result;
}

/** A loop of its own for every kind: see `unaryRows`. */
export const binaryRows = {
  add(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = a[ia] + b[ib];
  },
  sub(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = a[ia] - b[ib];
  },
  mul(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = a[ia] * b[ib];
  },
  div(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = a[ia] / b[ib];
  },
  pow(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = power(a[ia], b[ib]);
  },
  maximum(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = Math.max(a[ia], b[ib]);
  },
  minimum(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = Math.min(a[ia], b[ib]);
  },
  eq(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = a[ia] === b[ib] ? 1 : 0;
  },
  ne(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = a[ia] !== b[ib] ? 1 : 0;
  },
  lt(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = a[ia] < b[ib] ? 1 : 0;
  },
  le(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = a[ia] <= b[ib] ? 1 : 0;
  },
  gt(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = a[ia] > b[ib] ? 1 : 0;
  },
  ge(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = a[ia] >= b[ib] ? 1 : 0;
  },
  fmod(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = a[ia] % b[ib];
  },
  atan2(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = Math.atan2(a[ia], b[ib]);
  },
  /** a is dy, b is y: the forward's output. */
  reluGrad(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = b[ib] > 0 ? a[ia] : 0;
  },
  sigmoidGrad(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = a[ia] * b[ib] * (1 - b[ib]);
  },
  tanhGrad(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = a[ia] * (1 - b[ib] * b[ib]);
  },
} satisfies Record<BinaryKind, BinaryRow>;

/** Where doubles would not wrap modulo 2^32 exactly; sums and differences do, when stored. */
const int32Rows: Partial<Record<BinaryKind, BinaryRow>> = {
  mul(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = Math.imul(a[ia], b[ib]);
  },
  pow(n, a, ia, sa, b, ib, sb, out, io, so) {
    for (let i = 0; i < n; i++, ia += sa, ib += sb, io += so) out[io] = powerInt32(a[ia], b[ib]);
  },
};

export function binary(kind: BinaryKind, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void {
  const dtype = typeof a !== 'number' ? a.dtype : typeof b !== 'number' ? b.dtype : out.dtype;
  const row: BinaryRow = (dtype === 'int32' && int32Rows[kind]) || binaryRows[kind];
  const x = operand(a, dtype, out.shape.length);
  const y = operand(b, dtype, out.shape.length);
  const to = dataOf(out);
  const walk = new Walk(out.shape, [x.strides, y.strides, out.strides], [x.offset, y.offset, out.offset]);
  const { at, step } = walk;
  do row(walk.n, x.data, at[0], step[0], y.data, at[1], step[1], to, at[2], step[2]);
  while (walk.next());
}
