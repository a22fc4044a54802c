import { internResample } from '@konv/core-tensor';
import type { ResampleGeometry, Spatial } from '@konv/core-tensor';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench, expectClose, floats, Rng, tolerance } from './harness.js';

const bench = new Bench();
afterEach(() => bench.close());

function randomResample(rng: Rng, alignCorners: boolean): ResampleGeometry {
  const rank = rng.pick([1, 2, 3] as const);
  const size = (a: number) => (a < 3 - rank ? 1 : rng.int(1, 7));
  const spatial = (): Spatial => [size(0), size(1), size(2)];
  return internResample({ rank, planes: rng.int(1, 3), inSize: spatial(), outSize: spatial(), alignCorners });
}

/** Row i: the input elements that output i takes, with their weights, along one axis. */
function axisWeights(kind: 'nearest' | 'linear', inSize: number, outSize: number, corners: boolean): [number, number][][] {
  return Array.from({ length: outSize }, (_, i) => {
    if (kind === 'nearest') return [[Math.floor((i * inSize) / outSize), 1]];
    const at = corners ? (outSize > 1 ? (i * (inSize - 1)) / (outSize - 1) : 0) : Math.max(((i + 0.5) * inSize) / outSize - 0.5, 0);
    const low = Math.min(Math.floor(at + 1e-9), inSize - 1);
    const share = Math.min(Math.max(at - low, 0), 1);
    return [
      [low, 1 - share],
      [Math.min(low + 1, inSize - 1), share],
    ];
  });
}

describe.each(floats)('%s', (dtype) => {
  it.each([
    ['nearest', false],
    ['linear', false],
    ['linear', true],
  ] as const)('%s (corners %s) and its adjoint', (kind, corners) => {
    const rng = new Rng(81);
    for (let trial = 0; trial < 40; trial++) {
      const g = randomResample(rng, corners);
      const [inPlane, outPlane] = [g.inSize, g.outSize].map((s) => s[0] * s[1] * s[2]);
      const x = bench.of(dtype, [g.planes, ...g.inSize], () => rng.real());
      const dy = bench.of(dtype, [g.planes, ...g.outSize], () => rng.real());
      const [xs, dys] = [bench.values(x), bench.values(dy)];
      const ys = dys.map(() => 0);
      const dxs = xs.map(() => 0);
      const weights = [0, 1, 2].map((a) => axisWeights(kind, g.inSize[a], g.outSize[a], corners));
      for (let p = 0; p < g.planes; p++)
        for (let o = 0; o < outPlane; o++) {
          const at = [Math.floor(o / (g.outSize[1] * g.outSize[2])), Math.floor(o / g.outSize[2]) % g.outSize[1], o % g.outSize[2]];
          for (const [z, wz] of weights[0][at[0]])
            for (const [y, wy] of weights[1][at[1]])
              for (const [c, wc] of weights[2][at[2]]) {
                const i = p * inPlane + (z * g.inSize[1] + y) * g.inSize[2] + c;
                ys[p * outPlane + o] += wz * wy * wc * xs[i];
                dxs[i] += wz * wy * wc * dys[p * outPlane + o];
              }
        }
      const y = bench.empty(dtype, [g.planes, ...g.outSize]);
      const dx = bench.empty(dtype, [g.planes, ...g.inSize]);
      bench.backend.resample?.(kind, x, g, false, y);
      bench.backend.resample?.(kind, dy, g, true, dx);
      const what = JSON.stringify(g);
      expectClose(bench.values(y), ys, tolerance[dtype] * 4, what);
      expectClose(bench.values(dx), dxs, tolerance[dtype] * 4, what);
      bench.expectUntouched(y);
      bench.expectUntouched(dx);
    }
  });
});

it('gives the same plane back when the size stays', () => {
  const g = internResample({ rank: 2, planes: 1, inSize: [1, 3, 5], outSize: [1, 3, 5], alignCorners: false });
  const x = bench.of('float32', [1, 1, 3, 5], (i) => (i === 7 ? NaN : i));
  for (const kind of ['nearest', 'linear'] as const) {
    const out = bench.empty('float32', [1, 1, 3, 5]);
    bench.backend.resample?.(kind, x, g, false, out);
    expect(bench.values(out)).toEqual(bench.values(x));
  }
});
