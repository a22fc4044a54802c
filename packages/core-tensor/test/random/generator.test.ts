import { describe, expect, it } from 'vitest';
import { FormatError, KonvError } from '../../src/errors.js';
import {
  DEFAULT_SEED,
  fillBernoulli,
  fillBernoulliTensor,
  fillDropoutMask,
  fillNormal,
  fillRandint,
  fillUniform,
  Generator,
  randperm,
} from '../../src/random/index.js';
import { fma } from '../../src/random/fma.js';

const draws = (g: Generator, n = 4): number[] => Array.from({ length: n }, () => g.random32());

describe('Generator', () => {
  it("is MT19937: the 10 000th draw of seed 5489 is the C++ standard's", () => {
    const g = new Generator(5489);
    for (let i = 1; i < 10_000; i++) g.random32();
    expect(g.random32()).toBe(4123659995);
  });

  it("starts from PyTorch's default seed", () => {
    expect(new Generator().initialSeed()).toBe(DEFAULT_SEED);
    expect(draws(new Generator())).toEqual(draws(new Generator(DEFAULT_SEED)));
  });

  it('takes numbers and bigints alike, and forgets the cached normal', () => {
    const g = new Generator(3);
    g.normal();
    expect(g.manualSeed(7)).toBe(g);
    expect(g.getState()).toEqual(new Generator(7n).getState());
    expect(new Generator(-1).initialSeed()).toBe(2n ** 64n - 1n);
    expect(draws(new Generator(2 ** 32 + 5))).toEqual(draws(new Generator(5)));
  });

  it('seeds itself at random', () => {
    const g = new Generator(0);
    const a = g.seed();
    expect(Number.isSafeInteger(a)).toBe(true);
    expect(g.initialSeed()).toBe(BigInt(a));
    expect(draws(g)).toEqual(draws(new Generator(a)));
    expect(g.seed()).not.toBe(a);
  });

  it('joins two draws, the first on top', () => {
    const [hi, lo] = draws(new Generator(8), 2);
    expect(new Generator(8).random64()).toBe((BigInt(hi) << 32n) | BigInt(lo));
    expect(new Generator(8).random63()).toBe(BigInt.asUintN(63, (BigInt(hi) << 32n) | BigInt(lo)));
    expect(new Generator(8).uniform53()).toBe(((hi % 2 ** 21) * 2 ** 32 + lo) / 2 ** 53);
    expect(new Generator(8).uniform24()).toBe((hi % 2 ** 24) / 2 ** 24);
  });

  it('goes on from a state, which is a copy and survives JSON', () => {
    const g = new Generator(1);
    for (let i = 0; i < 1000; i++) g.random32();
    g.normal();
    const state = g.getState();
    const json = JSON.stringify(Array.from(state));
    const want = [g.normal(), ...draws(g)];
    const h = new Generator();
    h.setState(state);
    expect([h.normal(), ...draws(h)]).toEqual(want);
    h.setState(JSON.parse(json) as number[]);
    expect(h.initialSeed()).toBe(1n);
    expect([h.normal(), ...draws(h)]).toEqual(want);
    h.setState(structuredClone(state));
    expect([h.normal(), ...draws(h)]).toEqual(want);
  });

  it('reads a state that lies anywhere in its buffer', () => {
    const state = new Generator(4).getState();
    const wide = new Uint8Array(state.length + 7);
    wide.set(state, 3);
    const g = new Generator(0);
    g.setState(wide.subarray(3, 3 + state.length));
    expect(draws(g)).toEqual(draws(new Generator(4)));
  });
});

describe('seeds and states that are refused', () => {
  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2n ** 64n, -(2n ** 63n) - 1n, '3', null, undefined])('seed %s', (seed) => {
    const g = new Generator(0);
    const before = g.getState();
    expect(() => g.manualSeed(seed as number)).toThrow(KonvError);
    expect(() => g.manualSeed(seed as number)).toThrow(/^\[manualSeed\] expected .*, got .*; /);
    expect(g.getState()).toEqual(before);
  });

  const patched = (at: number, ...bytes: number[]): Uint8Array => {
    const state = new Generator(5).getState();
    state.set(bytes, at);
    return state;
  };
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'x'.repeat(5056)],
    ['an object', { length: 5056 }],
    ['no bytes', new Uint8Array(0)],
    ['truncated', new Generator(5).getState().subarray(0, 5055)],
    ['too long', new Uint8Array(5057)],
    ['all zero', new Uint8Array(5056)],
    ['not bytes', new Array(5056).fill(256)],
    ['holes', new Array(5056)],
    ['a position past the block', patched(16, 0xff, 0xff)],
    ['a position that contradicts itself', patched(8, 5)],
    ['left 0', patched(8, 0)],
    ['left negative', patched(8, 0xff, 0xff, 0xff, 0xff)],
    ['a word of 33 bits', patched(24 + 4, 1)],
    ['a cached normal that is 2', patched(5040, 2)],
    ['a cached normal that is NaN', patched(5024, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f, ...new Array<number>(8).fill(0), 1)],
  ])('state: %s', (_, state) => {
    const g = new Generator(9);
    g.normal();
    const before = g.getState();
    expect(() => g.setState(state as Uint8Array)).toThrow(FormatError);
    expect(() => g.setState(state as Uint8Array)).toThrow(/^\[setState\] expected .*, got .*; /);
    expect(g.getState()).toEqual(before);
  });
});

describe('distributions that are refused draw nothing', () => {
  const f = new Float32Array(3);
  const inf = Number.POSITIVE_INFINITY;
  it.each<[string, (g: Generator) => unknown]>([
    ['uniform', (g) => fillUniform(g, f, 1, 0)],
    ['uniform', (g) => fillUniform(g, f, 0, inf)],
    ['uniform', (g) => fillUniform(g, f, Number.NaN, 1)],
    ['uniform', (g) => fillUniform(g, f, -2e38, 2e38)],
    ['normal', (g) => fillNormal(g, f, 0, -1)],
    ['normal', (g) => fillNormal(g, f, 0, Number.NaN)],
    ['randint', (g) => fillRandint(g, new Int32Array(3), 5, 5)],
    ['randint', (g) => fillRandint(g, new Int32Array(3), 0.5, 5)],
    ['randint', (g) => fillRandint(g, new Int32Array(3), 0, 2 ** 31 + 1)],
    ['randint', (g) => fillRandint(g, new Int32Array(3), -(2 ** 31), 2 ** 31)],
    ['randint', (g) => fillRandint(g, f, 0, 2 ** 24 + 2)],
    ['randint', (g) => fillRandint(g, new Uint8Array(3), -1, 2)],
    ['randint', (g) => fillRandint(g, new Float64Array(3), 0, 2 ** 32)],
    ['randperm', (g) => randperm(g, -1)],
    ['randperm', (g) => randperm(g, 1.5)],
    ['randperm', (g) => randperm(g, 2 ** 31)],
    ['bernoulli', (g) => fillBernoulli(g, f, -0.1)],
    ['bernoulli', (g) => fillBernoulli(g, f, Number.NaN)],
    ['bernoulli', (g) => fillBernoulliTensor(g, f, Float32Array.of(0, 1, 1.5))],
    ['bernoulli', (g) => fillBernoulliTensor(g, f, Float32Array.of(0, 1, Number.NaN))],
    ['bernoulli', (g) => fillBernoulliTensor(g, f, Float32Array.of(0, 1))],
    ['dropout', (g) => fillDropoutMask(g, new Uint8Array(3), 1.01)],
  ])('%s %s', (op, call) => {
    const g = new Generator(2);
    const before = g.getState();
    f.fill(8);
    expect(() => call(g)).toThrow(new RegExp(`^\\[${op}\\] expected .*, got .*; `));
    expect(() => call(g)).toThrow(KonvError);
    expect(g.getState()).toEqual(before);
    expect(Array.from(f)).toEqual([8, 8, 8]);
  });

  it('nothing is drawn for nothing', () => {
    const g = new Generator(2);
    const before = g.getState();
    fillUniform(g, new Float32Array(0));
    fillNormal(g, new Float32Array(0));
    randperm(g, 0);
    randperm(g, 1);
    expect(g.getState()).toEqual(before);
  });
});

describe('fma', () => {
  const bits = (x: number): bigint => {
    const v = new DataView(new ArrayBuffer(8));
    v.setFloat64(0, x);
    return v.getBigInt64(0);
  };
  /** x as a whole number of 2^-1200. */
  const exact = (x: number): bigint => {
    const b = bits(Math.abs(x));
    const e = Number(b >> 52n);
    const m = (b & 0xfffffffffffffn) | (e > 0 ? 1n << 52n : 0n);
    const v = m << BigInt(1200 - 1074 + Math.max(e, 1) - 1);
    return x < 0 ? -v : v;
  };
  const abs = (x: bigint): bigint => (x < 0n ? -x : x);

  it('rounds once: no neighbour is nearer to the exact value', () => {
    const g = new Generator(17);
    for (let i = 0; i < 600; i++) {
      const [a, b, c] = [g.normal(), g.normal(0, 3), g.normal(0, i % 3 === 0 ? 1e-9 : 1)];
      const want = exact(a) * exact(b) + (exact(c) << 1200n);
      const got = fma(a, b, c);
      const ulp = Math.abs(got) * 2 ** -52;
      const miss = abs((exact(got) << 1200n) - want);
      for (const other of [got - ulp, got + ulp]) {
        expect(miss <= abs((exact(other) << 1200n) - want), `${a} * ${b} + ${c}`).toBe(true);
      }
    }
  });

  it('gives what * and + give where nothing can be kept', () => {
    expect(fma(1e308, 10, 1)).toBe(Number.POSITIVE_INFINITY);
    expect(fma(Number.NaN, 1, 1)).toBeNaN();
    expect(fma(1e307, 2, 1)).toBe(2e307);
    expect(fma(2, 3, -6)).toBe(0);
  });
});
