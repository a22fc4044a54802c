import { describe, expect, it } from 'vitest';
import {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  avgPoolGradOp,
  avgPoolOp,
  dispatch,
  dispatchAll,
  internPool,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  maxPoolGatherOp,
  maxPoolGradOp,
  maxPoolOp,
  type PoolGeometry,
  poolInputShape,
  poolOutputShape,
  sizeOf,
  type Spatial,
  zeros,
} from '../../src/index.js';
import { bothWays, closeTo, Numbers, runOn } from './support.js';

function randomGeometry(r: Numbers, rank: 1 | 2 | 3, average: boolean): PoolGeometry {
  const ceil = r.next() < 0.5;
  const axis = (i: number) => {
    if (i < 3 - rank) return { size: 1, kernel: 1, stride: 1, dilation: 1, pad: 0, out: 1 };
    const [kernel, stride] = [r.int(1, 3), r.int(1, 3)];
    const pad = r.int(0, Math.floor(kernel / 2));
    const dilation = average || pad > 0 ? 1 : r.int(1, 2);
    const extent = dilation * (kernel - 1) + 1;
    const size = extent + r.int(0, 4);
    const room = (size + 2 * pad - extent) / stride;
    let out = (ceil ? Math.ceil(room) : Math.floor(room)) + 1;
    if (ceil && (out - 1) * stride >= size + pad) out--;
    return { size, kernel, stride, dilation, pad, out };
  };
  const axes = [axis(0), axis(1), axis(2)];
  const pick = (key: keyof (typeof axes)[0]): Spatial => axes.map((a) => a[key]) as unknown as Spatial;
  return internPool({
    rank,
    batch: r.int(1, 2),
    channels: r.int(1, 3),
    inSize: pick('size'),
    outSize: pick('out'),
    kernel: pick('kernel'),
    stride: pick('stride'),
    dilation: pick('dilation'),
    padLow: pick('pad'),
    padHigh: pick('pad'),
    countIncludePad: r.next() < 0.5,
  });
}

describe('pools, by kernels and by decomposition', () => {
  for (const rank of [1, 2, 3] as const) {
    it(`agree over random geometries, ${rank}-D`, () => {
      const r = new Numbers(20 + rank);
      for (let i = 0; i < 25; i++) {
        const g = randomGeometry(r, rank, false);
        const [x, dy] = [r.list(sizeOf(poolInputShape(g))), r.list(sizeOf(poolOutputShape(g)))];
        // Few distinct values: ties in most windows.
        const tied = x.map((v) => Math.round(v));
        const [y, indices, dx, back] = bothWays((t) => {
          const [values, at] = dispatchAll(maxPoolOp, [t(tied, poolInputShape(g))], { geometry: g });
          const grad = dispatch(maxPoolGradOp, [t(dy, poolOutputShape(g)), at], { geometry: g });
          return [values, at, grad, dispatch(maxPoolGatherOp, [t(tied, poolInputShape(g)), at], { geometry: g })];
        });
        expect(indices.dtype).toBe('int32');
        expect(back.values).toEqual(y.values);
        closeTo([dx.values.reduce((a, b) => a + b, 0)], [dy.reduce((a, b) => a + b, 0)]);

        const h = randomGeometry(r, rank, true);
        const [u, dv] = [r.list(sizeOf(poolInputShape(h))), r.list(sizeOf(poolOutputShape(h)))];
        const [v, du] = bothWays((t) => [
          dispatch(avgPoolOp, [t(u, poolInputShape(h))], { geometry: h }),
          dispatch(avgPoolGradOp, [t(dv, poolOutputShape(h))], { geometry: h }),
        ]);
        const inner = (a: number[], b: number[]): number => a.reduce((s, e, k) => s + e * b[k], 0);
        closeTo([inner(v.values, dv)], [inner(u, du.values)]);
      }
    });
  }

  it('max: the first of ties, NaN, windows of -infinity, positions in the unpadded plane', () => {
    const [y, at] = bothWays((t) => maxPool1d(t([5, 5, 1, 7, 7, 7], [1, 6]), 3, { returnIndices: true }));
    expect([y.values, at.values]).toEqual([
      [5, 7],
      [0, 3],
    ]);
    const [n, nat] = bothWays((t) => maxPool1d(t([1, Number.NaN, 9, 2, 3, 4], [1, 6]), 3, { returnIndices: true }));
    expect([n.values, nat.values]).toEqual([
      [Number.NaN, 4],
      [1, 5],
    ]);
    const low = Number.NEGATIVE_INFINITY;
    const [m, mat] = bothWays((t) => maxPool1d(t([low, low, low, -3], [1, 4]), 2, { padding: 1, stride: 2, returnIndices: true }));
    expect([m.values, mat.values]).toEqual([
      [low, low, -3],
      [0, 1, 3],
    ]);
    const [p, pat] = bothWays((t) => maxPool2d(t([-4, -3, -2, -1], [1, 2, 2]), 2, { padding: 1, returnIndices: true }));
    expect([p.values, pat.values]).toEqual([
      [-4, -3, -2, -1],
      [0, 1, 2, 3],
    ]);
    const [v, vat] = bothWays((t) => maxPool3d(t([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 2, 2, 2]), 2, { returnIndices: true }));
    expect([v.shape, v.values, vat.values]).toEqual([[1, 1, 1, 1, 1], [8], [7]]);
  });

  it('ceilMode keeps the last partial window, but none that starts in the padding', () => {
    const [a] = bothWays((t) => maxPool1d(t([1, 2, 3, 4, 5], [1, 5]), 2, { ceilMode: true }));
    expect(a.values).toEqual([2, 4, 5]);
    const [b] = bothWays((t) => maxPool1d(t([1, 2, 3, 4, 5], [1, 5]), 2));
    expect(b.values).toEqual([2, 4]);
    // size 3, pad 1, kernel 2, stride 2: a third window would start at 3, which is padding.
    const [c] = bothWays((t) => maxPool1d(t([1, 2, 3], [1, 3]), 2, { padding: 1, ceilMode: true }));
    expect(c.values).toEqual([1, 3]);
  });

  it('avg: divides by the window clipped to the padded input, or to the input', () => {
    const x = [2, 4, 6, 8, 10];
    const run = (options: Parameters<typeof avgPool1d>[2]) => bothWays((t) => avgPool1d(t(x, [1, 5]), 3, options))[0].values;
    closeTo(run({ padding: 1 }), [2, 8]);
    closeTo(run({ padding: 1, countIncludePad: false }), [3, 8]);
    // The overhang of ceil never counts: the last window holds 8 and 10 alone.
    closeTo(run({ stride: 3, ceilMode: true }), [4, 9]);
    const [volume] = bothWays((t) => avgPool3d(t([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2]), 2));
    expect(volume).toMatchObject({ shape: [1, 1, 1, 1], values: [4.5] });
  });

  it('takes empty batches and unbatched input', () => {
    expect(bothWays((t) => maxPool2d(t([], [0, 3, 4, 4]), 2))[0].shape).toEqual([0, 3, 2, 2]);
    expect(bothWays((t) => avgPool2d(t([], [0, 3, 4, 4]), 2))[0].shape).toEqual([0, 3, 2, 2]);
    expect(runOn('native', (t) => maxPool2d(t(new Numbers(1).list(48), [3, 4, 4]), [2, 1]))[0].shape).toEqual([3, 2, 4]);
  });
});

describe('what pools refuse', () => {
  const z = (...shape: number[]) => zeros(shape, { backend: 'native' });
  const cases: [string, () => unknown, string, RegExp][] = [
    ['rank', () => maxPool2d(z(4, 4), 2), 'ShapeError', /^\[maxPool\] expected input .*, got \[4, 4\]/],
    ['padding', () => maxPool2d(z(1, 1, 8, 8), 3, { padding: 2 }), 'ShapeError', /at most half the kernel \[3, 3\], got \[2, 2\]/],
    [
      'kernel too large',
      () => avgPool2d(z(1, 1, 2, 8), 3),
      'ShapeError',
      /^\[avgPool\] .*extent \[3, 3\], got \[2, 8\] from input \[1, 1, 2, 8\]/,
    ],
    ['kernel 0', () => maxPool2d(z(1, 1, 8, 8), 0), 'ShapeError', /kernelSize to be a whole number >= 1 .* got 0/],
    ['stride 0', () => maxPool2d(z(1, 1, 8, 8), 2, { stride: [0, 1] }), 'ShapeError', /stride .* got \[0, 1\]/],
    ['negative padding', () => avgPool2d(z(1, 1, 8, 8), 2, { padding: -1 }), 'ShapeError', /padding .* >= 0 .* got -1/],
    ['dilation', () => maxPool1d(z(1, 1, 8), 2, { dilation: 0.5 }), 'ShapeError', /dilation .* got 0.5/],
    ['dtype', () => maxPool1d(z(1, 1, 8).cast('int32'), 2), 'DTypeError', /float input, got int32; use cast/],
    ['flat input', () => maxPool2d(z(1, 1, 0, 4), 1), 'ShapeError', /sizes >= 1 on all axes but the batch/],
  ];
  it.each(cases)('%s', (_, run, name, message) => {
    expect(run).toThrow(message);
    expect(run).toThrow(expect.objectContaining({ name }));
  });
});
