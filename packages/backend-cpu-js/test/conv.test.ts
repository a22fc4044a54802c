import { internConv } from '@konv/core-tensor';
import type { ActivationKind, ConvGeometry } from '@konv/core-tensor';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench, expectClose, floats, Rng, tolerance } from './harness.js';
import { convShapes, forEachProduct, randomConv } from './naive-conv.js';

const bench = new Bench();
afterEach(() => bench.close());

const activations: Record<ActivationKind, (x: number) => number> = {
  relu: (x) => Math.max(x, 0),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

/** Every path of the kernels: panels with full and partial tiles, several blocks and chunks, direct loops. */
const wide = internConv({
  rank: 2,
  batch: 2,
  inSize: [1, 24, 24],
  outSize: [1, 24, 24],
  kernel: [1, 3, 3],
  stride: [1, 1, 1],
  dilation: [1, 1, 1],
  padLow: [0, 1, 1],
  padHigh: [0, 1, 1],
  inChannels: 17,
  outChannels: 14,
  groups: 1,
});

function geometries(seed: number, rank: 1 | 2 | 3): ConvGeometry[] {
  const rng = new Rng(seed);
  const list = Array.from({ length: 25 }, () => randomConv(rng, rank));
  return rank === 2 ? [...list, wide] : list;
}

describe.each(floats)('%s', (dtype) => {
  describe.each([1, 2, 3] as const)('rank %i', (rank) => {
    it('conv with bias and activation', () => {
      const rng = new Rng(rank);
      for (const g of geometries(100 + rank, rank)) {
        const shapes = convShapes(g);
        const x = bench.of(dtype, shapes.x, () => rng.real());
        const w = bench.of(dtype, shapes.w, () => rng.real());
        const b = bench.of(dtype, [g.outChannels], () => rng.real());
        const bias = rng.next() < 0.6 ? b : null;
        const activation = rng.pick([null, 'relu', 'sigmoid', 'tanh'] as const);
        const out = bench.empty(dtype, shapes.y);
        bench.backend.conv?.(x, w, bias, g, activation, out);
        const [xs, ws, bs] = [bench.values(x), bench.values(w), bench.values(b)];
        const pixels = shapes.y[2] * shapes.y[3] * shapes.y[4];
        const expected = bench.values(out).map((_, i) => (bias ? bs[Math.floor(i / pixels) % g.outChannels] : 0));
        forEachProduct(g, (yAt, xAt, wAt) => {
          expected[yAt] += xs[xAt] * ws[wAt];
        });
        const final = activation ? expected.map(activations[activation]) : expected;
        expectClose(bench.values(out), final, tolerance[dtype], JSON.stringify(g));
        bench.expectUntouched(out);
      }
    });

    it('convGradInput, convGradWeight and convBackward', () => {
      const rng = new Rng(rank);
      for (const g of geometries(200 + rank, rank)) {
        const shapes = convShapes(g);
        const x = bench.of(dtype, shapes.x, () => rng.real());
        const w = bench.of(dtype, shapes.w, () => rng.real());
        const dy = bench.of(dtype, shapes.y, () => rng.real());
        const dx = bench.empty(dtype, shapes.x);
        const dw = bench.empty(dtype, shapes.w);
        const [xs, ws, dys] = [bench.values(x), bench.values(w), bench.values(dy)];
        const dxs = xs.map(() => 0);
        const dws = ws.map(() => 0);
        forEachProduct(g, (yAt, xAt, wAt) => {
          dxs[xAt] += dys[yAt] * ws[wAt];
          dws[wAt] += dys[yAt] * xs[xAt];
        });
        const what = JSON.stringify(g);
        // Float64 sums of up to thousands of terms in another order.
        const close = tolerance[dtype] * (dtype === 'float64' ? 20 : 1);
        bench.backend.convGradInput?.(dy, w, g, dx);
        bench.backend.convGradWeight?.(x, dy, g, false, dw);
        expectClose(bench.values(dx), dxs, close, `dx ${what}`);
        expectClose(bench.values(dw), dws, close, `dw ${what}`);
        bench.backend.convGradWeight?.(x, dy, g, true, dw);
        expectClose(
          bench.values(dw),
          dws.map((v) => 2 * v),
          close,
          `accumulated dw ${what}`,
        );
        bench.expectUntouched(dx);
        bench.expectUntouched(dw);

        const all = {
          dx: bench.empty(dtype, shapes.x),
          dw: bench.empty(dtype, shapes.w),
          db: bench.empty(dtype, [g.outChannels]),
        };
        bench.backend.convBackward?.(x, w, dy, g, all);
        expectClose(bench.values(all.dx), dxs, close);
        expectClose(bench.values(all.dw), dws, close);
        const pixels = shapes.y[2] * shapes.y[3] * shapes.y[4];
        const dbs = new Array<number>(g.outChannels).fill(0);
        dys.forEach((v, i) => {
          dbs[Math.floor(i / pixels) % g.outChannels] += v;
        });
        expectClose(bench.values(all.db), dbs, close, `db ${what}`);
        bench.expectUntouched(all.db);
      }
    });
  });
});

describe('non-finite values', () => {
  it('reach every output whose window holds them, and no other', () => {
    for (const bad of [NaN, Infinity]) {
      const shapes = convShapes(wide);
      const where = 5 * 576 + 10 * 24 + 7;
      const x = bench.of('float32', shapes.x, (i) => (i === where ? bad : 1));
      const w = bench.of('float32', shapes.w, () => 1);
      const out = bench.empty('float32', shapes.y);
      bench.backend.conv?.(x, w, null, wide, null, out);
      bench.values(out).forEach((v, i) => {
        const [n, row, column] = [Math.floor(i / (14 * 576)), Math.floor(i / 24) % 24, i % 24];
        const reached = n === 0 && Math.abs(row - 10) <= 1 && Math.abs(column - 7) <= 1;
        expect(Number.isFinite(v), `element ${i}`).toBe(!reached);
      });
    }
  });

  it('of an earlier call do not linger in reused scratch memory', () => {
    const shapes = convShapes(wide);
    const poison = bench.of('float32', shapes.x, () => NaN);
    const w = bench.of('float32', shapes.w, () => NaN);
    const dy = bench.of('float32', shapes.y, () => NaN);
    const b = bench.backend;
    const out = bench.empty('float32', shapes.y);
    b.conv?.(poison, w, null, wide, null, out);
    b.convGradInput?.(dy, w, wide, bench.empty('float32', shapes.x));
    b.convGradWeight?.(poison, dy, wide, false, bench.empty('float32', shapes.w));
    const rng = new Rng(8);
    for (let trial = 0; trial < 20; trial++) {
      const g = randomConv(rng, 2);
      const small = convShapes(g);
      const x = bench.of('float32', small.x, () => 1);
      const ones = bench.of('float32', small.w, () => 1);
      const y = bench.empty('float32', small.y);
      const dx = bench.empty('float32', small.x);
      const dw = bench.empty('float32', small.w);
      b.conv?.(x, ones, null, g, null, y);
      b.convGradInput?.(y, ones, g, dx);
      b.convGradWeight?.(x, y, g, false, dw);
      for (const ref of [y, dx, dw]) expect(bench.values(ref).every(Number.isFinite)).toBe(true);
    }
  });
});
