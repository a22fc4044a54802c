import { describe, expect, it } from 'vitest';
import {
  cumsum,
  dispatch,
  gather,
  gatherOp,
  indexSelect,
  interpolate,
  internResample,
  resampleOp,
  scatterAdd,
  sort,
  tensor,
  topk,
  zeros,
} from '../../src/index.js';
import { bothWays, closeTo, Numbers } from './support.js';

const z = (...shape: number[]) => zeros(shape, { backend: 'native' });
const int = (values: number[], shape: number[]) => tensor(values, { shape, dtype: 'int32', backend: 'native' });

describe('gather, scatterAdd, indexSelect', () => {
  it('gather takes along an axis; the index may be smaller on the others', () => {
    const x = [1, 2, 3, 4, 5, 6];
    expect(bothWays((t) => gather(t(x, [2, 3]), 1, t([2, 0, 1, 1], [2, 2], 'int32')))[0]).toMatchObject({
      shape: [2, 2],
      values: [3, 1, 5, 5],
    });
    expect(bothWays((t) => gather(t(x, [2, 3]), 0, t([1, 0], [1, 2], 'int32')))[0]).toMatchObject({
      shape: [1, 2],
      values: [4, 2],
    });
    expect(bothWays((t) => gather(t(x, [2, 3]).transpose(0, 1), -1, t([1, 0, 0], [3, 1], 'int32')))[0].values).toEqual([4, 2, 3]);
    expect(bothWays((t) => gather(t(7), 0, t(0, [], 'int32')))[0]).toMatchObject({ shape: [], values: [7] });
    expect(bothWays((t) => gather(t(x, [2, 3], 'int32'), 1, t([], [2, 0], 'int32')))[0]).toMatchObject({
      shape: [2, 0],
      dtype: 'int32',
    });
    // Where values cannot be checked, an index out of range is NaN.
    const [poisoned] = bothWays((t) => dispatch(gatherOp, [t(x, [6]), t([5, 6, -1], [3], 'int32')], { axis: 0 }));
    expect(poisoned.values).toEqual([6, Number.NaN, Number.NaN]);
  });

  it('scatterAdd adds equal indices up and leaves the rest of the base', () => {
    const base = [10, 20, 30, 40, 50, 60];
    const [y, kept] = bothWays((t) => {
      const b = t(base, [2, 3]);
      return [scatterAdd(b, 1, t([0, 0, 2, 1, 1, 1], [2, 3], 'int32'), t([1, 2, 3, 4, 5, 6], [2, 3])), b];
    });
    expect([y.values, kept.values]).toEqual([[13, 20, 33, 40, 65, 60], base]);
    // A smaller index uses the first elements of the source only.
    expect(bothWays((t) => scatterAdd(t(base, [2, 3]), 1, t([2], [1, 1], 'int32'), t([7, 8, 9, 1], [2, 2])))[0].values).toEqual([
      10, 20, 37, 40, 50, 60,
    ]);
    expect(bothWays((t) => scatterAdd(t(base, [2, 3]), 0, t([], [0, 3], 'int32'), t([1, 1, 1], [1, 3])))[0].values).toEqual(base);
    expect(bothWays((t) => scatterAdd(t(1), 0, t(0, [], 'int32'), t(2)))[0]).toMatchObject({ shape: [], values: [3] });
  });

  it('indexSelect picks whole slices', () => {
    const x = [1, 2, 3, 4, 5, 6];
    expect(bothWays((t) => indexSelect(t(x, [3, 2]), 0, t([2, 0, 2], [3], 'int32')))[0]).toMatchObject({
      shape: [3, 2],
      values: [5, 6, 1, 2, 5, 6],
    });
    expect(bothWays((t) => indexSelect(t(x, [3, 2]), -1, t([1], [1], 'int32')))[0]).toMatchObject({
      shape: [3, 1],
      values: [2, 4, 6],
    });
  });

  it.each([
    ['index dtype', () => gather(z(3), 0, z(1)), 'DTypeError', /\[gather\] expected an int32 index, got float32; use cast\('int32'\)/],
    [
      'range',
      () => gather(z(2, 3), 1, int([3], [1, 1])),
      'ShapeError',
      /indices in \[0, 2\] for axis 1 of input \[2, 3\], got 3 at flat position 0/,
    ],
    ['negative', () => indexSelect(z(3), 0, int([-1], [1])), 'ShapeError', /^\[indexSelect\] .* got -1/],
    ['rank', () => gather(z(2, 3), 1, int([0], [1])), 'ShapeError', /index of the input's rank.* got input \[2, 3\] and index \[1\]/],
    ['size', () => gather(z(2, 3), 1, int([0, 0, 0], [3, 1])), 'ShapeError', /no larger than it but on axis 1/],
    ['axis', () => gather(z(2, 3), 2, int([0], [1, 1])), 'ShapeError', /axis in \[-2, 1\], got 2/],
    ['source', () => scatterAdd(z(3), 0, int([0, 1], [2]), z(1)), 'ShapeError', /source at least as large as the index \[2\], got \[1\]/],
    ['source dtype', () => scatterAdd(int([1], [1]), 0, int([0], [1]), z(1)), 'DTypeError', /source of dtype int32, got float32/],
    ['scatter range', () => scatterAdd(z(3), 0, int([3], [1]), z(1)), 'ShapeError', /^\[scatterAdd\] .* base \[3\], got 3/],
    ['matrix index', () => indexSelect(z(3), 0, int([0], [1, 1])), 'ShapeError', /list of positions \[m\], got index \[1, 1\]/],
  ] as [string, () => unknown, string, RegExp][])('refuse: %s', (_, run, name, message) => {
    expect(run).toThrow(message);
    expect(run).toThrow(expect.objectContaining({ name }));
  });
});

describe('cumsum and sort', () => {
  it('cumsum runs along any axis; NaN reaches only what follows', () => {
    const x = new Numbers(1).list(2 * 7 * 3);
    for (const axis of [0, 1, 2, -1]) {
      const a = axis < 0 ? 2 : axis;
      const shape = [2, 7, 3];
      const inner = shape.slice(a + 1).reduce((p, d) => p * d, 1);
      const expected: number[] = [];
      x.forEach((v, i) => expected.push(Math.floor(i / inner) % shape[a] === 0 ? v : expected[i - inner] + v));
      closeTo(bothWays((t) => cumsum(t(x, shape), axis))[0].values, expected);
    }
    expect(bothWays((t) => cumsum(t([1, 2, Number.NaN, 4], [4]), 0))[0].values).toEqual([1, 3, Number.NaN, Number.NaN]);
    expect(bothWays((t) => cumsum(t([1, 0, 1], [3], 'bool'), 0))[0]).toMatchObject({
      dtype: 'int32',
      values: [1, 1, 2],
    });
    expect(bothWays((t) => cumsum(t([2 ** 31 - 1, 1, 5], [3], 'int32'), 0))[0].values).toEqual([2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 5]);
    expect(bothWays((t) => cumsum(t(4), 0))[0]).toMatchObject({ shape: [], values: [4] });
    expect(bothWays((t) => cumsum(t([], [0, 2]), 0))[0].shape).toEqual([0, 2]);
    expect(() => cumsum(z(2), 1)).toThrow(/\[cumsum\] expected an axis/);
  });

  it('sort is stable in both directions, NaN greatest', () => {
    const x = [3, 1, Number.NaN, 1, -2, 3, Number.NaN, 0, -0, Number.NEGATIVE_INFINITY];
    const [up, upAt, down, downAt] = bothWays((t) => {
      const [a, b] = [sort(t(x, [10])), sort(t(x, [10]), 0, true)];
      return [a.values, a.indices, b.values, b.indices];
    });
    expect(upAt.values).toEqual([9, 4, 7, 8, 1, 3, 0, 5, 2, 6]);
    expect(up.values).toEqual(upAt.values.map((i) => x[i]));
    expect(downAt.values).toEqual([2, 6, 0, 5, 1, 3, 7, 8, 4, 9]);
    expect(down.values).toEqual(downAt.values.map((i) => x[i]));
    const many = new Numbers(2).list(300).map((v) => Math.round(v * 4));
    const [values, indices] = bothWays((t) => Object.values(sort(t(many, [2, 50, 3], 'int32'), 1)));
    expect([values.dtype, indices.shape]).toEqual(['int32', [2, 50, 3]]);
    bothWays((t) => Object.values(sort(t(new Numbers(3).list(3000), [3000]))));
    expect(() => sort(z(2).cast('bool'))).toThrow(/\[sort\] expected numbers, got bool; use cast/);
  });

  it('topk', () => {
    const [v, i] = bothWays((t) => Object.values(topk(t([1, 5, 3, 5], [4]), 2)));
    expect([v.values, i.values]).toEqual([
      [5, 5],
      [1, 3],
    ]);
    const [low] = bothWays((t) => [topk(t([4, 1, 2, 3], [2, 2]), 1, 0, { largest: false }).values]);
    expect(low).toMatchObject({ shape: [1, 2], values: [2, 1] });
    expect(() => topk(z(3), 4)).toThrow(/\[topk\] expected k in \[0, 3\] \(axis 0 of \[3\]\), got 4/);
  });
});

describe('interpolate', () => {
  it('nearest takes floor(i in / out)', () => {
    expect(bothWays((t) => interpolate(t([1, 2, 3], [1, 1, 3]), { size: 7 }))[0].values).toEqual([1, 1, 1, 2, 2, 3, 3]);
    expect(bothWays((t) => interpolate(t([1, 2, 3, 4], [1, 1, 2, 2]), { scaleFactor: 2 }))[0].values).toEqual([
      1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4,
    ]);
    expect(bothWays((t) => interpolate(t([1, 2, 3, 4, 5], [1, 1, 5]), { scaleFactor: 0.4 }))[0].values).toEqual([1, 3]);
    // A neighbour that is not finite does not leak.
    expect(bothWays((t) => interpolate(t([1, Number.NaN, 3], [1, 1, 3]), { size: 6 }))[0].values).toEqual([
      1,
      1,
      Number.NaN,
      Number.NaN,
      3,
      3,
    ]);
  });

  it('linear, by areas and by corners', () => {
    const x = [1, 2, 4];
    closeTo(bothWays((t) => interpolate(t(x, [1, 1, 3]), { size: 6, mode: 'linear' }))[0].values, [1, 1.25, 1.75, 2.5, 3.5, 4]);
    closeTo(bothWays((t) => interpolate(t(x, [1, 1, 3]), { size: 5, mode: 'linear', alignCorners: true }))[0].values, [1, 1.5, 2, 3, 4]);
    closeTo(bothWays((t) => interpolate(t(x, [1, 1, 3]), { size: 1, mode: 'linear', alignCorners: true }))[0].values, [1]);
    const [same] = bothWays((t) => interpolate(t(x, [1, 1, 3]), { size: 3, mode: 'linear' }));
    expect(same.values).toEqual(x);
  });

  it('with a scale factor the step is 1 / scaleFactor, not the ratio of the sizes', () => {
    // 5 * 1.5 = 7.5: seven elements at i / 1.5, floor: 0 0 1 2 2 3 4.
    expect(bothWays((t) => interpolate(t([0, 1, 2, 3, 4], [1, 1, 5]), { scaleFactor: 1.5 }))[0].values).toEqual([0, 0, 1, 2, 2, 3, 4]);
    const expected = Array.from({ length: 7 }, (_, i) => Math.min(4, Math.max(0, (i + 0.5) / 1.5 - 0.5)));
    closeTo(bothWays((t) => interpolate(t([0, 1, 2, 3, 4], [1, 1, 5]), { scaleFactor: 1.5, mode: 'linear' }))[0].values, expected);
  });

  it('the adjoint is the transposed map, in 1 to 3 dimensions', () => {
    const r = new Numbers(5);
    for (const kind of ['nearest', 'linear'] as const) {
      for (const alignCorners of [false, true]) {
        for (const [inSize, outSize] of [
          [
            [1, 1, 5],
            [1, 1, 8],
          ],
          [
            [1, 4, 5],
            [1, 7, 3],
          ],
          [
            [2, 3, 4],
            [5, 2, 4],
          ],
        ] as const) {
          const geometry = internResample({ rank: 3, planes: 2, inSize, outSize, alignCorners });
          const [x, dy] = [r.list(2 * inSize[0] * inSize[1] * inSize[2]), r.list(2 * outSize[0] * outSize[1] * outSize[2])];
          const [y, dx] = bothWays((t) => [
            dispatch(resampleOp, [t(x, [2, ...inSize])], { kind, geometry, adjoint: false }),
            dispatch(resampleOp, [t(dy, [2, ...outSize])], { kind, geometry, adjoint: true }),
          ]);
          const inner = (a: number[], b: number[]): number => a.reduce((s, v, i) => s + v * b[i], 0);
          closeTo([inner(y.values, dy)], [inner(x, dx.values)]);
        }
      }
    }
  });

  it.each([
    ['neither', () => interpolate(z(1, 1, 4), {}), /either size or scaleFactor, got neither/],
    ['both', () => interpolate(z(1, 1, 4), { size: 2, scaleFactor: 2 }), /got both/],
    ['rank', () => interpolate(z(1, 1, 4), { size: 2, mode: 'bilinear' }), /2 spatial axes for mode 'bilinear', got \[1, 1, 4\]/],
    ['mode', () => interpolate(z(1, 1, 4), { size: 2, mode: 'cubic' as 'linear' }), /got 'cubic'/],
    ['corners', () => interpolate(z(1, 1, 4), { size: 2, alignCorners: true }), /alignCorners with a linear mode/],
    ['factor', () => interpolate(z(1, 1, 4), { scaleFactor: -2 }), /scaleFactor to be a number > 0 .* got -2/],
    ['size', () => interpolate(z(1, 1, 4), { size: 0 }), /size to be a whole number >= 1, got 0/],
    ['nothing left', () => interpolate(z(1, 1, 4), { scaleFactor: 0.1 }), /result of size >= 1, got \[0\]/],
    ['2^31', () => interpolate(z(1, 1, 4), { size: 2 ** 31 }), /at most 2\^31 - 1 elements/],
  ] as [string, () => unknown, RegExp][])('refuses: %s', (_, run, message) => {
    expect(run).toThrow(message);
    expect(run).toThrow(expect.objectContaining({ name: 'ShapeError' }));
  });
});
