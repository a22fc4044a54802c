import type { BinaryKind, UnaryKind } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { filled, poisoned, Rng, singleThreaded, valuesOf } from './harness.js';

const backend = await singleThreaded();

/** Near 0 by its series of positive terms, then by the continued fraction of erfc. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2) {
    let sum = 0;
    for (let n = 0, term = x; n < 80; n++, term *= (2 * x * x) / (2 * n + 1)) sum += term;
    return ((2 / Math.sqrt(Math.PI)) * sum) / Math.exp(x * x);
  }
  let fraction = 0;
  for (let k = 120; k > 0; k--) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

/** The function in double precision, and how many units in the last place of float32 a kernel may be off. */
const formulas: Record<UnaryKind, [(x: number) => number, number]> = {
  exp: [Math.exp, 2],
  log: [Math.log, 2],
  sqrt: [Math.sqrt, 0.5],
  tanh: [Math.tanh, 4],
  floor: [Math.floor, 0],
  neg: [(x) => -x, 0],
  abs: [Math.abs, 0],
  sign: [(x) => (x > 0 ? 1 : x < 0 ? -1 : 0), 0],
  square: [(x) => x * x, 0.5],
  reciprocal: [(x) => 1 / x, 0.5],
  rsqrt: [(x) => 1 / Math.sqrt(x), 1.5],
  ceil: [Math.ceil, 0],
  round: [(x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)), 0],
  trunc: [Math.trunc, 0],
  relu: [(x) => (x <= 0 ? 0 : x), 0],
  sigmoid: [(x) => 1 / (1 + Math.exp(-x)), 3],
  sin: [Math.sin, 0.5],
  cos: [Math.cos, 0.5],
  tan: [Math.tan, 0.5],
  asin: [Math.asin, 0.5],
  acos: [Math.acos, 0.5],
  atan: [Math.atan, 0.5],
  sinh: [Math.sinh, 4],
  cosh: [Math.cosh, 4],
  exp2: [(x) => 2 ** x, 2],
  expm1: [Math.expm1, 3],
  log2: [Math.log2, 3],
  log10: [Math.log10, 3],
  log1p: [Math.log1p, 3],
  erf: [erf, 3],
};

const SMALLEST_NORMAL = 2 ** -126;

/** Units in the last place of float32 at x. */
function ulp(x: number): number {
  return 2 ** (Math.floor(Math.log2(Math.max(Math.abs(x), SMALLEST_NORMAL))) - 23);
}

/** How far `got` is from `expected` in units of the last place; infinite where they differ in kind. */
function distance(got: number, expected: number): number {
  const rounded = Math.fround(expected);
  if (Object.is(got, rounded) || (got === rounded && !Number.isFinite(got))) return 0;
  if (!Number.isFinite(rounded) || !Number.isFinite(got)) {
    // On the brink of what float32 holds either neighbour will do.
    const brink = Math.abs(Math.abs(expected) / 2 ** 128 - 1) < 1e-6;
    return brink && Math.sign(got) === Math.sign(expected) ? 1 : Number.POSITIVE_INFINITY;
  }
  // Denormal results may be flushed.
  if (Math.abs(expected) < SMALLEST_NORMAL && Math.abs(got) <= SMALLEST_NORMAL) return 0;
  return Math.abs(got - expected) / ulp(expected);
}

/** Every magnitude of float32 with either sign, the ranges where functions turn, and the special values. */
function sweep(): Float32Array {
  const rng = new Rng(7);
  const xs: number[] = [NaN, Infinity, -Infinity, 0, -0, 2 ** -149, -(2 ** -149), SMALLEST_NORMAL, -SMALLEST_NORMAL, 3.4028234663852886e38];
  for (let exponent = -149; exponent < 128; exponent++) {
    for (let i = 0; i < 24; i++) xs.push((i % 2 ? 1 : -1) * (1 + rng.next()) * 2 ** exponent);
    xs.push(2 ** exponent, -(2 ** exponent));
  }
  for (const [low, high] of [
    [-1.2, 1.2],
    [-10, 10],
    [-20, 20],
    [-110, 110],
    [0, 4],
    [-1, -0.9],
    [87, 90],
    [-90, -87],
    [126, 130],
    [0.7, 1.5],
  ])
    for (let i = 0; i < 4000; i++) xs.push(low + rng.next() * (high - low));
  for (let i = -130; i < 130; i++) xs.push(i, i + 0.5);
  return Float32Array.from(xs);
}

describe('unary float32', () => {
  const xs = sweep();
  it.each(Object.keys(formulas) as UnaryKind[])('%s over all magnitudes', (kind) => {
    const [f, allowed] = formulas[kind];
    const x = filled(backend, 'float32', [xs.length], xs);
    const out = poisoned(backend, 'float32', [xs.length]);
    backend.unary(kind, x, out);
    const got = valuesOf(backend, out);
    let worst = { at: Number.NaN, off: 0, got: 0 };
    xs.forEach((v, i) => {
      const off = distance(got[i], f(v));
      if (!(off <= worst.off)) worst = { at: v, off, got: got[i] };
    });
    expect(worst.off, `at ${worst.at}: got ${worst.got}, expected ${f(worst.at)}, off by ${worst.off} ulp`).toBeLessThanOrEqual(allowed);
    backend.free(x.buffer);
    backend.free(out.buffer);
  });

  it.each(['tanh', 'sinh', 'expm1', 'erf', 'log1p', 'sqrt', 'neg', 'trunc', 'round'] as UnaryKind[])('%s keeps the sign of 0', (kind) => {
    const x = filled(backend, 'float32', [2], [-0, 0]);
    backend.unary(kind, x, x);
    expect(valuesOf(backend, x).map((v) => 1 / v)).toEqual(kind === 'neg' ? [Infinity, -Infinity] : [-Infinity, Infinity]);
    backend.free(x.buffer);
  });

  it('writes nothing but its elements, whatever their number', () => {
    for (let n = 1; n < 40; n++) {
      const x = filled(backend, 'float32', [n], new Array(n).fill(1));
      const out = poisoned(backend, 'float32', [n]);
      backend.unary('exp', x, out);
      const all = valuesOf(backend, { ...out, shape: [out.buffer.size], offset: 0 });
      expect(all.slice(0, 3).concat(all.slice(3 + n))).toEqual(new Array(7).fill(Math.fround(-7.5e33)));
      expect(new Set(all.slice(3, 3 + n)), 'one value, in whichever lane').toEqual(new Set([all[3]]));
      backend.free(x.buffer);
      backend.free(out.buffer);
    }
  });
});

/** C's pow. */
function power(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;
}

describe('pow with a number', () => {
  const bases = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 2, -2, 0.3, -7.25, 1e-20, 1e20, 2 ** -149];
  it.each([0, 1, 2, 3, -1, 0.5, -0.5, 4, 1.7, -3, Infinity])('%s', (exponent) => {
    const x = filled(backend, 'float32', [bases.length], bases);
    const out = poisoned(backend, 'float32', [bases.length]);
    backend.binary('pow', x, exponent, out);
    const got = valuesOf(backend, out);
    bases.forEach((base, i) => {
      const expected = Math.fround(power(Math.fround(base), Math.fround(exponent)));
      const off = distance(got[i], power(Math.fround(base), Math.fround(exponent)));
      expect(off, `${base} to ${exponent}: got ${got[i]}, expected ${expected}`).toBeLessThanOrEqual(1.5);
      if (expected === 0) expect(Object.is(got[i], expected), `the sign of ${base} to ${exponent}`).toBe(true);
    });
    backend.free(x.buffer);
    backend.free(out.buffer);
  });
});

describe('binary', () => {
  it('rounds numbers to float32 first', () => {
    const x = filled(backend, 'float32', [1], [0.1]);
    const out = poisoned(backend, 'bool', [1]);
    backend.binary('eq', x, 0.1, out);
    expect(valuesOf(backend, out)).toEqual([1]);
    for (const ref of [x, out]) backend.free(ref.buffer);
  });

  it('wraps int32', () => {
    const a = filled(backend, 'int32', [5], [2147483647, -2147483648, 65537, -3, 7]);
    const b = filled(backend, 'int32', [5], [1, 1, 65537, 5, 11]);
    const out = poisoned(backend, 'int32', [5]);
    const expected: Partial<Record<BinaryKind, number[]>> = {
      add: [-2147483648, -2147483647, 131074, 2, 18],
      sub: [2147483646, 2147483647, 0, -8, -4],
      mul: [2147483647, -2147483648, 131073, -15, 77],
      pow: [2147483647, -2147483648, Number(BigInt.asIntN(32, 65537n ** 65537n)), -243, 1977326743],
    };
    for (const [kind, values] of Object.entries(expected)) {
      backend.binary(kind as BinaryKind, a, b, out);
      expect(valuesOf(backend, out), kind).toEqual(values);
    }
    for (const ref of [a, b, out]) backend.free(ref.buffer);
  });

  it.each(['maximum', 'minimum'] as const)('%s is NaN where either operand is', (kind) => {
    const a = filled(backend, 'float32', [6], [NaN, 1, NaN, -Infinity, Infinity, 2]);
    const b = filled(backend, 'float32', [6], [1, NaN, NaN, Infinity, 0, 3]);
    const out = poisoned(backend, 'float32', [6]);
    backend.binary(kind, a, b, out);
    expect(valuesOf(backend, out)).toEqual(kind === 'maximum' ? [NaN, NaN, NaN, Infinity, Infinity, 3] : [NaN, NaN, NaN, -Infinity, 0, 2]);
    for (const ref of [a, b, out]) backend.free(ref.buffer);
  });
});
