import type { ReduceKind } from '@konv/core-tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { contents, filled, POISON, poisoned, positions, Rng, singleThreaded, valuesOf } from './harness.js';

const backend = await singleThreaded();

const folds: Record<ReduceKind, [number, (a: number, b: number) => number]> = {
  sum: [0, (a, b) => a + b],
  max: [-Infinity, Math.max],
  min: [Infinity, Math.min],
};

/** The plain loop, in double. */
function expected(kind: ReduceKind, shape: readonly number[], axes: readonly number[], values: ArrayLike<number>): number[] {
  const outShape = shape.map((d, i) => (axes.includes(i) ? 1 : d));
  const strides = outShape.map((d, i) => (d === 1 ? 0 : outShape.slice(i + 1).reduce((a, b) => a * b, 1)));
  const out = new Array<number>(outShape.reduce((a, b) => a * b, 1)).fill(folds[kind][0]);
  positions({ shape, strides, offset: 0 }).forEach((at, i) => {
    out[at] = folds[kind][1](out[at], values[i]);
  });
  return out;
}

function reduced(kind: ReduceKind, shape: readonly number[], axes: readonly number[], values: ArrayLike<number>): number[] {
  const x = filled(backend, 'float32', shape, values);
  const out = poisoned(
    backend,
    'float32',
    shape.map((d, i) => (axes.includes(i) ? 1 : d)),
  );
  backend.reduce(kind, x, axes, out);
  const got = valuesOf(backend, out);
  const all = contents(backend, out);
  const around = [...all.slice(0, out.offset), ...all.slice(out.offset + got.length)];
  expect(new Set(around), 'nothing around the result is written').toEqual(new Set([Math.fround(POISON.float32)]));
  backend.free(x.buffer);
  backend.free(out.buffer);
  return got;
}

/** One rounding of the result, and what two roundings for every four terms, not larger than 2, come to by chance. */
function expectClose(got: readonly number[], want: readonly number[], terms: number, what: string): void {
  want.forEach((w, i) => {
    const close = Object.is(got[i], Math.fround(w)) || Math.abs(got[i] - w) <= 6e-8 * Math.abs(w) + 3e-7 * Math.sqrt(terms);
    if (!close) expect.fail(`${what}: result ${i} is ${got[i]}, expected ${w}`);
  });
}

describe('reduce float32', () => {
  it('over any axes of any shape', () => {
    const size = fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 1, max: 6 }) },
      { weight: 2, arbitrary: fc.integer({ min: 7, max: 40 }) },
      { weight: 1, arbitrary: fc.constantFrom(255, 256, 257, 700) },
    );
    const shapes = fc.array(size, { minLength: 0, maxLength: 6 }).filter((shape) => shape.reduce((n, d) => n * d, 1) <= 20_000);
    const property = fc.property(
      shapes,
      fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      fc.constantFrom<ReduceKind>('sum', 'max', 'min'),
      fc.option(fc.nat(), { freq: 4 }),
      (shape, chosen, kind, nan) => {
        const axes = shape.map((_, i) => i).filter((i) => chosen[i]);
        const n = shape.reduce((a, b) => a * b, 1);
        const rng = new Rng(n + 1);
        const values = Float32Array.from({ length: n }, () => rng.next() * 4 - 2);
        if (nan !== null) values[nan % n] = NaN;
        expectClose(reduced(kind, shape, axes, values), expected(kind, shape, axes, values), n, `${kind} of [${shape}] over [${axes}]`);
      },
    );
    fc.assert(property, { numRuns: rounds(300), seed: 5 });
  });

  // Few results of many elements: these are cut into parts.
  it.each([
    [[1 << 20], [0]],
    [[3, 100_001], [1]],
    [[100_001, 3], [0]],
    [[50_000, 10], [0]],
    [[700, 1000], [0]],
    [
      [16, 8, 50, 50],
      [0, 2, 3],
    ],
    [
      [9, 5, 1111, 7],
      [0, 2],
    ],
    [
      [2, 300, 3, 400],
      [1, 3],
    ],
  ])('%j over %j', (shape, axes) => {
    const n = shape.reduce((a, b) => a * b, 1);
    const rng = new Rng(17);
    const values = Float32Array.from({ length: n }, () => rng.next());
    for (const kind of ['sum', 'max', 'min'] as const) {
      expectClose(reduced(kind, shape, axes, values), expected(kind, shape, axes, values), n, kind);
    }
    values[n - 1] = NaN;
    const last = shape.reduce((results, d, i) => results * (axes.includes(i) ? 1 : d), 1) - 1;
    for (const kind of ['sum', 'max', 'min'] as const) expect(reduced(kind, shape, axes, values)[last], kind).toBeNaN();
  });

  it('loses nothing of a million small terms beside a large one', () => {
    const n = 1 << 20;
    const values = new Float32Array(n).fill(1);
    values[0] = 2 ** 26;
    // Within one unit in the last place, which is 8; a sum of floats in order would stay at 2^26.
    expect(Math.abs(reduced('sum', [n], [0], values)[0] - (2 ** 26 + n - 1))).toBeLessThanOrEqual(8);
    expect(Math.abs(reduced('sum', [n >> 2, 4], [0], values)[0] - (2 ** 26 + (n >> 2) - 1))).toBeLessThanOrEqual(8);
  });

  it('cancels to a fraction of what its terms round to', () => {
    const rng = new Rng(3);
    const half = Float32Array.from({ length: 40_000 }, () => (rng.next() - 0.5) * 1e6);
    // Half a unit in the last place of a term is 1/32, of 20,000 sums of four terms.
    const values = [...half, ...half.map((v) => -v).reverse()];
    expect(Math.abs(reduced('sum', [80_000], [0], values)[0])).toBeLessThan(20);
  });

  it('knows infinities', () => {
    expect(reduced('sum', [3], [0], [Infinity, 1, -Infinity])).toEqual([NaN]);
    expect(reduced('sum', [3], [0], [Infinity, 1, 2])).toEqual([Infinity]);
    expect(reduced('max', [2], [0], [-Infinity, -Infinity])).toEqual([-Infinity]);
    expect(reduced('min', [2], [0], [Infinity, Infinity])).toEqual([Infinity]);
  });
});

it('sums int32 modulo 2^32', () => {
  const x = filled(backend, 'int32', [3, 2], new Array(6).fill(2147483647));
  const out = poisoned(backend, 'int32', [1, 2]);
  backend.reduce('sum', x, [0], out);
  expect(valuesOf(backend, out)).toEqual([2147483645, 2147483645]);
  backend.free(x.buffer);
  backend.free(out.buffer);
});
