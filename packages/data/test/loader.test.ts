import { isKonvError, memory, ShapeError, tensor, type Tensor } from '@konv/core-tensor';
import { describe, expect, test, vi } from 'vitest';
import { DataLoader, type Dataset, type HostTensor } from '../src/index.js';
import { countTensors, pairs, failure, drain, raise } from './loader-tools.js';

const before = countTensors();

describe('batches', () => {
  test('inputs and targets', async () => {
    const loader = new DataLoader(pairs(5), { batchSize: 2 });
    expect(loader.length).toBe(3);
    expect(loader.batchSize).toBe(2);
    expect(loader.dataset.length).toBe(5);
    const seen: unknown[] = [];
    for await (const [x, y] of loader) {
      expect(x.dtype).toBe('float32');
      expect(y.dtype).toBe('int32');
      seen.push([await x.array(), await y.array()]);
    }
    expect(seen).toEqual([
      [
        [
          [0, 0, 0],
          [1, 1, 1],
        ],
        [0, 1],
      ],
      [
        [
          [2, 2, 2],
          [3, 3, 3],
        ],
        [2, 3],
      ],
      [[[4, 4, 4]], [4]],
    ]);
  });

  test('dropLast', async () => {
    const loader = new DataLoader(pairs(5), { batchSize: 2, dropLast: true });
    expect(loader.length).toBe(2);
    let n = 0;
    for await (const [x] of loader) {
      expect(x.shape).toEqual([2, 3]);
      n++;
    }
    expect(n).toBe(2);
  });

  test('an empty dataset has no batches', async () => {
    const loader = new DataLoader(pairs(0), { batchSize: 2 });
    expect(loader.length).toBe(0);
    await drain(loader);
  });

  test('asynchronous samples, in their order', async () => {
    const slow: Dataset<number> = {
      length: 4,
      get: async (i) => {
        await new Promise((r) => setTimeout(r, 5 * (4 - i)));
        return i;
      },
    };
    for await (const x of new DataLoader(slow, { batchSize: 4 })) expect(await x.array()).toEqual([0, 1, 2, 3]);
  });

  test('a dataset that makes batches itself is asked for nothing else', async () => {
    const asked: number[][] = [];
    const whole: Dataset<[HostTensor, number]> = {
      length: 3,
      get: () => {
        throw new Error('not asked');
      },
      batch: (indices) => {
        asked.push(Array.from(indices));
        return [{ dtype: 'float32', shape: [indices.length, 1], data: Float32Array.from(indices) }, 'a note'];
      },
    };
    for await (const [x, note] of new DataLoader<unknown, [Tensor, string]>(whole as Dataset, { batchSize: 2 })) {
      expect(x.shape[1]).toBe(1);
      expect(note).toBe('a note');
    }
    expect(asked).toEqual([[0, 1], [2]]);
  });

  test('collate of the user: its HostTensors and its own tensors are freed, samples are as get gave them', async () => {
    const collate = (samples: [Float32Array, number][]) => ({
      n: samples.length,
      host: {
        dtype: 'int32',
        shape: [samples.length],
        data: Int32Array.from(samples, ([, y]) => y),
      } as unknown as Tensor,
      made: tensor(samples.map(([, y]) => y)).add(1),
    });
    let last: Tensor | null = null;
    for await (const { n, host, made } of new DataLoader(pairs(3), { batchSize: 3, collate })) {
      expect(n).toBe(3);
      expect(await host.array()).toEqual([0, 1, 2]);
      expect(await made.array()).toEqual([1, 2, 3]);
      expect(memory().tensors).toBe(before() + 2);
      last = made;
    }
    expect(last?.disposed).toBe(true);
  });

  test('a sampler of the user', async () => {
    const loader = new DataLoader(pairs(5), { batchSize: 2, sampler: [4, 0, 4] });
    expect(loader.length).toBe(2);
    const seen: unknown[] = [];
    for await (const [, y] of loader) seen.push(await y.array());
    expect(seen).toEqual([[4, 0], [4]]);
  });
});

describe('errors', () => {
  const bad: [string, unknown, unknown, RegExp][] = [
    ['batchSize 0', pairs(3), { batchSize: 0 }, /whole batchSize of at least 1, got 0/],
    ['batchSize NaN', pairs(3), { batchSize: NaN }, /got NaN/],
    ['batchSize -1', pairs(3), { batchSize: -1 }, /got -1/],
    ['batchSize 1.5', pairs(3), { batchSize: 1.5 }, /got 1.5/],
    ['batchSize Infinity', pairs(3), { batchSize: Infinity }, /got Infinity/],
    ['batchSize in text', pairs(3), { batchSize: '64' }, /got 64/],
    ['batchSize by position', pairs(3), 64, /options in an object, got number; pass { batchSize: 64 }/],
    ['shuffle 1', pairs(3), { shuffle: 1 }, /shuffle to be true or false, got number/],
    ['dropLast in text', pairs(3), { dropLast: 'yes' }, /dropLast to be true or false, got string/],
    ['a seed for a generator', pairs(3), { generator: 42 }, /generator to be a Generator, got number/],
    ['collate null', pairs(3), { collate: null }, /collate to be a function, got null/],
    ['a backend that is no name', pairs(3), { backend: {} }, /backend to be the name of a backend, got object/],
    ['a sampler that is none', pairs(3), { sampler: 5 }, /sampler to be an iterable with a length, got number/],
    ['shuffle and a sampler', pairs(3), { shuffle: true, sampler: [1] }, /expected shuffle or a sampler, got both/],
    ['shuffle of nothing', pairs(0), { shuffle: true }, /at least one sample to shuffle, got 0/],
    ['no dataset', undefined, {}, /a dataset with length and get\(i\), got undefined/],
    ['null', null, {}, /got null/],
    ['an array', [1, 2], {}, /got an array/],
    ['a promise of one', Promise.resolve(pairs(3)), {}, /got object; await FashionMNIST\.load/],
    ['a length of NaN', { length: NaN, get: () => 1 }, {}, /a dataset with length/],
    ['a negative length', { length: -1, get: () => 1 }, {}, /a dataset with length/],
  ];
  test.each(bad)('%s', (_, dataset, options, message) => {
    const make = () => new DataLoader(dataset as any, options as any);
    expect(make).toThrow(message);
    try {
      make();
    } catch (e) {
      expect(isKonvError(e)).toBe(true);
    }
  });

  test('a tensor for a dataset', () => {
    const x = tensor([1]);
    expect(() => new DataLoader(x as any)).toThrow(/got a tensor; use new TensorDataset/);
    x.dispose();
  });

  test('an error of a sample comes with its index; others of the batch are not left unhandled', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const cause = new Error('disk');
    const sync: Dataset<number> = { length: 6, get: (i) => (i === 4 ? raise(cause) : i) };
    const later: Dataset<number> = { length: 6, get: async (i) => (i >= 4 ? raise(cause) : i) };
    const both: Dataset<number> = {
      length: 6,
      get: (i) => (i === 4 ? raise(cause) : i === 5 ? Promise.reject(cause) : i),
    };
    for (const dataset of [sync, later, both]) {
      const e = await failure(() => drain(new DataLoader(dataset, { batchSize: 3 })));
      expect(e.message).toMatch(/^\[DataLoader\] expected sample 4 of the dataset, got Error: disk; /);
      expect(e.cause).toBe(cause);
    }
    const konv: Dataset<number> = { length: 2, get: () => raise(new ShapeError('crop', 'expected 3, got 2; pad')) };
    const e = await failure(() => drain(new DataLoader(konv)));
    expect(e).toBeInstanceOf(ShapeError);
    expect(e.message).toBe('sample 0 of the dataset: [crop] expected 3, got 2; pad');
    await new Promise((r) => setTimeout(r, 5));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('a failed batch leaves nothing behind', async () => {
    const dataset: Dataset<Tensor> = { length: 3, get: (i) => (i === 2 ? raise(new Error('late')) : tensor([i])) };
    await failure(() => drain(new DataLoader(dataset, { batchSize: 3 })));
    const odd: Dataset<Tensor> = { length: 2, get: (i) => tensor(new Float32Array(i + 1)) };
    await failure(() => drain(new DataLoader(odd, { batchSize: 2 })));
    expect(memory().tensors).toBe(before());
  });

  test('a backend that is not registered', async () => {
    const e = await failure(() => drain(new DataLoader(pairs(2), { backend: 'nowhere' })));
    expect(e.name).toBe('BackendError');
    expect(e.message).toContain('"nowhere"');
  });
});
