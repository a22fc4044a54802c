import type { TensorRef, UnaryKind } from '@konv/core-tensor';
import type { HostArray } from '@konv/core-tensor';
import { erf } from './erf.js';
import { dataOf } from './memory.js';
import { Walk } from './strided.js';

/** One row: n elements of x from `ix` by steps of `sx`, into out from `io` by `so`. */
export type UnaryRow = (n: number, x: HostArray, ix: number, sx: number, out: HostArray, io: number, so: number) => void;

/** Whole numbers, which all large ones are, stay as they are; x - floor(x) is exact elsewhere. */
function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const fraction = x - below;
  return fraction > 0.5 || (fraction === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

/**
 * A loop of its own for every kind. V8 keeps type feedback per source function, also across closures: one shared
 * loop that calls a function per element turns megamorphic once a few kinds have used it, and is then about five times
 * slower than these.
 */
export const unaryRows = {
  exp(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.exp(x[ix]);
  },
  log(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.log(x[ix]);
  },
  sqrt(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.sqrt(x[ix]);
  },
  tanh(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.tanh(x[ix]);
  },
  floor(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.floor(x[ix]);
  },
  neg(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = -x[ix];
  },
  abs(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.abs(x[ix]);
  },
  /** 0 for NaN, as PyTorch: (0 < x) - (x < 0). */
  sign(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = x[ix] > 0 ? 1 : x[ix] < 0 ? -1 : 0;
  },
  square(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = x[ix] * x[ix];
  },
  reciprocal(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = 1 / x[ix];
  },
  rsqrt(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = 1 / Math.sqrt(x[ix]);
  },
  ceil(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.ceil(x[ix]);
  },
  /** Asked the other way round so that NaN passes. */
  relu(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = x[ix] <= 0 ? 0 : x[ix];
  },
  sigmoid(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = 1 / (1 + Math.exp(-x[ix]));
  },
  round(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = roundHalfEven(x[ix]);
  },
  trunc(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.trunc(x[ix]);
  },
  sin(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.sin(x[ix]);
  },
  cos(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.cos(x[ix]);
  },
  tan(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.tan(x[ix]);
  },
  asin(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.asin(x[ix]);
  },
  acos(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.acos(x[ix]);
  },
  atan(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.atan(x[ix]);
  },
  sinh(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.sinh(x[ix]);
  },
  cosh(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.cosh(x[ix]);
  },
  exp2(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = 2 ** x[ix];
  },
  expm1(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.expm1(x[ix]);
  },
  log2(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.log2(x[ix]);
  },
  log10(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.log10(x[ix]);
  },
  log1p(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.log1p(x[ix]);
  },
  erf(n, x, ix, sx, out, io, so) {
    for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = erf(x[ix]);
  },
} satisfies Record<UnaryKind, UnaryRow>;

/** Doubles cannot hold the square of every int32; the low 32 bits are what is wanted. */
const squareInt32: UnaryRow = (n, x, ix, sx, out, io, so) => {
  for (let i = 0; i < n; i++, ix += sx, io += so) out[io] = Math.imul(x[ix], x[ix]);
};

export function unary(kind: UnaryKind, x: TensorRef, out: TensorRef): void {
  const row: UnaryRow = kind === 'square' && x.dtype === 'int32' ? squareInt32 : unaryRows[kind];
  const from = dataOf(x);
  const to = dataOf(out);
  const walk = new Walk(out.shape, [x.strides, out.strides], [x.offset, out.offset]);
  const { at, step } = walk;
  do row(walk.n, from, at[0], step[0], to, at[1], step[1]);
  while (walk.next());
}
