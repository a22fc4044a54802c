import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Generator, manualSeed, Parameter, rand, type Tensor, zeros } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import { Conv2d, init, Linear } from '../src/index.js';
import { build, type Description, thrown, values } from './support.js';

interface Stored {
  shape: number[];
  first: number[];
  sum: number;
  sha256: string;
  data?: number[];
}
interface Fixture {
  layers: { seed: number; module: Description; state: Record<string, Stored>; nextRand: number }[];
  functions: ({ seed: number; function: string; options: Record<string, unknown>; nextRand: number } & Stored)[];
  gains: { nonlinearity: init.Nonlinearity; param: number | null; gain: number }[];
}
const fixture: Fixture = JSON.parse(readFileSync(new URL('./fixtures/init.json', import.meta.url), 'utf8'));

const sha = (t: Tensor): string => createHash('sha256').update(t.dataSync()).digest('hex');

/** The generator stands where PyTorch's does: nothing was drawn too much or too little. */
function expectNext(nextRand: number): void {
  expect(values(rand([1]))[0]).toBe(Math.fround(nextRand));
}

describe("default initialisation is PyTorch's, bit for bit", () => {
  const missing: string[] = [];
  for (const { seed, module: description, state, nextRand } of fixture.layers) {
    manualSeed(seed);
    const name = JSON.stringify(description);
    const built = build(description);
    if (built === null) {
      missing.push((description as string[])[0]);
      continue;
    }
    it(`${name}, seed ${seed}`, () => {
      manualSeed(seed);
      const module = build(description);
      expectNext(nextRand);
      const dict = module?.stateDict() ?? {};
      expect(Object.keys(dict)).toEqual(Object.keys(state));
      for (const [key, stored] of Object.entries(state)) {
        expect(dict[key].shape).toEqual(stored.shape);
        const got = values(dict[key]).slice(0, stored.first.length);
        if (name.includes('Embedding') && dict[key].size >= 16) {
          // Normal numbers, 16 and more: to the last bits of PyTorch's logarithm.
          got.forEach((v, i) => expect(Math.abs(v - stored.first[i])).toBeLessThan(2e-6));
          continue;
        }
        expect(got).toEqual(stored.first.map(Math.fround));
        if (stored.sha256 !== undefined) expect(sha(dict[key])).toBe(stored.sha256);
      }
    });
  }
  it('covers all layers of the fixture but those that do not exist yet', () => {
    expect(missing).toEqual([]);
  });
  it('takes a generator of its own, and leaves the global one alone', () => {
    manualSeed(0);
    const a = new Conv2d(1, 6, 5);
    manualSeed(99);
    const b = new Conv2d(1, 6, 5, { generator: new Generator(0) });
    expect(values(b.weight)).toEqual(values(a.weight));
    expect(values(b.bias as Tensor)).toEqual(values(a.bias as Tensor));
    const next = values(rand([1]));
    manualSeed(99);
    expect(values(rand([1]))).toEqual(next);
  });
  it('in float64 draws 53 bits', () => {
    const layer = new Linear(4, 3, { dtype: 'float64' });
    expect(layer.weight.dtype).toBe('float64');
    expect(values(layer.weight).some((v) => v !== Math.fround(v))).toBe(true);
    expect(Math.max(...values(layer.weight).map(Math.abs))).toBeLessThanOrEqual(0.5);
  });
  it('resetParameters draws the same again', () => {
    manualSeed(3);
    const layer = new Linear(4, 3);
    const before = values(layer.weight);
    layer.resetParameters();
    expect(values(layer.weight)).not.toEqual(before);
    manualSeed(3);
    layer.resetParameters();
    expect(values(layer.weight)).toEqual(before);
  });
});

describe('init functions', () => {
  const functions = init as unknown as Record<string, (t: Tensor, options?: unknown) => Tensor>;
  for (const f of fixture.functions) {
    it(`${f.function}_(${JSON.stringify(f.options)}) on [${f.shape}]`, () => {
      manualSeed(f.seed);
      const t = new Parameter(zeros(f.shape));
      const argument = f.function === 'constant' ? f.options['val'] : f.options;
      expect(functions[`${f.function}_`](t, argument)).toBe(t);
      expectNext(f.nextRand);
      const got = values(t);
      if (/ormal/.test(f.function)) {
        const scale = Math.max(1, ...got.map(Math.abs));
        got.slice(0, f.first.length).forEach((v, i) => expect(Math.abs(v - f.first[i])).toBeLessThan(2e-6 * scale));
        expect(Math.abs(got.reduce((a, b) => a + b, 0) - f.sum)).toBeLessThan(1e-4 * scale);
      } else {
        expect(sha(t)).toBe(f.sha256);
      }
      expect(t.node).toBe(null);
    });
  }
  it.each(fixture.gains)('calculateGain($nonlinearity, $param) = $gain', ({ nonlinearity, param, gain }) => {
    expect(init.calculateGain(nonlinearity, param ?? undefined)).toBe(gain);
  });
  it('eye_ and fans', () => {
    expect(values(init.eye_(zeros([2, 3])))).toEqual([1, 0, 0, 0, 1, 0]);
    expect(init.calculateFanInAndFanOut(zeros([8, 3, 5, 2]))).toEqual({ fanIn: 30, fanOut: 80 });
  });
  it.each([
    ['a vector has no fans', () => init.kaimingUniform_(zeros([3])), 'ShapeError', /at least two axes, got shape \[3\]/],
    ['eye_ wants a matrix', () => init.eye_(zeros([3])), 'ShapeError', /a matrix, got shape \[3\]/],
    ['an unknown nonlinearity', () => init.calculateGain('gelu' as never), 'KonvError', /'leaky_relu'.*got 'gelu'/],
    [
      'an unknown mode',
      () => init.kaimingNormal_(zeros([2, 2]), { mode: 'fanIn' as never }),
      'KonvError',
      /'fan_in' or 'fan_out', got 'fanIn'/,
    ],
    ['whole numbers have no uniform', () => init.uniform_(zeros([2], { dtype: 'int32' })), 'DTypeError', /float/],
    ['no value', () => init.constant_(zeros([2]), undefined as never), 'KonvError', /a number, got undefined/],
  ])('%s', (_, fn, name, message) => {
    const e = thrown(fn);
    expect(e.name).toBe(name);
    expect(e.message).toMatch(message);
  });
});
