import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { cpuJs } from '@konv/backend-cpu-js';
import {
  DTypeError,
  isKonvError,
  keep,
  manualSeed,
  memory,
  registerBackend,
  Scope,
  scope,
  ShapeError,
  type Tensor,
  tensor,
} from '@konv/core-tensor';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { DataLoader, type Dataset, type HostTensor, TensorDataset } from '../src/index.js';

beforeAll(() => {
  registerBackend(cpuJs());
});

let before = memory().tensors;
beforeEach(() => {
  before = memory().tensors;
});
afterEach(() => {
  expect(memory().tensors).toBe(before);
});

/** `n` samples of `[Float32Array(3) full of i, i]`. */
const pairs = (n: number): Dataset<[Float32Array, number]> => ({
  length: n,
  get: (i) => [new Float32Array(3).fill(i), i],
});

function listOf<T>(...samples: T[]): Dataset<T> {
  return { length: samples.length, get: (i) => samples[i] };
}

async function failure(run: () => unknown): Promise<Error> {
  try {
    await run();
  } catch (e) {
    return e as Error;
  }
  throw new Error('expected an error');
}

async function drain(loader: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of loader);
}

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
    ]); // prettier-ignore
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
    expect(asked).toEqual([[0, 1], [2]]); // prettier-ignore
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
      expect(memory().tensors).toBe(before + 2);
      last = made;
    }
    expect(last?.disposed).toBe(true);
  });

  test('a sampler of the user', async () => {
    const loader = new DataLoader(pairs(5), { batchSize: 2, sampler: [4, 0, 4] });
    expect(loader.length).toBe(2);
    const seen: unknown[] = [];
    for await (const [, y] of loader) seen.push(await y.array());
    expect(seen).toEqual([[4, 0], [4]]); // prettier-ignore
  });
});

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
    ], // prettier-ignore
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
      expect(await pair[1].deep.array()).toEqual([[1], [2]]); // prettier-ignore
    }
  });

  test('tensors of samples are stacked and freed', async () => {
    const dataset: Dataset<Tensor> = { length: 3, get: (i) => tensor([i, i]).mul(2) };
    for await (const x of new DataLoader(dataset, { batchSize: 3 })) {
      expect(await x.array()).toEqual([
        [0, 0],
        [2, 2],
        [4, 4],
      ]); // prettier-ignore
      expect(memory().tensors).toBe(before + 1);
    }
  });

  const bad: [string, Dataset<any>, typeof ShapeError, RegExp][] = [
    [
      'shapes that differ',
      listOf(Float32Array.of(1), Float32Array.of(1, 2)),
      ShapeError,
      /one shape \[1\], got \[2\] at position 1/,
    ],
    [
      'dtypes that differ',
      listOf<unknown>(Float32Array.of(1), Int32Array.of(1)),
      DTypeError,
      /one dtype float32, got int32 at position 1/,
    ],
    [
      'a number and an array',
      listOf<unknown>(1, [1]),
      DTypeError,
      /numbers in all samples.*got an array of 1 at position 1/,
    ],
    [
      'tuples of two lengths',
      listOf([1, 2], [1]),
      DTypeError,
      /arrays of 2 in all samples.*got an array of 1 at position 1/,
    ],
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

describe('memory', () => {
  test('a batch is freed at the next step, by name', async () => {
    const seen: Tensor[] = [];
    for await (const [x] of new DataLoader(pairs(3))) {
      if (seen.length > 0) expect(seen[seen.length - 1].disposed).toBe(true);
      expect(memory().tensors).toBe(before + 2);
      seen.push(x);
    }
    expect(seen).toHaveLength(3);
    expect(() => seen[2].add(1)).toThrow(/freed by the next step of the DataLoader/);
  });

  test('break, throw and return free it', async () => {
    const loader = new DataLoader(pairs(3));
    for await (const _ of loader) break;
    expect(memory().tensors).toBe(before);
    await failure(async () => {
      for await (const _ of loader) throw new Error('in the body');
    });
    expect(memory().tensors).toBe(before);
    const it = loader[Symbol.asyncIterator]();
    await it.next();
    await it.return?.();
    expect(memory().tensors).toBe(before);
    expect((await it.next()).done).toBe(true);
  });

  test('what is kept stays', async () => {
    const kept: Tensor[] = [];
    for await (const [x] of new DataLoader(pairs(3))) kept.push(keep(x));
    expect(memory().tensors).toBe(before + 3);
    expect(await kept[1].array()).toEqual([[1, 1, 1]]);
    for (const x of kept) x.dispose();
  });

  test('a view of a batch outlives it', async () => {
    let row: Tensor | null = null;
    for await (const [x] of new DataLoader(pairs(2))) row ??= x.select(0, 0);
    expect(await row?.array()).toEqual([0, 0, 0]);
    row?.dispose();
  });

  test('with a using scope in the body, around the loop, and with run', async () => {
    for await (const [x] of new DataLoader(pairs(3))) {
      using step = scope();
      x.mul(2).add(1);
      expect(step.size).toBe(2);
      await Promise.resolve();
      expect(x.disposed).toBe(false);
    }
    expect(memory().tensors).toBe(before);
    {
      using _outer = scope();
      for await (const [x] of new DataLoader(pairs(3))) {
        x.mul(2);
        expect(x.scope).toBe(null);
      }
      expect(memory().tensors).toBe(before + 3);
    }
    expect(memory().tensors).toBe(before);
    const mine = new Scope();
    for await (const [x] of new DataLoader(pairs(3))) mine.run(() => x.mul(2));
    expect(memory().tensors).toBe(before + 3);
    mine.dispose();
  });

  test('scope(fn) that returns the batch leaves it to the loader', async () => {
    for await (const [x] of new DataLoader(pairs(2))) {
      const same = scope(() => {
        x.mul(2);
        return x;
      });
      expect(same.disposed).toBe(false);
    }
  });

  test('two passes at once', async () => {
    const loader = new DataLoader(pairs(4), { batchSize: 2 });
    const a = loader[Symbol.asyncIterator]();
    const b = loader[Symbol.asyncIterator]();
    const [x] = (await a.next()).value;
    const [y] = (await b.next()).value;
    await a.next();
    expect(x.disposed).toBe(true);
    expect(await y.array()).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ]); // prettier-ignore
    await a.return?.();
    await b.return?.();
  });

  test('the collector frees what an abandoned pass left', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const abandon = async () => void (await new DataLoader(pairs(3))[Symbol.asyncIterator]().next());
    await abandon();
    expect(memory().tensors).toBe(before + 2);
    for (let i = 0; i < 100 && memory().tensors > before; i++) {
      gc();
      await new Promise((r) => setTimeout(r, 10));
    }
    expect(memory().tensors).toBe(before);
  });

  test('timers run during a pass', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const started = performance.now();
    for await (const _ of new DataLoader(pairs(100_000), { batchSize: 1 }))
      if (performance.now() - started > 200) break;
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });
});

describe('TensorDataset', () => {
  test('batches in order and shuffled, on the backend of the tensors', async () => {
    const x = tensor([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ]); // prettier-ignore
    const y = tensor(Int32Array.of(0, 1, 2, 3));
    const dataset = new TensorDataset(x, y);
    expect(dataset.length).toBe(4);
    let rows = 0;
    for await (const [a, b] of new DataLoader(dataset, { batchSize: 3 })) {
      expect(a.backend).toBe('cpu-js');
      a.add_(100);
      rows += b.size;
    }
    expect(rows).toBe(4);
    expect(await x.array()).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ]); // prettier-ignore
    manualSeed(0);
    const seen: number[] = [];
    for await (const [a, b] of new DataLoader(dataset, { batchSize: 3, shuffle: true })) {
      const labels = Array.from(await b.data());
      expect(await a.array()).toEqual(labels.map((k) => [2 * k, 2 * k + 1]));
      seen.push(...labels);
    }
    expect(seen.slice().sort()).toEqual([0, 1, 2, 3]);
    expect(seen).not.toEqual([0, 1, 2, 3]);
    x.dispose();
    y.dispose();
  });

  test('stays where its tensors are, whichever backend is current', async () => {
    registerBackend({ ...wrap(cpuJs()), name: 'elsewhere' });
    const x = tensor([1, 2, 3], { backend: 'elsewhere' });
    for (const shuffle of [false, true]) {
      for await (const [a] of new DataLoader(new TensorDataset(x), { shuffle, backend: 'cpu-js' }))
        expect(a.backend).toBe('elsewhere');
    }
    for await (const [a] of new DataLoader(pairs(1), { backend: 'elsewhere' })) expect(a.backend).toBe('elsewhere');
    x.dispose();
  });

  test('a sample is a tuple of views', async () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]); // prettier-ignore
    const [row] = new TensorDataset(x).get(1);
    expect(row.isView).toBe(true);
    expect(await row.array()).toEqual([3, 4]);
    row.dispose();
    expect(() => new TensorDataset(x).get(2)).toThrow(/an index in \[0, 2\), got 2/);
    x.dispose();
  });

  test('what is no list of samples', () => {
    const x = tensor([1, 2, 3]);
    const y = tensor([1, 2]);
    const s = tensor(1);
    expect(() => new TensorDataset()).toThrow(/at least one tensor/);
    expect(() => new TensorDataset(x, y)).toThrow(/one size of the first dimension, got 3, 2/);
    expect(() => new TensorDataset(x, y)).toThrow(ShapeError);
    expect(() => new TensorDataset(s)).toThrow(/got a scalar as number 0/);
    expect(() => new TensorDataset([1, 2] as any)).toThrow(/expected tensors, got an array as number 0/);
    for (const t of [x, y, s]) t.dispose();
  });
});

/** A backend's methods as own properties, so that it can take another name. */
function wrap(backend: any): any {
  return (
    new Proxy(backend, {}) &&
    Object.fromEntries(
      allKeys(backend).map((k) => [k, typeof backend[k] === 'function' ? backend[k].bind(backend) : backend[k]]),
    )
  );
}
function allKeys(x: object): string[] {
  const keys = new Set<string>();
  for (let o = x; o && o !== Object.prototype; o = Object.getPrototypeOf(o))
    for (const k of Object.getOwnPropertyNames(o)) keys.add(k);
  keys.delete('constructor');
  return [...keys];
}

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
    expect(memory().tensors).toBe(before);
  });

  test('a backend that is not registered', async () => {
    const e = await failure(() => drain(new DataLoader(pairs(2), { backend: 'nowhere' })));
    expect(e.name).toBe('BackendError');
    expect(e.message).toContain('"nowhere"');
  });
});

function raise(e: Error): never {
  throw e;
}
