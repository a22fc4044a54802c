import { describe, expect, it } from 'vitest';
import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  lpPool1d,
  lpPool2d,
  maxPool2d,
  maxUnpool1d,
  maxUnpool2d,
  maxUnpool3d,
  memory,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { bothWays, Numbers, runOn } from './support.js';

const z = (...shape: number[]): Tensor => zeros(shape, { backend: 'native' });
const ramp = (shape: number[], dtype: 'float32' | 'int32' = 'float32'): Tensor =>
  tensor(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
    { shape, dtype, backend: 'native' },
  );

describe('adaptive pools', () => {
  it('agree by kernels and by decomposition, dividing or not', () => {
    const r = new Numbers(31);
    for (let i = 0; i < 20; i++) {
      const size = [r.int(1, 6), r.int(1, 6)];
      const to = [r.int(1, 7), r.int(1, 7)];
      const x = r.list(4 * size[0] * size[1]).map(Math.round);
      const [avg, values, indices] = bothWays((t) => {
        const max = adaptiveMaxPool2d(t(x, [2, 2, ...size]), to, { returnIndices: true });
        return [adaptiveAvgPool2d(t(x, [2, 2, ...size]), to), max.values, max.indices];
      });
      expect([avg.shape, values.shape, indices.shape]).toEqual([
        [2, 2, ...to],
        [2, 2, ...to],
        [2, 2, ...to],
      ]);
      expect(indices.dtype).toBe('int32');
      const plane = size[0] * size[1];
      const per = to[0] * to[1];
      expect(indices.values.map((at, j) => x[Math.floor(j / per) * plane + at])).toEqual(values.values);
    }
  });

  it('keep NaN and infinities in the windows that hold them', () => {
    const [avg, max] = runOn('native', (t) => {
      const x = t([Number.NaN, 1, 2, 3, 4, 5, Number.POSITIVE_INFINITY], [1, 1, 7]);
      return [adaptiveAvgPool1d(x, 3), adaptiveMaxPool1d(x, 3)];
    });
    expect(avg.values).toEqual([Number.NaN, 3, Number.POSITIVE_INFINITY]);
    expect(max.values).toEqual([Number.NaN, 4, Number.POSITIVE_INFINITY]);
  });

  it('to 1 are the mean of each channel', () => {
    scope(() => {
      expect(adaptiveAvgPool3d(ramp([1, 2, 2, 3, 4]), 1).arraySync()).toEqual([[[[[11.5]]], [[[35.5]]]]]);
      expect(adaptiveAvgPool2d(ramp([2, 3, 4]), [1, null]).shape).toEqual([2, 1, 4]);
    });
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      '0',
      () => adaptiveAvgPool2d(z(1, 2, 4, 4), 0),
      /^\[adaptiveAvgPool\] expected outputSize to be a whole number >= 1 or 2 of them .*got 0/,
    ],
    ['a fraction', () => adaptiveMaxPool2d(z(1, 2, 4, 4), [2, 1.5]), /^\[adaptiveMaxPool\] .*got \[2, 1\.5\]/],
    ['null alone', () => adaptiveAvgPool2d(z(1, 2, 4, 4), null as unknown as number), /got null/],
    ['nothing', () => adaptiveAvgPool1d(z(1, 2, 4), undefined as unknown as number), /outputSize to be a whole number >= 1, got undefined/],
    ['too many', () => adaptiveAvgPool1d(z(1, 2, 4), [1, 2]), /got \[1, 2\]/],
    ['a rank', () => adaptiveMaxPool1d(z(4), 2), /expected input \[batch, channels, length\] or .*got \[4\]/],
    ['an empty axis', () => adaptiveAvgPool2d(z(1, 2, 0, 4), 2), /sizes >= 1 on all axes but the batch, got input \[1, 2, 0, 4\]/],
    ['whole numbers', () => adaptiveAvgPool2d(ramp([1, 1, 2, 2], 'int32'), 1), /expected a float input, got int32/],
    ['no tensor', () => adaptiveMaxPool2d([1] as unknown as Tensor, 1), /expected a tensor as input, got an array/],
    ['too large a result', () => adaptiveAvgPool2d(z(1, 2, 4, 4), 2 ** 16), /at most 2\^31 - 1 elements/],
  ])('refuse %s', (_, call, message) => {
    scope(() => expect(call).toThrow(message));
  });
});

describe('maxUnpool', () => {
  it('undoes a pool whose windows overlap, with indices on every path', () => {
    const r = new Numbers(7);
    const x = r.list(2 * 30).map(Math.round);
    const [values, y, back] = bothWays((t) => {
      const { values, indices } = maxPool2d(t(x, [1, 2, 5, 6]), 3, { stride: 1, returnIndices: true });
      const y = maxUnpool2d(values, indices, 3, { stride: 1 });
      return [values, y, maxPool2d(y, 3, { stride: 1 })];
    });
    expect(y.values.every((v, i) => v === 0 || v === x[i])).toBe(true);
    expect(y.shape).toEqual([1, 2, 5, 6]);
    // Every maximum is where it was, and 0 beside it.
    expect(back.values).toEqual(values.values.map((v) => Math.max(0, v)));
  });

  const at = (values: number[], shape: number[]): Tensor => tensor(values, { shape, dtype: 'int32', backend: 'native' });
  it.each<[string, () => unknown, string, RegExp]>([
    ['an index beyond', () => maxUnpool1d(z(1, 1, 2), at([0, 4], [1, 1, 2]), 2), 'ShapeError', /indices in \[0, 3\].*got 4/],
    ['a negative index', () => maxUnpool1d(z(1, 1, 2), at([0, -1], [1, 1, 2]), 2), 'ShapeError', /got -1/],
    ['floats as indices', () => maxUnpool1d(z(1, 1, 2), z(1, 1, 2), 2), 'DTypeError', /^\[maxUnpool\] expected int32 indices, got float32/],
    ['another shape', () => maxUnpool1d(z(1, 1, 2), at([0], [1, 1, 1]), 2), 'ShapeError', /input's shape \[1, 1, 2\], got \[1, 1, 1\]/],
    [
      'a size too far away',
      () => maxUnpool2d(z(1, 1, 1, 1), at([0], [1, 1, 1, 1]), 2, { outputSize: [2, 4] }),
      'ShapeError',
      /less than the stride \[2, 2\] away from \[2, 2\] .*got \[2, 4\]/,
    ],
    [
      'padding that leaves nothing',
      () => maxUnpool3d(z(1, 1, 1, 1, 1), at([0], [1, 1, 1, 1, 1]), 1, { padding: 1 }),
      'ShapeError',
      /expected an outputSize .*got \[-1, -1, -1\]/,
    ],
  ])('refuses %s', (_, call, name, message) => {
    scope(() => {
      expect(call).toThrow(message);
      expect(call).toThrow(expect.objectContaining({ name }));
    });
  });
});

describe('divisors and powers', () => {
  it('divisorOverride is the same for windows that ceilMode or padding clip', () => {
    scope(() => {
      const x = tensor([1, 2, 3, 4, 5], { shape: [1, 5], backend: 'native' });
      const options = { stride: 3, padding: 1, ceilMode: true, divisorOverride: 2 };
      expect(avgPool1d(x, 3, options).arraySync()).toEqual([[1.5, 6]]);
      expect(avgPool1d(x, 2, { stride: 2, ceilMode: true, countIncludePad: false, divisorOverride: -1 }).arraySync()).toEqual([
        [-3, -7, -5],
      ]);
      expect(() => avgPool2d(z(1, 1, 4, 4), 2, { divisorOverride: 0 })).toThrow(/divisorOverride to be a whole number other than 0, got 0/);
      expect(() => avgPool3d(z(1, 1, 4, 4, 4), 2, { divisorOverride: 1.5 })).toThrow(/got 1\.5/);
    });
  });

  it('lpPool is the norm of each window', () => {
    scope(() => {
      const x = tensor([3, 4, 6, 8], { shape: [1, 1, 4], backend: 'native' });
      expect(lpPool1d(x, 2, 2).arraySync()).toEqual([[[5, 10]]]);
      expect(() => lpPool2d(z(1, 1, 4, 4), 0, 2)).toThrow(/^\[lpPool\] expected normType to be a finite number other than 0, got 0/);
      expect(() => lpPool2d(z(1, 1, 4, 4), Number.POSITIVE_INFINITY, 2)).toThrow(/got Infinity; the maximum is maxPool/);
    });
  });
});

describe('outside of every scope', () => {
  const live = (): number => memory().tensors;
  it.each<[string, (x: Tensor) => Tensor | { values: Tensor; indices: Tensor }]>([
    ['adaptiveAvgPool2d, divides', (x) => adaptiveAvgPool2d(x, [2, 3])],
    ['adaptiveAvgPool2d, does not', (x) => adaptiveAvgPool2d(x, [3, 2])],
    ['adaptiveAvgPool2d, to 1', (x) => adaptiveAvgPool2d(x, 1)],
    ['adaptiveMaxPool2d', (x) => adaptiveMaxPool2d(x, [3, 2])],
    ['adaptiveMaxPool2d, with indices', (x) => adaptiveMaxPool2d(x, [3, 2], { returnIndices: true })],
    ['adaptiveMaxPool2d, divides, with indices', (x) => adaptiveMaxPool2d(x, [2, 3], { returnIndices: true })],
    ['avgPool2d with a divisor', (x) => avgPool2d(x, 2, { divisorOverride: 3 })],
    ['lpPool2d', (x) => lpPool2d(x, 2, 2)],
  ])('%s leaves nothing but its result, whose values may be changed in place', (_, call) => {
    for (const shape of [
      [1, 2, 4, 6],
      [2, 4, 6],
    ]) {
      const x = ramp(shape);
      const before = live();
      const y = call(x);
      const made = 'values' in y ? [y.values, y.indices] : [y];
      expect(live()).toBe(before + made.length);
      made[0].zero_();
      for (const t of made) t.dispose();
      expect(live()).toBe(before);
      x.dispose();
    }
  });

  it('maxUnpool2d, too', () => {
    const x = ramp([1, 1, 4, 4]);
    const { values, indices } = maxPool2d(x, 2, { returnIndices: true });
    const before = live();
    const y = maxUnpool2d(values, indices, 2);
    expect(live()).toBe(before + 1);
    expect(y.arraySync()).toEqual([
      [
        [
          [0, 0, 0, 0],
          [0, 5, 0, 7],
          [0, 0, 0, 0],
          [0, 13, 0, 15],
        ],
      ],
    ]);
    expect(() => maxUnpool2d(values, indices, 2, { outputSize: [3, 3] })).toThrow(/got 9|got 13/);
    for (const t of [y, x, values, indices]) t.dispose();
    expect(live()).toBe(before - 3);
  });
});
