import { internPool } from '@konv/core-tensor';
import type { PoolGeometry, Spatial } from '@konv/core-tensor';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench, expectClose, floats, indicesOf, Rng, tolerance } from './harness.js';

const bench = new Bench();
afterEach(() => bench.close());

/** Random windows, in ceil mode too: the last may hang over the padded input but starts inside input or left padding. */
function randomPool(rng: Rng, kind: 'max' | 'avg'): PoolGeometry {
  const rank = rng.pick([1, 2, 3] as const);
  const axis = (a: number) => {
    if (a < 3 - rank) return { size: 1, kernel: 1, stride: 1, dilation: 1, low: 0, high: 0, out: 1 };
    const kernel = rng.int(1, 4);
    const dilation = kind === 'max' ? rng.int(1, 2) : 1;
    const stride = rng.int(1, 3);
    const pad = rng.int(0, kernel >> 1);
    const reach = dilation * (kernel - 1) + 1;
    const size = Math.max(1, reach - 2 * pad) + rng.int(0, 6);
    const room = (size + 2 * pad - reach) / stride;
    let out = Math.floor(room) + 1;
    if (rng.next() < 0.5) {
      out = Math.ceil(room) + 1;
      if ((out - 1) * stride >= size + pad) out--;
    }
    return { size, kernel, stride, dilation, low: pad, high: pad, out };
  };
  const axes = [axis(0), axis(1), axis(2)];
  const spatial = (key: keyof (typeof axes)[0]): Spatial => [axes[0][key], axes[1][key], axes[2][key]];
  return internPool({
    rank,
    batch: rng.int(1, 2),
    channels: rng.int(1, 3),
    inSize: spatial('size'),
    outSize: spatial('out'),
    kernel: spatial('kernel'),
    stride: spatial('stride'),
    dilation: spatial('dilation'),
    padLow: spatial('low'),
    padHigh: spatial('high'),
    countIncludePad: rng.next() < 0.5,
  });
}

/** The inputs of one window in order, and what an average divides by. */
function windowOf(g: PoolGeometry, at: readonly number[]): { inside: number[]; divisor: number } {
  let padded = 1;
  const ranges = at.map((o, a) => {
    const start = o * g.stride[a] - g.padLow[a];
    const taps = Array.from({ length: g.kernel[a] }, (_, k) => start + k * g.dilation[a]);
    padded *= taps.filter((t) => t < g.inSize[a] + g.padHigh[a]).length;
    return taps.filter((t) => t >= 0 && t < g.inSize[a]);
  });
  const inside = ranges[0].flatMap((z) => ranges[1].flatMap((y) => ranges[2].map((x) => (z * g.inSize[1] + y) * g.inSize[2] + x)));
  return { inside, divisor: g.countIncludePad ? padded : inside.length };
}

describe.each(floats)('%s', (dtype) => {
  it.each(['max', 'avg'] as const)('%s pool and its gradient', (kind) => {
    const rng = new Rng(kind === 'max' ? 61 : 62);
    for (let trial = 0; trial < 60; trial++) {
      const g = randomPool(rng, kind);
      const planes = g.batch * g.channels;
      const inPlane = g.inSize[0] * g.inSize[1] * g.inSize[2];
      // Few distinct values: ties in most windows.
      const x = bench.of(dtype, [g.batch, g.channels, ...g.inSize], () => rng.int(-3, -1));
      const xs = bench.values(x);
      const outShape = [g.batch, g.channels, ...g.outSize];
      const out = bench.empty(dtype, outShape);
      const indices = kind === 'max' ? bench.empty('int32', outShape) : null;
      bench.backend.pool?.(kind, x, g, out, indices);
      const dy = bench.of(dtype, outShape, () => rng.real());
      const dys = bench.values(dy);
      const dx = bench.empty(dtype, [g.batch, g.channels, ...g.inSize]);
      bench.backend.poolGrad?.(kind, dy, indices, g, dx);

      const values: number[] = [];
      const winners: number[] = [];
      const dxs = xs.map(() => 0);
      for (let p = 0; p < planes; p++) {
        for (const at of indicesOf(g.outSize)) {
          const { inside, divisor } = windowOf(g, at);
          const own = inside.map((i) => xs[p * inPlane + i]);
          const gradient = dys[values.length];
          if (kind === 'max') {
            const winner = inside[own.indexOf(Math.max(...own))];
            values.push(Math.max(...own));
            winners.push(winner);
            dxs[p * inPlane + winner] += gradient;
          } else {
            values.push(own.reduce((a, b) => a + b, 0) / divisor);
            for (const i of inside) dxs[p * inPlane + i] += gradient / divisor;
          }
        }
      }
      const what = JSON.stringify(g);
      expectClose(bench.values(out), values, tolerance[dtype], what);
      if (indices) expect(bench.values(indices), what).toEqual(winners);
      expectClose(bench.values(dx), dxs, tolerance[dtype] * 5, what);
      for (const ref of [out, dx, ...(indices ? [indices] : [])]) bench.expectUntouched(ref);
    }
  });
});

const twoByTwo = internPool({
  rank: 2,
  batch: 1,
  channels: 1,
  inSize: [1, 4, 4],
  outSize: [1, 2, 2],
  kernel: [1, 2, 2],
  stride: [1, 2, 2],
  dilation: [1, 1, 1],
  padLow: [0, 0, 0],
  padHigh: [0, 0, 0],
  countIncludePad: true,
});

it('max: NaN wins, -infinity alone still has a place', () => {
  const values = [1, NaN, -Infinity, -Infinity, NaN, 2, -Infinity, -Infinity, 1, 1, 1, 2, 1, 1, 3, 3];
  const x = bench.of('float32', [1, 1, 1, 4, 4], (i) => values[i]);
  const out = bench.empty('float32', [1, 1, 1, 2, 2]);
  const indices = bench.empty('int32', [1, 1, 1, 2, 2]);
  bench.backend.pool?.('max', x, twoByTwo, out, indices);
  expect(bench.values(out)).toEqual([NaN, -Infinity, 1, 3]);
  expect(bench.values(indices)).toEqual([1, 2, 8, 14]);
});

it('avg: NaN and infinities reach their windows', () => {
  const x = bench.of('float32', [1, 1, 1, 4, 4], (i) => (i === 0 ? NaN : i === 15 ? Infinity : 1));
  const out = bench.empty('float32', [1, 1, 1, 2, 2]);
  bench.backend.pool?.('avg', x, twoByTwo, out, null);
  expect(bench.values(out)).toEqual([NaN, 1, 1, Infinity]);
});
