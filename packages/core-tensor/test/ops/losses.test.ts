import { describe, expect, it } from 'vitest';
import {
  crossEntropy,
  type CrossEntropyOptions,
  crossEntropyOp,
  dispatchAll,
  linear,
  logSoftmax,
  mseLoss,
  nllLoss,
  softmax,
  type Tensor,
  zeros,
} from '../../src/index.js';
import { bothWays, closeTo, Numbers, runOn } from './support.js';

const z = (...shape: number[]) => zeros(shape, { backend: 'native' });

describe('linear', () => {
  it('is x weight^T + bias over any leading axes', () => {
    const [x, w, b] = [
      [1, 2, 3, 4],
      [1, 0, 0, 1, 1, 1],
      [10, 20, 30],
    ];
    for (const [shape, out] of [
      [
        [2, 2],
        [2, 3],
      ],
      [
        [1, 2, 2],
        [1, 2, 3],
      ],
    ] as const) {
      const [y] = bothWays((t) => linear(t(x, shape), t(w, [3, 2]), t(b, [3])));
      expect(y).toMatchObject({ shape: out, values: [11, 22, 33, 13, 24, 37] });
    }
    expect(bothWays((t) => linear(t([1, 2], [2]), t(w, [3, 2])))[0]).toMatchObject({ shape: [3], values: [1, 2, 3] });
    expect(bothWays((t) => linear(t([], [0, 2]), t(w, [3, 2]), t(b, [3])))[0].shape).toEqual([0, 3]);
    // No features at all: the bias is what is left.
    expect(bothWays((t) => linear(t([], [2, 0]), t([], [3, 0]), t(b, [3])))[0]).toMatchObject({
      shape: [2, 3],
      values: [...b, ...b],
    });
  });

  it('applies a fused activation', () => {
    const r = new Numbers(1);
    const [x, w, b] = [r.list(12), r.list(8), r.list(2)];
    for (const name of ['relu', 'sigmoid', 'tanh'] as const) {
      const [plain] = runOn('native', (t) => linear(t(x, [3, 4]), t(w, [2, 4]), t(b, [2]))[name]());
      closeTo(bothWays((t) => linear(t(x, [3, 4]), t(w, [2, 4]), t(b, [2]), name))[0].values, plain.values);
    }
  });

  it.each([
    ['features', () => linear(z(4, 3), z(2, 5)), /^\[linear\] expected 5 input features \(weight \[2, 5\]\), got 3 from input \[4, 3\]/],
    ['bias', () => linear(z(4, 5), z(2, 5), z(5)), /expected bias \[2\] \(weight \[2, 5\]\), got \[5\]/],
    ['weight', () => linear(z(4, 5), z(5)), /expected weight \[out, in\], got \[5\]/],
    ['scalar', () => linear(z(), z(2, 5)), /got a scalar/],
  ] as [string, () => unknown, RegExp][])('refuses: %s', (_, run, message) => {
    expect(run).toThrow(message);
    expect(run).toThrow(expect.objectContaining({ name: 'ShapeError' }));
  });
});

describe('softmax and logSoftmax', () => {
  it('along any axis, without overflow', () => {
    const x = new Numbers(2).list(24);
    for (const axis of [0, 1, 2, -1, -2]) {
      const [y, ly, total] = bothWays((t) => {
        const s = softmax(t(x, [2, 3, 4]), axis);
        return [s, logSoftmax(t(x, [2, 3, 4]), axis), s.sum(axis)];
      });
      closeTo(ly.values, y.values.map(Math.log));
      closeTo(
        total.values,
        total.values.map(() => 1),
      );
    }
    const [big] = bothWays((t) => softmax(t([1e4, 1e4 + Math.log(3)], [2]), 0));
    closeTo(big.values, [0.25, 0.75], 1e-10);
    expect(bothWays((t) => logSoftmax(t(5), 0))[0]).toMatchObject({ shape: [], values: [0] });
  });

  it('NaN, infinities and nothing', () => {
    const inf = Number.POSITIVE_INFINITY;
    const [y] = bothWays((t) => softmax(t([1, Number.NaN, inf, 0, -inf, 0, -inf, -inf], [4, 2]), 1));
    expect(y.values).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0, 1, Number.NaN, Number.NaN]);
    const [ly] = bothWays((t) => logSoftmax(t([-inf, 0], [1, 2]), 1));
    expect(ly.values).toEqual([-inf, 0]);
    expect(bothWays((t) => softmax(t([], [3, 0]), 1))[0].shape).toEqual([3, 0]);
    expect(() => softmax(z(2).cast('int32'), 0)).toThrow(/\[softmax\] expected a float input, got int32; use cast/);
    expect(() => softmax(z(2, 2), 2)).toThrow(/\[softmax\] expected an axis in \[-2, 1\], got 2/);
  });
});

/** The definition over rows, in doubles. */
function rowLoss(x: number[], target: number, weight: number[], smoothing: number): number {
  const top = Math.max(...x);
  const norm = top + Math.log(x.reduce((s, v) => s + Math.exp(v - top), 0));
  const spread = x.reduce((s, v, c) => s + weight[c] * (norm - v), 0);
  return (1 - smoothing) * weight[target] * (norm - x[target]) + (smoothing / x.length) * spread;
}

describe('crossEntropy', () => {
  const C = 4;
  const x = new Numbers(3).list(5 * C);
  const targets = [0, 3, -100, 1, 1];
  const rows = targets.map((_, i) => x.slice(i * C, i * C + C));
  const ones = [1, 1, 1, 1];
  const run = (options: CrossEntropyOptions & { w?: number[] } = {}, labels = targets) =>
    bothWays((t) => crossEntropy(t(x, [5, C]), t(labels, [5], 'int32'), { ...options, weight: options.w ? t(options.w, [C]) : null }))[0];

  it('follows its definition for every reduction, weight and smoothing', () => {
    for (const w of [undefined, [0.5, 2, 1, 3]]) {
      for (const labelSmoothing of [0, 0.1, 1]) {
        const each = targets.map((t, i) => (t === -100 ? 0 : rowLoss(rows[i], t, w ?? ones, labelSmoothing)));
        const total = each.reduce((a, b) => a + b, 0);
        const count = targets.reduce((s, t) => s + (t === -100 ? 0 : (w ?? ones)[t]), 0);
        closeTo(run({ w, labelSmoothing, reduction: 'none' }).values, each);
        closeTo(run({ w, labelSmoothing, reduction: 'sum' }).values, [total]);
        closeTo(run({ w, labelSmoothing }).values, [total / count]);
      }
    }
    closeTo(run({ ignoreIndex: 1 }, [0, 3, 2, 1, 1]).values, [[0, 3, 2].reduce((s, t, i) => s + rowLoss(rows[i], t, ones, 0), 0) / 3]);
  });

  it('the mean over nothing is NaN', () => {
    expect(run({}, [-100, -100, -100, -100, -100]).values).toEqual([Number.NaN]);
    expect(run({ reduction: 'sum' }, [-100, -100, -100, -100, -100]).values).toEqual([0]);
    expect(bothWays((t) => crossEntropy(t([], [0, 3]), t([], [0], 'int32')))[0].values).toEqual([Number.NaN]);
  });

  it('takes [batch, classes, d1, d2] and [classes]', () => {
    const y = new Numbers(4).list(2 * 3 * 2 * 2);
    const labels = [0, 1, 2, 0, 2, 2, 1, 0];
    const [loss] = bothWays((t) => crossEntropy(t(y, [2, 3, 2, 2]), t(labels, [2, 2, 2], 'int32'), { reduction: 'none' }));
    const expected = labels.map((target, i) => {
      const [n, p] = [Math.floor(i / 4), i % 4];
      return rowLoss(
        [0, 1, 2].map((c) => y[(n * 3 + c) * 4 + p]),
        target,
        [1, 1, 1],
        0,
      );
    });
    expect(loss.shape).toEqual([2, 2, 2]);
    closeTo(loss.values, expected);
    const [one] = bothWays((t) => crossEntropy(t(rows[0], [C]), t(2, [], 'int32')));
    expect(one.shape).toEqual([]);
    closeTo(one.values, [rowLoss(rows[0], 2, ones, 0)]);
  });

  it('takes probabilities', () => {
    const p = [0.1, 0.2, 0.3, 0.4, 1, 0, 0, 0];
    const expected = [0, 1].map((i) => [0, 1, 2, 3].reduce((s, c) => s + p[i * C + c] * rowLoss(rows[i], c, ones, 0), 0));
    const args = (t: Parameters<Parameters<typeof bothWays>[0]>[0]): [Tensor, Tensor] => [t(x.slice(0, 8), [2, C]), t(p, [2, C])];
    closeTo(bothWays((t) => crossEntropy(...args(t), { reduction: 'none' }))[0].values, expected);
    closeTo(bothWays((t) => crossEntropy(...args(t)))[0].values, [(expected[0] + expected[1]) / 2]);
    const smooth = p.map((v) => v * 0.8 + 0.2 / C);
    const [a, b] = bothWays((t) => [crossEntropy(...args(t), { labelSmoothing: 0.2 }), crossEntropy(args(t)[0], t(smooth, [2, C]))]);
    closeTo(a.values, b.values);
  });

  it('nllLoss takes log probabilities', () => {
    const [a, b] = bothWays((t) => {
      const [input, labels, weight] = [t(x, [5, C]), t(targets, [5], 'int32'), t([0.5, 2, 1, 3], [C])];
      return [nllLoss(logSoftmax(input, 1), labels, { weight }), crossEntropy(input, labels, { weight })];
    });
    closeTo(a.values, b.values);
  });

  it('without synchronous reads a target out of range gives NaN in its row alone', () => {
    const [loss, logP] = bothWays((t) =>
      dispatchAll(crossEntropyOp, [t(x, [5, C]), t([0, 4, -100, -1, 1], [5], 'int32')], { ignoreIndex: -100 }),
    );
    expect(loss.values.map(Number.isNaN)).toEqual([false, true, false, true, false]);
    expect(Object.is(loss.values[2], 0)).toBe(true);
    expect(logP.values.every(Number.isFinite)).toBe(true);
  });

  const int = (...shape: number[]) => z(...shape).cast('int32');
  it.each([
    [
      'float targets',
      () => crossEntropy(z(5, 4), z(5)),
      'DTypeError',
      /expected int32 class targets, got float32 \[5\]; use targets.cast\('int32'\)/,
    ],
    ['shape', () => crossEntropy(z(5, 4), int(4)), 'ShapeError', /expected targets \[5\] for input \[5, 4\], got \[4\]/],
    [
      'range',
      () => crossEntropy(z(2, 3), int(2).add(3)),
      'ShapeError',
      /targets in \[0, 2\] \(input \[2, 3\]\) .* got 3 at flat position 0/,
    ],
    ['negative', () => nllLoss(z(2, 3), int(2).sub(1)), 'ShapeError', /^\[nllLoss\] .* got -1/],
    ['reduction', () => crossEntropy(z(2, 3), int(2), { reduction: 'avg' as 'sum' }), 'ShapeError', /'mean', 'sum' or 'none', got avg/],
    ['weight', () => crossEntropy(z(2, 3), int(2), { weight: z(2) }), 'ShapeError', /expected weight \[3\], one factor a class, got \[2\]/],
    ['smoothing', () => crossEntropy(z(2, 3), int(2), { labelSmoothing: 2 }), 'ShapeError', /labelSmoothing in \[0, 1\], got 2/],
    ['NaN smoothing', () => crossEntropy(z(2, 3), int(2), { labelSmoothing: Number.NaN }), 'ShapeError', /got NaN/],
    ['scalar', () => crossEntropy(z(), int()), 'ShapeError', /got a scalar/],
    ['no classes', () => crossEntropy(z(2, 0), int(2)), 'ShapeError', /at least one class, got input \[2, 0\]/],
    ['int input', () => crossEntropy(int(2, 3), int(2)), 'DTypeError', /float input, got int32/],
    ['ignoreIndex', () => crossEntropy(z(2, 3), int(2), { ignoreIndex: 0.5 }), 'ShapeError', /whole ignoreIndex, got 0.5/],
    ['an array', () => crossEntropy(z(2, 3), [0, 1] as never), 'DTypeError', /expected a tensor as targets/],
  ] as [string, () => unknown, string, RegExp][])('refuses: %s', (_, run, name, message) => {
    expect(run).toThrow(message);
    expect(run).toThrow(expect.objectContaining({ name }));
  });
});

describe('mseLoss', () => {
  it('is the mean of squares', () => {
    const [a, b, c] = bothWays((t) =>
      (['mean', 'sum', 'none'] as const).map((reduction) => mseLoss(t([1, 2, 3], [3]), t([1, 0, 6], [3]), { reduction })),
    );
    closeTo([...a.values, ...b.values, ...c.values], [13 / 3, 13, 0, 4, 9]);
    expect(() => mseLoss(z(3, 1), z(3))).toThrow(/\[mseLoss\] .* got \[3, 1\] and \[3\]; reshape or expand one/);
    expect(() => mseLoss(z(3).cast('int32'), z(3).cast('int32'))).toThrow(/expected floats/);
  });
});
