import { describe, expect, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { numbers, openCounted, Twice, whole } from './beside-cpu.js';

const opened = await openCounted();

interface Case {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly sharedA: boolean;
  readonly sharedB: boolean;
}

function compareProduct(twice: Twice, c: Case, next: () => number): void {
  const some = () => next() * 4 - 2;
  const before = () => (next() < 0.5 ? 0 : whole(next, 1, 8));
  const accumulate = next() < 0.4;
  const a = twice.of([c.sharedA ? 1 : c.batch, ...(c.transposeA ? [c.k, c.m] : [c.m, c.k])], some, before());
  const b = twice.of([c.sharedB ? 1 : c.batch, ...(c.transposeB ? [c.n, c.k] : [c.k, c.n])], some, before());
  const out = twice.of([c.batch, c.m, c.n], accumulate ? some : null, before());
  const { transposeA, transposeB } = c;
  twice.run((backend, i) => backend.matmul(a[i], b[i], { transposeA, transposeB, accumulate }, out[i]));
  twice.compare(out, 'forward', JSON.stringify({ ...c, accumulate }));
  twice.free();
}

function compareLinear(twice: Twice, rows: number, inner: number, columns: number, next: () => number): void {
  const some = () => next() * 4 - 2;
  const activation = ([null, 'relu', 'sigmoid', 'tanh'] as const)[whole(next, 0, 3)];
  const x = twice.of([rows, inner], some);
  const w = twice.of([columns, inner], some);
  const bias = next() < 0.6 ? twice.of([columns], some, whole(next, 0, 3)) : null;
  const out = twice.of([rows, columns], null, whole(next, 0, 3));
  twice.run((backend, i) => backend.linear?.(x[i], w[i], bias?.[i] ?? null, activation, out[i]));
  twice.compare(out, 'forward', `linear [${rows}, ${inner}] to ${columns}, bias ${bias !== null}, ${activation}`);
  twice.free();
}

describe.skipIf(opened === null)('products of matrices beside cpu-js', () => {
  const { backend, counts } = opened ?? { backend: null as never, counts: { programs: 0, draws: 0 } };

  it('random products: sizes, transposes, shared batches, offsets, accumulated', () => {
    const twice = new Twice(backend);
    const next = numbers(3);
    for (let i = 0; i < rounds(200); i++) {
      const most = i % 10 === 0 ? 70 : 19;
      const size = () => (next() < 0.4 ? 4 * whole(next, 1, most >> 2) : whole(next, 1, most));
      const batch = whole(next, 1, 3);
      const yes = () => next() < 0.5;
      const c = { batch, m: size(), n: size(), k: size(), transposeA: yes(), transposeB: yes(), sharedA: yes(), sharedB: yes() };
      compareProduct(twice, c, next);
    }
  });

  it('random linear layers: bias, activation', () => {
    const twice = new Twice(backend);
    const next = numbers(4);
    for (let i = 0; i < rounds(100); i++) compareLinear(twice, whole(next, 1, 20), whole(next, 1, 90), whole(next, 1, 20), next);
  });

  it('large products of odd sizes, which are padded', () => {
    const twice = new Twice(backend);
    const next = numbers(7);
    for (let i = 0; i < 8; i++) {
      const c = { batch: 1 + (i & 1), transposeA: (i & 2) > 0, transposeB: (i & 4) > 0, sharedA: i === 3, sharedB: i === 5 };
      compareProduct(twice, { ...c, m: 129 + i, n: 131 - i, k: 126 + (i % 3) }, next);
    }
  });

  it('long inner dimensions', () => {
    const twice = new Twice(backend);
    const next = numbers(5);
    for (const k of [1023, 4096, 9001]) {
      for (const [transposeA, transposeB] of [
        [false, true],
        [true, false],
      ]) {
        compareProduct(twice, { batch: 1, m: 10, n: 7, k, transposeA, transposeB, sharedA: false, sharedB: false }, next);
      }
    }
  });

  it('new sizes compile nothing', () => {
    const twice = new Twice(backend);
    const c = { batch: 1, transposeA: false, transposeB: true, sharedA: false, sharedB: false };
    compareProduct(twice, { ...c, m: 12, n: 8, k: 16 }, numbers(6));
    const before = counts.programs;
    for (const m of [11, 16, 64, 100]) compareProduct(twice, { ...c, m, n: m + 5 - ((m + 5) % 4), k: 4 * m }, numbers(6));
    expect(counts.programs).toBe(before);
  });

  it('NaN and infinity stay in their rows and columns', () => {
    const twice = new Twice(backend);
    for (const [transposeA, transposeB] of [
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ]) {
      const a = twice.of([1, 7, 7], (i) => (i === 30 ? Number.NaN : i % 5));
      const b = twice.of([1, 7, 7], (i) => (i === 16 ? Number.POSITIVE_INFINITY : 1 + (i % 3)));
      const out = twice.of([1, 7, 7], null);
      twice.run((backend, i) => backend.matmul(a[i], b[i], { transposeA, transposeB, accumulate: false }, out[i]));
      twice.compare(out, 'forward', `${transposeA} ${transposeB}`);
    }
    twice.free();
  });
});
