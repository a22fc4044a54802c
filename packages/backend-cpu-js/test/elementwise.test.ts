import type { BinaryKind, DType, TensorRef, UnaryKind } from '@konv/core-tensor';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench, expectClose, floats, Rng, stored, tolerance } from './harness.js';

const bench = new Bench();
afterEach(() => bench.close());

/** By its series of positive terms, which needs no table. */
function erf(x: number): number {
  if (Math.abs(x) === Infinity) return Math.sign(x);
  let sum = 0;
  for (let n = 0, term = x; n < 60; n++, term *= (2 * x * x) / (2 * n + 1)) sum += term;
  return ((2 / Math.sqrt(Math.PI)) * sum) / Math.exp(x * x);
}

const unaryFormulas: Record<UnaryKind, (x: number) => number> = {
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  floor: Math.floor,
  neg: (x) => -x,
  abs: Math.abs,
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  square: (x) => x * x,
  reciprocal: (x) => 1 / x,
  rsqrt: (x) => 1 / Math.sqrt(x),
  ceil: Math.ceil,
  relu: (x) => (Number.isNaN(x) ? NaN : x > 0 ? x : 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  round: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  trunc: Math.trunc,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  exp2: (x) => 2 ** x,
  expm1: Math.expm1,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  erf: erf,
};

const truth = (b: boolean) => (b ? 1 : 0);
const binaryFormulas: Record<BinaryKind, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  // C's pow, which PyTorch has: JavaScript's differs in these two.
  pow: (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b),
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  eq: (a, b) => truth(a === b),
  ne: (a, b) => truth(a !== b),
  lt: (a, b) => truth(a < b),
  le: (a, b) => truth(a <= b),
  gt: (a, b) => truth(a > b),
  ge: (a, b) => truth(a >= b),
  fmod: (a, b) => a % b,
  atan2: Math.atan2,
  reluGrad: (dy, y) => (y > 0 ? dy : 0),
  sigmoidGrad: (dy, y) => dy * y * (1 - y),
  tanhGrad: (dy, y) => dy * (1 - y * y),
};
const compares: ReadonlySet<string> = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge']);

/** A layout of `shape` to read: contiguous, permuted with gaps, or expanded along some axes. */
function anyLayout(rng: Rng, dtype: DType, shape: number[], value: () => number): { ref: TensorRef; values: number[] } {
  const way = rng.int(0, 2);
  let ref: TensorRef;
  if (way === 0) ref = bench.of(dtype, shape, value, { offset: rng.int(0, 5) });
  else if (way === 1) ref = bench.strided(rng, dtype, shape, value);
  else {
    const kept = shape.map((d) => (rng.next() < 0.5 ? d : 1));
    const small = bench.strided(rng, dtype, kept, value);
    ref = { ...small, shape, strides: small.strides.map((s, i) => (kept[i] === shape[i] ? s : 0)) };
  }
  return { ref, values: bench.values(ref) };
}

describe.each(floats)('unary %s', (dtype) => {
  it.each(Object.keys(unaryFormulas) as UnaryKind[])('%s over layouts, NaN and infinities', (kind) => {
    const rng = new Rng(11);
    for (let trial = 0; trial < 12; trial++) {
      const shape = rng.shape(rng.int(0, 4), 6);
      const special = [NaN, Infinity, -Infinity, 0];
      const x = anyLayout(rng, dtype, shape, () => (rng.next() < 0.2 ? rng.pick(special) : rng.real()));
      const out = bench.empty(dtype, shape);
      bench.backend.unary(kind, x.ref, out);
      const expected = x.values.map((v) => stored(dtype, unaryFormulas[kind](v)) + 0);
      expectClose(
        bench.values(out).map((v) => v + 0),
        expected,
        tolerance[dtype],
        `${kind} ${shape}`,
      );
      bench.expectUntouched(out);
    }
  });
});

it('unary int32 wraps and works in place', () => {
  const values = [2147483647, -2147483648, 65537, -3, 0];
  const x = bench.of('int32', [5], (i) => values[i]);
  const out = bench.empty('int32', [5]);
  bench.backend.unary('square', x, out);
  expect(bench.values(out)).toEqual(values.map((v) => Math.imul(v, v)));
  bench.backend.unary('neg', x, x);
  expect(bench.values(x)).toEqual([-2147483647, -2147483648, -65537, 3, 0]);
  bench.backend.unary('relu', x, x);
  expect(bench.values(x)).toEqual([0, 0, 0, 3, 0]);
});

describe.each(floats)('binary %s', (dtype) => {
  it.each(Object.keys(binaryFormulas) as BinaryKind[])('%s over layouts, broadcasts and numbers', (kind) => {
    const rng = new Rng(23);
    const outDtype = compares.has(kind) ? 'bool' : dtype;
    for (let trial = 0; trial < 24; trial++) {
      const shape = rng.shape(rng.int(0, 4), 7);
      const value = () => (rng.next() < 0.1 ? rng.pick([NaN, Infinity, 1, 0]) : Math.round(rng.real() * 4) / 4);
      const a = anyLayout(rng, dtype, shape, value);
      const b = anyLayout(rng, dtype, shape, value);
      const scalar = stored(dtype, 0.3 + trial);
      const way = rng.int(0, 2);
      const out = bench.empty(outDtype, shape);
      bench.backend.binary(kind, way === 1 ? scalar : a.ref, way === 2 ? scalar : b.ref, out);
      const expected = a.values.map((v, i) => {
        const [p, q] = [way === 1 ? scalar : v, way === 2 ? scalar : b.values[i]];
        return stored(outDtype, binaryFormulas[kind](p, q)) + 0;
      });
      expectClose(
        bench.values(out).map((v) => v + 0),
        expected,
        tolerance[dtype],
        `${kind} ${shape}`,
      );
      bench.expectUntouched(out);
    }
  });
});

describe('binary int32 and bool', () => {
  const a = [2147483647, -2147483648, 123456789, -7, 3];
  const b = [2, 3, 987654321, 5, 4];
  const run = (kind: BinaryKind): number[] => {
    const out = bench.empty(compares.has(kind) ? 'bool' : 'int32', [5]);
    bench.backend.binary(
      kind,
      bench.of('int32', [5], (i) => a[i]),
      bench.of('int32', [5], (i) => b[i]),
      out,
    );
    return bench.values(out);
  };
  const wrap = (n: bigint) => Number(BigInt.asIntN(32, n));

  it('wraps modulo 2^32', () => {
    expect(run('add')).toEqual(a.map((v, i) => wrap(BigInt(v) + BigInt(b[i]))));
    expect(run('sub')).toEqual(a.map((v, i) => wrap(BigInt(v) - BigInt(b[i]))));
    expect(run('mul')).toEqual(a.map((v, i) => wrap(BigInt(v) * BigInt(b[i]))));
    expect(run('maximum')).toEqual(a.map((v, i) => Math.max(v, b[i])));
    expect(run('lt')).toEqual(a.map((v, i) => truth(v < b[i])));
  });

  it('raises to whole powers exactly', () => {
    const out = bench.empty('int32', [4]);
    const base = [3, -7, 10, 2];
    const exponent = [20, 11, 30, 31];
    bench.backend.binary(
      'pow',
      bench.of('int32', [4], (i) => base[i]),
      bench.of('int32', [4], (i) => exponent[i]),
      out,
    );
    expect(bench.values(out)).toEqual(base.map((v, i) => wrap(BigInt(v) ** BigInt(exponent[i]))));
  });

  it('combines bools', () => {
    const p = bench.of('bool', [4], (i) => i & 1);
    const q = bench.of('bool', [4], (i) => i >> 1);
    const expected: [BinaryKind, number[]][] = [
      ['mul', [0, 0, 0, 1]],
      ['maximum', [0, 1, 1, 1]],
      ['minimum', [0, 0, 0, 1]],
      ['ne', [0, 1, 1, 0]],
    ];
    for (const [kind, values] of expected) {
      const out = bench.empty('bool', [4]);
      bench.backend.binary(kind, p, q, out);
      expect(bench.values(out), kind).toEqual(values);
    }
  });
});

it('works in place', () => {
  const x = bench.of('float32', [3, 4], (i) => i);
  const y = bench.of('float32', [3, 4], () => 2);
  bench.backend.binary('mul', x, y, x);
  bench.backend.binary('sub', 1, x, x);
  expect(bench.values(x)).toEqual(Array.from({ length: 12 }, (_, i) => 1 - 2 * i));
});

describe('where', () => {
  it.each(['float32', 'float64', 'int32', 'bool'] as const)('%s picks by condition over layouts', (dtype) => {
    const rng = new Rng(5);
    const value = () => stored(dtype, rng.int(-3, 3));
    for (let trial = 0; trial < 20; trial++) {
      const shape = rng.shape(rng.int(1, 4));
      const c = anyLayout(rng, 'bool', shape, () => rng.int(0, 1));
      const a = anyLayout(rng, dtype, shape, value);
      const b = anyLayout(rng, dtype, shape, value);
      const way = rng.int(0, 2);
      const out = bench.empty(dtype, shape);
      bench.backend.where(c.ref, way === 1 ? 1 : a.ref, way === 2 ? 0 : b.ref, out);
      const expected = c.values.map((t, i) => (t ? (way === 1 ? 1 : a.values[i]) : way === 2 ? 0 : b.values[i]));
      expect(bench.values(out)).toEqual(expected);
      bench.expectUntouched(out);
    }
  });

  it('takes NaN from the chosen side only', () => {
    const c = bench.of('bool', [2], (i) => i);
    const out = bench.empty('float32', [2]);
    bench.backend.where(c, 1, NaN, out);
    expect(bench.values(out)).toEqual([NaN, 1]);
  });
});

describe('copyStrided, fill, cast', () => {
  it.each(['float32', 'float64', 'int32', 'bool'] as const)('%s moves between any layouts', (dtype) => {
    const rng = new Rng(77);
    for (let trial = 0; trial < 30; trial++) {
      const shape = rng.shape(rng.int(0, 5), trial < 4 ? 80 : 6).map((d, i) => (i > 1 ? Math.min(d, 4) : d));
      const x = anyLayout(rng, dtype, shape, () => stored(dtype, rng.int(0, 9)));
      const out = bench.strided(rng, dtype, shape, () => 0);
      bench.backend.copyStrided(x.ref, out);
      expect(bench.values(out)).toEqual(x.values);
      bench.expectUntouched(out);
      bench.backend.fill(7, out);
      expect(bench.values(out)).toEqual(x.values.map(() => stored(dtype, 7)));
      bench.expectUntouched(out);
    }
  });

  it('copies long runs into a window', () => {
    const x = bench.of('float32', [3, 200], (i) => i);
    const out = bench.empty('float32', [3, 200], { strides: [210, 1] });
    bench.backend.copyStrided(x, out);
    expect(bench.values(out)).toEqual(bench.values(x));
    bench.expectUntouched(out);
  });

  it('casts by truncation and truth', () => {
    const values = [1.9, -1.9, NaN, 0, 3e9 - 2 ** 32, 0.1];
    const x = bench.of('float64', [6], (i) => values[i]);
    const cast = (dtype: DType) => {
      const out = bench.empty(dtype, [6]);
      bench.backend.cast(x, out);
      return bench.values(out);
    };
    expect(cast('int32')).toEqual([1, -1, 0, 0, 3e9 - 2 ** 32, 0]);
    expect(cast('bool')).toEqual([1, 1, 1, 0, 1, 1]);
    expect(cast('float32')).toEqual(values.map(Math.fround));
    expect(cast('float64')).toEqual(values);
  });
});
