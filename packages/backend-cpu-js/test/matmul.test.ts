import { afterEach, describe, expect, it } from 'vitest';
import { Bench, expectClose, floats, Rng, tolerance } from './harness.js';

const bench = new Bench();
afterEach(() => bench.close());

describe.each(floats)('%s', (dtype) => {
  it('matmul: transposes, shared batches, accumulation', () => {
    const rng = new Rng(51);
    for (let trial = 0; trial < 60; trial++) {
      const big = trial % 20 === 0;
      const batch = rng.int(1, 3);
      const [m, n, k] = [rng.int(1, big ? 70 : 11), rng.int(1, big ? 90 : 11), rng.int(1, big ? 700 : 11)];
      const attrs = { transposeA: rng.next() < 0.5, transposeB: rng.next() < 0.5, accumulate: rng.next() < 0.5 };
      const batchA = rng.pick([1, batch]);
      const batchB = rng.pick([1, batch]);
      const a = bench.of(dtype, [batchA, ...(attrs.transposeA ? [k, m] : [m, k])], () => rng.real());
      const b = bench.of(dtype, [batchB, ...(attrs.transposeB ? [n, k] : [k, n])], () => rng.real());
      const out = attrs.accumulate ? bench.of(dtype, [batch, m, n], () => rng.real()) : bench.empty(dtype, [batch, m, n]);
      const [as, bs, start] = [bench.values(a), bench.values(b), bench.values(out)];
      const expected: number[] = [];
      for (let i = 0; i < batch; i++)
        for (let row = 0; row < m; row++)
          for (let column = 0; column < n; column++) {
            let sum = attrs.accumulate ? start[expected.length] : 0;
            for (let j = 0; j < k; j++) {
              const p = as[(batchA === 1 ? 0 : i * m * k) + (attrs.transposeA ? j * m + row : row * k + j)];
              const q = bs[(batchB === 1 ? 0 : i * n * k) + (attrs.transposeB ? column * k + j : j * n + column)];
              sum += p * q;
            }
            expected.push(sum);
          }
      bench.backend.matmul(a, b, attrs, out);
      expectClose(bench.values(out), expected, tolerance[dtype] * 10, JSON.stringify({ batch, m, n, k, ...attrs }));
      bench.expectUntouched(out);
    }
  });

  it('linear: bias and activation', () => {
    const rng = new Rng(52);
    for (let trial = 0; trial < 30; trial++) {
      const [rows, features, outputs] = [rng.int(1, 20), rng.int(1, 40), rng.int(1, 20)];
      const x = bench.of(dtype, [rows, features], () => rng.real());
      const w = bench.of(dtype, [outputs, features], () => rng.real());
      const b = bench.of(dtype, [outputs], () => rng.real());
      const bias = rng.next() < 0.7 ? b : null;
      const activation = rng.pick([null, 'relu', 'tanh'] as const);
      const out = bench.empty(dtype, [rows, outputs]);
      bench.backend.linear?.(x, w, bias, activation, out);
      const [xs, ws, bs] = [bench.values(x), bench.values(w), bench.values(b)];
      const expected = bench.values(out).map((_, i) => {
        const [row, o] = [Math.floor(i / outputs), i % outputs];
        let sum = bias ? bs[o] : 0;
        for (let j = 0; j < features; j++) sum += xs[row * features + j] * ws[o * features + j];
        return activation === 'relu' ? Math.max(sum, 0) : activation === 'tanh' ? Math.tanh(sum) : sum;
      });
      expectClose(bench.values(out), expected, tolerance[dtype] * 4);
      bench.expectUntouched(out);
    }
  });
});

it('keeps non-finite values to their rows and columns', () => {
  const a = bench.of('float32', [1, 5, 6], (i) => (i === 2 * 6 + 3 ? NaN : 1));
  const b = bench.of('float32', [1, 6, 7], (i) => (i === 3 * 7 + 5 ? Infinity : 1));
  const out = bench.empty('float32', [1, 5, 7]);
  bench.backend.matmul(a, b, { transposeA: false, transposeB: false, accumulate: false }, out);
  bench.values(out).forEach((v, i) => {
    const [row, column] = [Math.floor(i / 7), i % 7];
    expect(v).toBe(row === 2 ? NaN : column === 5 ? Infinity : 6);
  });
});

it('rounds float32 once, after the whole sum', () => {
  const a = bench.of('float32', [1, 1, 4097], (i) => (i === 0 ? 2 ** 24 : 1));
  const b = bench.of('float32', [1, 4097, 1], () => 1);
  const out = bench.empty('float32', [1, 1, 1]);
  bench.backend.matmul(a, b, { transposeA: false, transposeB: false, accumulate: false }, out);
  expect(bench.values(out)).toEqual([2 ** 24 + 4096]);
});
