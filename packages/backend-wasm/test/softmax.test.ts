import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { expectClose, numbersFrom, oneThread, Operands } from './operands.js';

const backend = await oneThread();
const operands = new Operands(backend);

function logSoftmaxOf(row: readonly number[]): number[] {
  const max = row.reduce((a, b) => Math.max(a, b), -Infinity);
  const logSum = Math.log(row.reduce((s, v) => s + Math.exp(v - max), 0));
  return row.map((v) => v - max - logSum);
}

/** Runs all three over rows and compares with doubles; targets may be ignored (-1) or out of range. */
function check(rows: number, n: number, value: (i: number) => number, target: (row: number) => number): void {
  const x = operands.of('float32', [rows, n], value);
  const targets = operands.of('int32', [rows], target);
  const [probabilities, logs, saved] = [0, 0, 0].map(() => operands.empty('float32', [rows, n]));
  const loss = operands.empty('float32', [rows]);
  backend.softmax?.(x, probabilities);
  backend.logSoftmax?.(x, logs);
  backend.crossEntropy?.(x, targets, { ignoreIndex: -1 }, loss, saved);

  const xs = operands.values(x);
  const expected = Array.from({ length: rows }, (_, r) => logSoftmaxOf(xs.slice(r * n, r * n + n)));
  const largest = Math.max(1, ...xs.filter(Number.isFinite).map(Math.abs));
  expectClose(operands.values(logs), expected.flat(), 5e-7, 'logSoftmax', largest);
  expectClose(operands.values(saved), expected.flat(), 5e-7, 'logProbabilities', largest);
  // The rounding of x - max, which is up to twice the largest, is a relative error of its exponential.
  expectClose(operands.values(probabilities), expected.flat().map(Math.exp), 1e-6 + 1.3e-7 * largest, 'softmax', 1e-38);
  const losses = expected.map((row, r) => {
    const t = target(r);
    return t === -1 ? 0 : t >= 0 && t < n ? -row[t] + 0 : NaN;
  });
  expectClose(
    operands.values(loss).map((v) => v + 0),
    losses,
    5e-7,
    'loss',
    largest,
  );
  operands.done(probabilities, logs, saved, loss);
}

describe('softmax, logSoftmax and crossEntropy', () => {
  it('of rows of any length, small and great values', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1000, max: 4500 })),
        fc.constantFrom(0.01, 1, 10, 40, 500),
        fc.integer(),
        (rows, n, scale, seed) => {
          const next = numbersFrom(seed);
          check(
            rows,
            n,
            () => next() * scale,
            (r) => (r % 4 === 3 ? n + r : ((r * 7) % (n + 1)) - 1),
          );
        },
      ),
      { numRuns: rounds(120), seed: 1 },
    );
  });

  it('NaN and infinities: a NaN or +infinity spoils its row, -infinity is a probability of 0, of nothing else NaN', () => {
    const rows = [
      [0, 0, 0, 0, 0, 0],
      [1, 2, NaN, 3, 4, 5],
      [0, 0, 0, 0, 0, NaN],
      [-Infinity, 0, 1, -Infinity, -1, -Infinity],
      [-Infinity, -Infinity, -Infinity, -Infinity, -Infinity, -Infinity],
      [Infinity, 0, 0, 0, 0, -Infinity],
    ];
    const flat = rows.flat();
    const x = operands.of('float32', [6, 6], (i) => flat[i]);
    const out = operands.empty('float32', [6, 6]);
    backend.softmax?.(x, out);
    const got = operands.values(out);
    expectClose(got.slice(0, 6), new Array<number>(6).fill(1 / 6), 1e-6);
    expect(got.slice(6, 18).every(Number.isNaN)).toBe(true);
    expect([got[18], got[21], got[23]]).toEqual([0, 0, 0]);
    expectClose(
      got.slice(18, 24),
      logSoftmaxOf(rows[3]).map((v) => Math.exp(v)),
      1e-6,
    );
    expect(got.slice(24, 30).every(Number.isNaN)).toBe(true);
    expect(got[30]).toBeNaN();
    const logs = operands.empty('float32', [6, 6]);
    backend.logSoftmax?.(x, logs);
    expectClose(operands.values(logs).slice(18, 24), logSoftmaxOf(rows[3]), 1e-6);
    expect(operands.values(logs).slice(24, 30).every(Number.isNaN)).toBe(true);
    operands.done(out, logs);
  });

  it('a row sums to 1, also one of 100 000', () => {
    const n = 100_000;
    const next = numbersFrom(3);
    const x = operands.of('float32', [1, n], next);
    const out = operands.empty('float32', [1, n]);
    backend.softmax?.(x, out);
    expect(Math.abs(operands.values(out).reduce((a, b) => a + b, 0) - 1)).toBeLessThan(3e-7);
    operands.done(out);
  });
});
