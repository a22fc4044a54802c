import { readFileSync } from 'node:fs';
import { cpuJs } from '@konv/backend-cpu-js';
import { defaultGenerator, fillUniform, Generator, manualSeed, registerBackend, type Tensor } from '@konv/core-tensor';
import { beforeAll, describe, expect, test } from 'vitest';
import { DataLoader, RandomSampler } from '../src/index.js';
import { batches, countBatches } from '../src/sampler.js';

interface Epoch {
  batches: number[][];
  nextRand: number[];
  nextGlobalRand: number[];
}
interface Case {
  size: number;
  batchSize: number;
  dropLast: boolean;
  shuffle: boolean;
  seed: number;
  generator: boolean;
  length: number;
  epochs: Epoch[];
}
interface SamplerCase {
  sampler: string;
  size: number;
  replacement: boolean;
  numSamples: number | null;
  generator: boolean;
  globalSeed: number;
  seed: number;
  epochs: { indices: number[]; nextRand: number[] }[];
  batchSize: number;
  dropLast: boolean;
  batches: number[][];
}

// Made with PyTorch 1.13: `npm run golden -- data/loader`.
const golden = JSON.parse(readFileSync(new URL('fixtures/loader.json', import.meta.url), 'utf8'));

beforeAll(() => {
  registerBackend(cpuJs());
});

const range = (length: number) => ({ length, get: (i: number) => i });

/** What the generator would give next, without taking it. */
function nextRand(generator: Generator): number[] {
  const copy = new Generator();
  copy.setState(generator.getState());
  const out = new Float32Array(3);
  fillUniform(copy, out);
  return Array.from(out);
}

async function pass(loader: DataLoader<number, Tensor>): Promise<number[][]> {
  const out: number[][] = [];
  for await (const batch of loader) out.push(Array.from(await batch.data()));
  return out;
}

function seeded(c: { seed: number; generator: boolean }, globalSeed: number): Generator | undefined {
  manualSeed(c.generator ? globalSeed : c.seed);
  return c.generator ? new Generator(c.seed) : undefined;
}

const float32 = (xs: number[]) => Array.from(Float32Array.from(xs));

describe("PyTorch's DataLoader", () => {
  const name = (c: Case) =>
    `${c.size} by ${c.batchSize}${c.dropLast ? ' dropLast' : ''}${c.shuffle ? ' shuffled' : ''}, seed ${c.seed}${c.generator ? ' of its own' : ''}`;
  test.each((golden.cases as Case[]).map((c) => [name(c), c] as const))('%s', async (_, c) => {
    const generator = seeded(c, 999);
    const { batchSize, dropLast, shuffle } = c;
    const loader = new DataLoader(range(c.size), { batchSize, dropLast, shuffle, generator });
    expect(loader.length).toBe(c.length);
    for (const epoch of c.epochs) {
      expect(await pass(loader)).toEqual(epoch.batches);
      expect(nextRand(generator ?? defaultGenerator())).toEqual(float32(epoch.nextRand));
      expect(nextRand(defaultGenerator())).toEqual(float32(epoch.nextGlobalRand));
    }
  });

  test.each([0, 1])('a pass that is broken off, and the next one (case %i)', async (k) => {
    const c = golden.abandoned[k];
    const generator = seeded(c, c.globalSeed);
    const loader = new DataLoader(range(c.size), { batchSize: c.batchSize, shuffle: true, generator });
    for await (const batch of loader) {
      expect(Array.from(await batch.data())).toEqual(c.first);
      break;
    }
    expect(nextRand(generator ?? defaultGenerator())).toEqual(float32(c.nextRand));
    expect(await pass(loader)).toEqual(c.second.batches);
    expect(nextRand(generator ?? defaultGenerator())).toEqual(float32(c.second.nextRand));
    expect(nextRand(defaultGenerator())).toEqual(float32(c.second.nextGlobalRand));
  });

  test.each([0, 1])('an iterator that is never asked (case %i)', (k) => {
    const c = golden.opened[k];
    const generator = seeded(c, c.globalSeed);
    new DataLoader(range(9), { batchSize: 2, shuffle: true, generator })[Symbol.asyncIterator]();
    expect(nextRand(generator ?? defaultGenerator())).toEqual(float32(c.nextRand));
  });
});

describe("PyTorch's samplers", () => {
  const all = golden.samplers as SamplerCase[];
  test.each(all.filter((c) => c.sampler === 'RandomSampler'))('RandomSampler %#', (c) => {
    const generator = seeded(c, c.globalSeed);
    const options = { replacement: c.replacement, numSamples: c.numSamples ?? undefined, generator };
    const sampler = new RandomSampler(range(c.size), options);
    expect(sampler.length).toBe(c.numSamples ?? c.size);
    for (const { indices, nextRand: next } of c.epochs) {
      expect([...sampler]).toEqual(indices);
      expect(nextRand(generator ?? defaultGenerator())).toEqual(float32(next));
    }
  });

  test.each(all.filter((c) => c.sampler === 'BatchSampler'))('BatchSampler %#', (c) => {
    const got = Array.from(batches(Array(c.size).keys(), c.batchSize, c.dropLast), (b) => Array.from(b));
    expect(got).toEqual(c.batches);
    expect(countBatches(c.size, c.batchSize, c.dropLast)).toBe(c.batches.length);
  });

  test('the fixture has them', () => {
    expect(golden.cases.length).toBeGreaterThan(20);
    expect(all.length).toBeGreaterThan(5);
  });
});
