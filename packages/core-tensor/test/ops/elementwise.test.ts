import { describe, expect, it } from 'vitest';
import {
  acos,
  allclose,
  asin,
  atan,
  atan2,
  clampMax,
  clampMin,
  cos,
  cosh,
  equal,
  erf,
  exp2,
  expm1,
  fmod,
  isclose,
  log10,
  log1p,
  log2,
  memory,
  remainder,
  round,
  scope,
  sin,
  sinh,
  tan,
  type Tensor,
  tensor,
  trunc,
} from '../../src/index.js';
import { bothWays, Numbers, runOn } from './support.js';

type Unary = (x: Tensor) => Tensor;

/** Evenly over [low, high], and near 0 where that lies between. */
function points(low: number, high: number): number[] {
  const even = Array.from({ length: 601 }, (_, i) => low + ((high - low) * i) / 600);
  return low < 0 && high > 0 ? [...even, ...[1e-3, 1e-7, 1e-15, 1e-30].flatMap((v) => [v, -v])] : even;
}

/** The greatest error relative to the true value, in units of the dtype's rounding. */
function worst(f: Unary, x: number[], truth: (v: number) => number, backend: string, dtype: 'float32' | 'float64'): number {
  const rounded = dtype === 'float32' ? x.map(Math.fround) : x;
  const [{ values }] = runOn(backend, (make) => f(make(rounded, [x.length], dtype)), dtype);
  const unit = dtype === 'float32' ? 2 ** -24 : 2 ** -53;
  return Math.max(...values.map((v, i) => error(v, truth(rounded[i])) / unit));
}

function error(value: number, expected: number): number {
  return value === expected ? 0 : Math.abs(value - expected) / Math.abs(expected);
}

describe('decompositions are exact to a few roundings', () => {
  it.each<[string, Unary, (v: number) => number, number, number]>([
    ['sin', sin, Math.sin, -3, 3],
    ['cos', cos, Math.cos, -1.5, 1.5],
    ['tan', tan, Math.tan, -1.5, 1.5],
    ['asin', asin, Math.asin, -1, 1],
    ['acos', acos, Math.acos, -1, 0.99],
    ['atan', atan, Math.atan, -30, 30],
    ['sinh', sinh, Math.sinh, -20, 20],
    ['cosh', cosh, Math.cosh, -20, 20],
    ['exp2', exp2, (v) => 2 ** v, -60, 60],
    ['expm1', expm1, Math.expm1, -20, 20],
    ['log2', log2, Math.log2, 0.05, 40],
    ['log10', log10, Math.log10, 0.05, 40],
    ['log1p', log1p, Math.log1p, -0.99, 40],
  ])('%s', (_, f, truth, low, high) => {
    const x = points(low, high);
    for (const dtype of ['float32', 'float64'] as const) {
      expect(worst(f, x, truth, 'bare', dtype), `decomposed, ${dtype}`).toBeLessThan(8);
      expect(worst(f, x, truth, 'native', dtype), `native, ${dtype}`).toBeLessThan(2);
    }
  });

  // JavaScript has none: by its series of positive terms, itself off by a dozen roundings.
  const truth = (x: number): number => {
    let sum = 0;
    for (let n = 0, term = x; n < 200; n++, term *= (2 * x * x) / (2 * n + 1)) sum += term;
    return ((2 / Math.sqrt(Math.PI)) * sum) / Math.exp(x * x);
  };
  it('erf, kernel and decomposition', () => {
    const x = points(-6.5, 6.5);
    for (const backend of ['native', 'bare']) {
      expect(worst(erf, x, truth, backend, 'float64'), backend).toBeLessThan(16);
      expect(worst(erf, x, truth, backend, 'float32'), backend).toBeLessThan(4);
    }
  });

  it('sine and cosine far out, as far as they go', () => {
    for (const [dtype, limit] of [
      ['float32', 1e5],
      ['float64', 2e8],
    ] as const) {
      const x = points(-limit, limit);
      const given = dtype === 'float32' ? x.map(Math.fround) : x;
      const [s] = runOn('bare', (make) => sin(make(x, [x.length], dtype)), dtype);
      const [c] = runOn('bare', (make) => cos(make(x, [x.length], dtype)), dtype);
      const unit = dtype === 'float32' ? 2 ** -24 : 2 ** -53;
      given.forEach((v, i) => {
        expect(Math.abs(s.values[i] - Math.sin(v))).toBeLessThan(8 * unit);
        expect(Math.abs(c.values[i] - Math.cos(v))).toBeLessThan(8 * unit);
      });
    }
  });
  it('and NaN beyond, where a kernel has values', () => {
    const x = [1.1e5, -1e7, 1e30, Infinity];
    const [far] = runOn('bare', (make) => cos(make(x, [4], 'float32')), 'float32');
    expect(far.values).toEqual([NaN, NaN, NaN, NaN]);
    const [near] = runOn('native', (make) => cos(make(x, [4], 'float32')), 'float32');
    expect(near.values).toEqual([...x.slice(0, 3).map((v) => Math.fround(Math.cos(Math.fround(v)))), NaN]);
  });
});

describe('both ways', () => {
  it('round and trunc', () => {
    const numbers = new Numbers(3);
    const x = [...numbers.list(200).map((v) => Math.round(v * 4) / 2), ...numbers.list(50), 2 ** 52 + 1, -(2 ** 53)];
    const [r, t] = bothWays((make) => [round(make(x, [x.length])), trunc(make(x, [x.length]))]);
    expect(t.values.map((v) => v + 0)).toEqual(x.map((v) => Math.trunc(v) + 0));
    r.values.forEach((v, i) => {
      expect(Number.isInteger(v)).toBe(true);
      expect(Math.abs(v - x[i])).toBeLessThanOrEqual(0.5);
      if (Math.abs(v - x[i]) === 0.5) expect(v % 2 === 0).toBe(true);
    });
  });
  it('fmod, remainder and atan2 of all signs', () => {
    const a = [5.5, -5.5, 5.5, -5.5, 0, -0, 7, 1e10, 3, -3, Infinity, 2, 0, NaN];
    const b = [2, 2, -2, -2, 3, 3, 3.5, 0.125, Infinity, Infinity, 2, 0, 0, 1];
    const pairs = bothWays((make) => [
      fmod(make(a, [14]), make(b, [14])),
      remainder(make(a, [14]), make(b, [14])),
      atan2(make(a, [14]), make(b, [14])),
    ]);
    expect(pairs[0].values.map((v) => v + 0)).toEqual(a.map((v, i) => (v % b[i]) + 0));
    expect(pairs[1].values.slice(0, 4)).toEqual([1.5, 0.5, -0.5, -1.5]);
    expect(pairs[2].values).toEqual(a.map((v, i) => Math.atan2(v, b[i])));
  });
  it('numbers on either side', () => {
    const x = [-2.5, -1, 0.75, 2.5];
    const got = bothWays((make) => [fmod(2, make(x)), remainder(make(x), -2), atan2(make(x), -1), atan2(-0.5, make(x))]);
    expect(got.map((t) => t.values)).toEqual([
      x.map((v) => 2 % v),
      [-0.5, -1, -1.25, -1.5],
      x.map((v) => Math.atan2(v, -1)),
      x.map((v) => Math.atan2(-0.5, v)),
    ]);
  });
});

describe('answers in JavaScript', () => {
  const made = (values: number[], dtype: 'float32' | 'float64' | 'int32' | 'bool' = 'float64'): Tensor =>
    tensor(values, { dtype, backend: 'native' });
  const ask = async (question: (a: Tensor, b: Tensor) => Promise<boolean>, a: Tensor, b: Tensor): Promise<boolean> => {
    const before = memory().tensors;
    const answer = await question(a, b);
    expect(memory().tensors).toBe(before);
    a.dispose();
    b.dispose();
    return answer;
  };

  // By torch.allclose.
  it.each<[number[], number[], object, boolean]>([
    [[10000, 1e-7], [10000.1, 1e-8], {}, false],
    [[10000, 1e-8], [10000.1, 1e-9], {}, true],
    [[1, Infinity], [1, Infinity], {}, true],
    [[1, Infinity], [1, -Infinity], {}, false],
    [[1, 5], [1, Infinity], {}, false],
    [[1, NaN], [1, NaN], {}, false],
    [[1, NaN], [1, NaN], { equalNan: true }, true],
    [[1, 2], [1.4, 2.4], { atol: 0.5 }, true],
    [[1, 2], [1.4, 2.4], { rtol: 0, atol: 0.3 }, false],
    [[], [], {}, true],
  ])('allclose of %j and %j with %j is %s', async (a, b, options, want) => {
    expect(await ask((x, y) => allclose(x, y, options), made(a), made(b))).toBe(want);
  });
  it('allclose broadcasts', async () => {
    expect(await ask(allclose, made([2, 2, 2]), made([2]))).toBe(true);
  });
  it.each<[number[], number[], 'float64' | 'int32' | 'bool', boolean]>([
    [[1, 2], [1, 2], 'float64', true],
    [[1, 2], [1, 3], 'int32', false],
    [[1, 0], [1, 0], 'bool', true],
    [[1, 0], [1, 1], 'bool', false],
    [[NaN], [NaN], 'float64', false],
    [[], [], 'float64', true],
    [[1], [1, 1], 'float64', false],
  ])('equal of %j and %j, %s, is %s', async (a, b, dtype, want) => {
    expect(await ask(equal, made(a, dtype), made(b, dtype))).toBe(want);
  });
  it('bad input throws at once', () => {
    scope(() => {
      const x = made([1]);
      expect(() => allclose(x, made([1], 'float32'))).toThrow(/^\[allclose\] expected two tensors of one dtype, got float64 and float32/);
      expect(() => allclose(x, x, { atol: -1 })).toThrow(/^\[allclose\] expected atol to be a number >= 0, got -1/);
      expect(() => isclose(made([1, 2]), made([1, 2, 3]))).toThrow(/got \[2\] and \[3\]/);
      expect(() => equal(x, 1 as never)).toThrow(/^\[equal\] expected a tensor, got number/);
      expect(() => clampMin(x, x as never)).toThrow(/^\[clampMin\] expected a number for min, got object/);
      expect(() => clampMax(x, Number.NaN)).toThrow(/^\[clampMax\] expected a number for max, got NaN/);
      expect(() => fmod(made([1], 'int32'), 2)).toThrow(/^\[fmod\] expected float operands, got int32; use cast/);
    });
  });
});
