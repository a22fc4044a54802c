import { defaultGenerator, fillUniform, Generator, getRngState, manualSeed, type Tensor } from '@konv/core-tensor';
import { describe, expect, test } from 'vitest';
import { DataLoader, type DataLoaderOptions, type DataLoaderState, RandomSampler, type Sampler } from '../src/index.js';
import { countTensors, failure } from './loader-tools.js';

countTensors();

type Options = DataLoaderOptions<Float32Array, Tensor>;
interface Plan {
  name: string;
  size: number;
  /** Made anew for each run, as in another process. */
  build: (range: { length: number }) => Options;
}

const plans: Plan[] = [
  { name: 'in order', size: 7, build: () => ({ batchSize: 2 }) },
  { name: 'shuffled', size: 10, build: () => ({ batchSize: 3, shuffle: true }) },
  { name: 'shuffled, dropLast', size: 10, build: () => ({ batchSize: 3, shuffle: true, dropLast: true }) },
  { name: 'a generator of its own', size: 9, build: () => ({ batchSize: 2, shuffle: true, generator: new Generator(5) }) },
  {
    name: 'a sampler with a generator, replacement, several blocks',
    size: 6,
    build: (range) => ({
      batchSize: 4,
      sampler: new RandomSampler(range, { replacement: true, numSamples: 70, generator: new Generator(8) }),
    }),
  },
  {
    name: 'two generators',
    size: 6,
    build: (range) => ({ batchSize: 4, generator: new Generator(1), sampler: new RandomSampler(range, { generator: new Generator(8) }) }),
  },
];

/** A dataset whose samples draw from the global generator, as a random transform does. */
function noisy(length: number) {
  return {
    length,
    get: (i: number) => {
      const noise = new Float32Array(1);
      fillUniform(defaultGenerator(), noise);
      return Float32Array.of(i, noise[0]);
    },
  };
}

const makeLoader = (plan: Plan) => {
  const dataset = noisy(plan.size);
  return new DataLoader<Float32Array, Tensor>(dataset, plan.build(dataset));
};

/** One pass; after each batch, draws as dropout does, and calls `after`, which may end the pass. */
async function pass(loader: DataLoader<Float32Array, Tensor>, after?: (batches: number) => boolean): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const batch of loader) {
    seen.push([await batch.array(), defaultGenerator().uniform53()]);
    if (after?.(seen.length)) break;
  }
  return seen;
}

async function uninterrupted(plan: Plan, passes: number): Promise<unknown[][]> {
  manualSeed(3);
  const loader = makeLoader(plan);
  const out: unknown[][] = [];
  for (let k = 0; k < passes; k++) out.push(await pass(loader));
  return out;
}

/** What another process sees: the state as JSON, a loader built anew, generators anywhere. */
function resumed(plan: Plan, json: string): DataLoader<Float32Array, Tensor> {
  manualSeed(777);
  const loader = makeLoader(plan);
  loader.loadStateDict(JSON.parse(json) as DataLoaderState);
  return loader;
}

describe.each(plans)('resuming: $name', (plan) => {
  test('after every batch of every pass, the same batches and the same later passes', async () => {
    const all = await uninterrupted(plan, 4);
    for (let p = 0; p < 2; p++) {
      for (let k = 1; k <= all[p].length; k++) {
        manualSeed(3);
        const first = makeLoader(plan);
        for (let q = 0; q < p; q++) await pass(first);
        let json = '';
        await pass(first, (batches) => {
          if (batches === k) json = JSON.stringify(first.stateDict());
          return batches === k;
        });
        const loader = resumed(plan, json);
        expect(await pass(loader)).toEqual(all[p].slice(k));
        expect(await pass(loader)).toEqual(all[p + 1]);
        expect(await pass(loader)).toEqual(all[p + 2]);
      }
    }
  });

  test('between passes, and before the first', async () => {
    const all = await uninterrupted(plan, 3);
    manualSeed(3);
    const first = makeLoader(plan);
    const states = [JSON.stringify(first.stateDict())];
    await pass(first);
    states.push(JSON.stringify(first.stateDict()));
    for (const [p, json] of states.entries()) {
      expect(JSON.parse(json).pass).toBe(null);
      const loader = resumed(plan, json);
      expect([await pass(loader), await pass(loader)]).toEqual([all[p], all[p + 1]]);
    }
  });

  test('interrupted again in the resumed pass; a state is given back as it was taken', async () => {
    const all = await uninterrupted(plan, 2);
    manualSeed(3);
    const first = makeLoader(plan);
    let json = '';
    const save = (loader: DataLoader<Float32Array, Tensor>) => () => {
      json = JSON.stringify(loader.stateDict());
      return true;
    };
    await pass(first, save(first));
    const second = resumed(plan, json);
    expect(JSON.stringify(second.stateDict())).toBe(json);
    expect(await pass(second, save(second))).toEqual(all[0].slice(1, 2));
    expect(JSON.parse(json).pass.batches).toBe(2);
    const third = resumed(plan, json);
    expect(await pass(third)).toEqual(all[0].slice(2));
    expect(await pass(third)).toEqual(all[1]);
  });
});

describe('positions', () => {
  const range = { length: 6, get: (i: number) => i };

  test('a pass that was broken off stays open until the next begins', async () => {
    const loader = new DataLoader(range, { batchSize: 2 });
    for await (const _ of loader) break;
    expect(loader.stateDict().pass?.batches).toBe(1);
    const it = loader[Symbol.asyncIterator]();
    expect(loader.stateDict().pass).toBe(null);
    await it.next();
    await it.next();
    expect(loader.stateDict().pass?.batches).toBe(2);
    await it.next();
    await it.next();
    expect(loader.stateDict().pass).toBe(null);
  });

  test('the samples of batches that were given out are not loaded again', async () => {
    const asked: number[] = [];
    const get = (i: number): number => {
      asked.push(i);
      return i;
    };
    const loader = new DataLoader({ length: 6, get }, { batchSize: 2 });
    for await (const _ of loader) break;
    const state = loader.stateDict();
    asked.length = 0;
    loader.loadStateDict(state);
    for await (const _ of loader);
    expect(asked).toEqual([2, 3, 4, 5]);
  });

  test('an error in the first batch: the same order is tried again', async () => {
    let broken = true;
    const dataset = {
      length: 8,
      get: (i: number) => {
        if (broken) throw new Error('not now');
        return i;
      },
    };
    manualSeed(4);
    const loader = new DataLoader<number, Tensor>(dataset, { batchSize: 8, shuffle: true });
    await failure(() => loader[Symbol.asyncIterator]().next());
    const state = loader.stateDict();
    expect(state.pass?.batches).toBe(0);
    broken = false;
    const orders: number[][] = [];
    const next = async () => {
      for await (const batch of loader) orders.push(Array.from(await batch.data()));
    };
    loader.loadStateDict(state);
    const [before, draw] = [getRngState(), defaultGenerator().uniform53()];
    loader.loadStateDict(state);
    await next();
    expect(getRngState()).toEqual(before);
    expect(defaultGenerator().uniform53()).toBe(draw);
    manualSeed(4);
    await next();
    expect(orders[0]).toEqual(orders[1]);
  });

  test('what is drawn between loadStateDict and the next pass is not undone by it', async () => {
    manualSeed(1);
    const loader = new DataLoader(range, { batchSize: 2, shuffle: true });
    for await (const _ of loader) break;
    const state = loader.stateDict();
    loader.loadStateDict(state);
    manualSeed(99);
    const before = getRngState();
    for await (const _ of loader);
    expect(getRngState()).toEqual(before);
  });
});

describe('states that are refused', () => {
  const range = { length: 6, get: (i: number) => i };
  const good = () => new DataLoader(range, { batchSize: 2 }).stateDict();
  const open = (pass: unknown) => ({ ...good(), pass });
  const own: Sampler = { length: 6, generator: new Generator(1), [Symbol.iterator]: () => [0, 1, 2, 3, 4, 5][Symbol.iterator]() };

  test.each<[string, () => unknown, RegExp, Options?]>([
    ['null', () => null, /a state in an object, got null; pass what stateDict\(\) returned/],
    ['a list', () => [], /got an array/],
    ['a text', () => JSON.stringify(good()), /got string/],
    ['another version', () => ({ ...good(), version: 2 }), /version 1, got 2/],
    ['another dataset', () => ({ ...good(), samples: 7 }), /a state of samples 6, got 7; build the loader as it was/],
    ['another batch size', () => good(), /a state of batchSize 3, got 2/, { batchSize: 3 }],
    ['another dropLast', () => good(), /a state of dropLast true, got false/, { batchSize: 2, dropLast: true }],
    ['a generator more', () => good(), /the states of 2 generators, got 1/, { batchSize: 2, generator: new Generator(1) }],
    ['a sampler with a generator', () => good(), /the states of 2 generators, got 1/, { batchSize: 2, sampler: own }],
    ['no generators', () => ({ ...good(), generators: undefined }), /1 generators, got undefined/],
    ['a generator that is null', () => ({ ...good(), generators: [null] }), /in base64, got null/],
    ['a generator in no base64', () => ({ ...good(), generators: ['*'] }), /in base64, got other text/],
    ['too few bytes', () => ({ ...good(), generators: ['AAAA'] }), /5056 bytes, got 3/],
    ['a pass that is a number', () => open(3), /a pass in an object, or null, got 3/],
    ['a negative position', () => open({ batches: -1, generators: good().generators }), /in \[0, 3\], got -1/],
    ['a position beyond the pass', () => open({ batches: 4, generators: good().generators }), /in \[0, 3\], got 4/],
    ['half a position', () => open({ batches: 0.5, generators: good().generators }), /in \[0, 3\], got 0.5/],
    ['a pass without generators', () => open({ batches: 1, generators: [] }), /1 generators, got 0/],
    ['a pass with a bad generator', () => open({ batches: 1, generators: ['AAAA'] }), /5056 bytes/],
  ])('%s', async (_, state, message, options = { batchSize: 2 }) => {
    const loader = new DataLoader(range, options as unknown as DataLoaderOptions<number>);
    const before = JSON.stringify(loader.stateDict());
    const e = await failure(() => loader.loadStateDict(state() as DataLoaderState));
    expect(e.name).toBe('FormatError');
    expect(e.message).toMatch(message);
    expect(JSON.stringify(loader.stateDict())).toBe(before);
  });
});
