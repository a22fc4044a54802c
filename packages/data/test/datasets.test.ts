import { Generator, manualSeed, ShapeError } from '@konv/core-tensor';
import { describe, expect, test } from 'vitest';
import { compose, ConcatDataset, type Dataset, type HostTensor, normalize, randomSplit, Subset } from '../src/index.js';

const range = (length: number, from = 0): Dataset<number> => ({ length, get: (i) => from + i });
const all = (d: Dataset<number>) => Array.from({ length: d.length }, (_, i) => d.get(i));

describe('Subset', () => {
  test('samples at the indices', () => {
    expect(all(new Subset(range(5), [4, 0, 4]))).toEqual([4, 0, 4]);
    expect(new Subset(range(5), [1]).batch).toBeUndefined();
  });

  test('hands on batches by the indices of the whole', () => {
    const whole: Dataset<number> = { ...range(5), batch: (indices) => Array.from(indices) };
    const part = new Subset(new Subset(whole, [4, 3, 2]), [2, 0]);
    expect(part.batch?.(Int32Array.of(1, 0, 0))).toEqual([4, 2, 2]);
  });

  test.each([[[5]], [[-1]], [[0.5]], [[NaN]]])('%j is out of range', (indices) => {
    expect(() => new Subset(range(5), indices)).toThrow(ShapeError);
  });

  test('its own index is checked', () => {
    expect(() => new Subset(range(5), [1]).get(1)).toThrow(/\[Subset\] expected an index in \[0, 1\), got 1/);
  });
});

describe('ConcatDataset', () => {
  test('one after another', () => {
    const d = new ConcatDataset([range(2), range(0), range(3, 10)]);
    expect(all(d)).toEqual([0, 1, 10, 11, 12]);
    expect(() => d.get(5)).toThrow(/\[0, 5\), got 5/);
  });
  test.each([[[]], [range(1)], [[range(1), 5]]])('%j is no list of datasets', (x) => {
    expect(() => new ConcatDataset(x as any)).toThrow(/\[ConcatDataset\] expected/);
  });
});

describe('randomSplit', () => {
  const parts = (n: number, lengths: number[], generator?: Generator) => randomSplit(range(n), lengths, { generator }).map(all);

  // torch.utils.data.random_split(range(10), [3, 7], torch.Generator().manual_seed(42)), PyTorch 1.13.
  test("PyTorch's parts", () => {
    const expected = [
      [2, 6, 1],
      [8, 4, 5, 0, 9, 3, 7],
    ];
    expect(parts(10, [3, 7], new Generator(42))).toEqual(expected);
    manualSeed(42);
    expect(parts(10, [3, 7])).toEqual(expected);
  });

  test('fractions: rounded down, the rest to the first parts', () => {
    expect(parts(10, [0.25, 0.25, 0.5]).map((p) => p.length)).toEqual([3, 2, 5]);
    expect(parts(10, [1 / 3, 1 / 3, 1 / 3]).map((p) => p.length)).toEqual([4, 3, 3]);
    expect(parts(10, [1]).map((p) => p.length)).toEqual([10]);
    expect(parts(1, [1]).map((p) => p.length)).toEqual([1]);
  });

  test.each([[[3, 3]], [[11, -1]], [[0.5, 0.4]], [[NaN]], [[]], [[1.5, -0.5]]])('%j of 10', (lengths) => {
    expect(() => parts(10, lengths)).toThrow(/\[randomSplit\] expected lengths that add up to 10/);
  });
});

describe('transforms', () => {
  const image = (values: number[], shape = [1, values.length]): HostTensor => ({
    dtype: 'float32',
    shape,
    data: Float32Array.from(values),
  });

  test('normalize as PyTorch rounds it', () => {
    const x = image([0, 0.5, 1]);
    const y = normalize(0.286, 0.353)(x);
    // torch.tensor([0, .5, 1]).sub_(torch.tensor(0.2860)).div_(torch.tensor(0.3530)), PyTorch 1.13; Normalize's own steps.
    expect(Array.from(y.data)).toEqual(Array.from(Float32Array.from([-0.8101983666419983, 0.6062322854995728, 2.022662878036499])));
    expect(Array.from(x.data)).toEqual([0, 0.5, 1]);
    expect(y.shape).toEqual([1, 3]);
  });

  test('one value a channel', () => {
    const y = normalize([1, 2], [1, 0.5])(image([1, 2, 3, 4], [2, 2]));
    expect(Array.from(y.data)).toEqual([0, 1, 2, 4]);
  });

  test('compose applies from left to right', () => {
    const y = compose(normalize(1, 1), normalize(0, 2))(image([5]));
    expect(Array.from(y.data)).toEqual([2]);
  });

  test('errors', () => {
    for (const [mean, std] of [
      [0, 0],
      [NaN, 1],
      [0, Infinity],
      [[], 1],
    ] as any)
      expect(() => normalize(mean, std)).toThrow(/\[normalize\] expected finite/);
    expect(() => normalize([0, 0, 0], 1)(image([1, 2], [2, 1]))).toThrow(/1 or 2 values for a sample \[2, 1\], got 3/);
    expect(() => normalize(0, 1)({ dtype: 'int32', shape: [1], data: Int32Array.of(1) })).toThrow(/a float32 sample, got int32/);
  });
});
