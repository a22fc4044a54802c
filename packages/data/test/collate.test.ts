import { DTypeError, memory, ShapeError, tensor, type Tensor } from '@konv/core-tensor';
import { describe, expect, test } from 'vitest';
import { DataLoader, type Dataset } from '../src/index.js';
import { countTensors, listOf, failure, drain } from './loader-tools.js';

const before = countTensors();

describe('collate', () => {
  const cases: [string, Dataset<any>, unknown, string][] = [
    ['whole numbers', listOf(1, -2), [1, -2], 'int32'],
    ['a fraction among them', listOf(1, 0.5), [1, 0.5], 'float32'],
    ['numbers beyond int32', listOf(1, 2 ** 31), [1, 2 ** 31], 'float32'],
    ['NaN', listOf(NaN, 1), [NaN, 1], 'float32'],
    ['booleans', listOf(true, false), [true, false], 'bool'],
    [
      'bytes',
      listOf(Uint8Array.of(1, 255), Uint8Array.of(2, 0)),
      [
        [1, 255],
        [2, 0],
      ],
      'int32',
    ],
    ['float64', listOf(Float64Array.of(0.1)), [[0.1]], 'float64'],
    ['host tensors', listOf({ dtype: 'bool', shape: [1, 2], data: Uint8Array.of(1, 0) }), [[[true, false]]], 'bool'],
    ['scalars', listOf({ dtype: 'float32', shape: [], data: Float32Array.of(3) }), [3], 'float32'],
  ];
  test.each(cases)('%s', async (_, dataset, values, dtype) => {
    for await (const x of new DataLoader(dataset, { batchSize: 2 }) as AsyncIterable<Tensor>) {
      expect(await x.array()).toEqual(values);
      expect(x.dtype).toBe(dtype);
    }
  });

  test('tuples, objects and texts within each other', async () => {
    const dataset = listOf(
      { id: 'a', pair: [1, { deep: Float32Array.of(1) }] as const },
      { id: 'b', pair: [2, { deep: Float32Array.of(2) }] as const },
    );
    for await (const { id, pair } of new DataLoader(dataset, { batchSize: 2 })) {
      expect(id).toEqual(['a', 'b']);
      expect(await pair[0].array()).toEqual([1, 2]);
      expect(await pair[1].deep.array()).toEqual([[1], [2]]);
    }
  });

  test('tensors of samples are stacked and freed', async () => {
    const dataset: Dataset<Tensor> = { length: 3, get: (i) => tensor([i, i]).mul(2) };
    for await (const x of new DataLoader(dataset, { batchSize: 3 })) {
      expect(await x.array()).toEqual([
        [0, 0],
        [2, 2],
        [4, 4],
      ]);
      expect(memory().tensors).toBe(before() + 1);
    }
  });

  const bad: [string, Dataset<any>, typeof ShapeError, RegExp][] = [
    ['shapes that differ', listOf(Float32Array.of(1), Float32Array.of(1, 2)), ShapeError, /one shape \[1\], got \[2\] at position 1/],
    ['dtypes that differ', listOf<unknown>(Float32Array.of(1), Int32Array.of(1)), DTypeError, /one dtype float32, got int32 at position 1/],
    ['a number and an array', listOf<unknown>(1, [1]), DTypeError, /numbers in all samples.*got an array of 1 at position 1/],
    ['tuples of two lengths', listOf([1, 2], [1]), DTypeError, /arrays of 2 in all samples.*got an array of 1 at position 1/],
    ['objects with other keys', listOf({ a: 1 }, { b: 1 }), DTypeError, /objects with a in all samples/],
    ['undefined', listOf(undefined), DTypeError, /got undefined; pass collate/],
    ['a function', listOf(() => 1), DTypeError, /got function/],
    ['a Map', listOf(new Map()), DTypeError, /got Map/],
    ['64-bit integers', listOf(BigInt64Array.of(1n)), DTypeError, /got BigInt64Array/],
    [
      'fewer values than its shape',
      listOf({ dtype: 'int32', shape: [2], data: Int32Array.of(1) }),
      ShapeError,
      /2 values for shape \[2\], got 1/,
    ],
  ];
  test.each(bad)('%s: an error', async (_, dataset, kind, message) => {
    const e = await failure(() => drain(new DataLoader(dataset, { batchSize: 2 })));
    expect(e).toBeInstanceOf(kind);
    expect(e.message).toMatch(message);
  });
});
