import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  fillBernoulli,
  fillBernoulliTensor,
  fillDropoutMask,
  fillNormal,
  fillRandint,
  fillUniform,
  Generator,
  type GeneratorState,
  randperm,
} from '../../src/random/index.js';

type Floats = Float32Array | Float64Array;

/** One step of a script; `op` says which of the fields it has. */
interface Step {
  op: string;
  n: number;
  dtype?: 'float32' | 'float64' | 'int32';
  low: number;
  high: number;
  a: number;
  b: number;
  mean: number;
  std: number;
  p: number | number[];
  batch: number;
  channels: number;
  out: number[] | string;
}

interface Fixture {
  cases: { seed: string; initialSeed: string; steps: Step[]; sha256: string; nextNormal: number | null }[];
  layers: { layer: string; fanIn: number; weight: number[]; bias: number[] }[];
  state: { zlib: string; initialSeed: string; randn: number[]; rand: number[] };
  long: { seed: string; rand100003: string; randperm60000: string; uniform100003: string; uniformDouble20001: string };
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/rng.json', import.meta.url), 'utf8')) as Fixture;

const floats = (s: Step): Floats => (s.dtype === 'float64' ? new Float64Array(s.n) : new Float32Array(s.n));

function filled<T>(out: T, fill: (out: T) => void): T {
  fill(out);
  return out;
}

const steps: Record<string, (g: Generator, s: Step) => ArrayLike<number> | string> = {
  rand: (g, s) => filled(floats(s), (o) => fillUniform(g, o)),
  randn: (g, s) => filled(floats(s), (o) => fillNormal(g, o)),
  uniform: (g, s) => filled(floats(s), (o) => fillUniform(g, o, s.a, s.b)),
  normal: (g, s) => filled(floats(s), (o) => fillNormal(g, o, s.mean, s.std)),
  randint: (g, s) => filled(s.dtype?.startsWith('float') ? floats(s) : new Int32Array(s.n), (o) => fillRandint(g, o, s.low, s.high)),
  randperm: (g, s) => randperm(g, s.n),
  bernoulli: (g, s) => filled(floats(s), (o) => fillBernoulli(g, o, s.p as number)),
  bernoulliTensor: (g, s) => {
    const p = s.p as number[];
    const typed = s.dtype === 'float64' ? new Float64Array(p) : new Float32Array(p);
    return filled(new Float32Array(p.length), (o) => fillBernoulliTensor(g, o, typed));
  },
  dropout: (g, s) => filled(new Uint8Array(s.n), (o) => fillDropoutMask(g, o, s.p as number)),
  dropout2d: (g, s) => filled(new Uint8Array(s.batch * s.channels), (o) => fillDropoutMask(g, o, s.p as number)),
  random63: (g) => g.random63().toString(),
};

/** How far a value may be from PyTorch's: nothing, but for what goes through a log, a sine and a cosine. */
function tolerance(s: Step): number {
  if (s.op !== 'randn' && s.op !== 'normal') return 0;
  const scale = s.op === 'normal' ? s.std : 1;
  if (s.dtype === 'float64') return 4e-15 * (s.op === 'normal' ? s.std + Math.abs(s.mean) : 1);
  if (s.n < 16 || scale === 0) return 0;
  return 1e-6 * scale + (s.op === 'normal' ? Math.abs(s.mean) * 2 ** -23 : 0);
}

function expectStep(s: Step, got: ArrayLike<number> | string): void {
  const tol = tolerance(s);
  if (tol === 0) {
    expect(typeof got === 'string' ? got : Array.from(got)).toEqual(
      typeof s.out === 'string' || s.dtype === 'float64' || got instanceof Int32Array ? s.out : s.out.map(Math.fround),
    );
    return;
  }
  expect(got.length).toBe(s.out.length);
  for (let i = 0; i < s.out.length; i++) {
    const want = s.dtype === 'float64' ? (s.out[i] as number) : Math.fround(s.out[i] as number);
    expect(Math.abs((got[i] as number) - want), `${s.op}[${i}]`).toBeLessThanOrEqual(tol);
  }
}

const sha256 = (x: NodeJS.TypedArray): string => createHash('sha256').update(x).digest('hex');

describe("PyTorch's numbers, script by script", () => {
  for (const [i, c] of fixture.cases.entries()) {
    const name = c.steps.map((s) => `${s.op} ${s.n ?? ''}${s.dtype === 'float64' ? 'd' : ''}`.trim()).join(', ');
    it(`${i}: seed ${c.seed}: ${name}`, () => {
      const gen = new Generator(BigInt(c.seed));
      let saved: GeneratorState | undefined;
      for (const s of c.steps) {
        if (s.op === 'save') saved = gen.getState();
        else if (s.op === 'restore') gen.setState(saved as GeneratorState);
        else expectStep(s, steps[s.op](gen, s));
      }
      expect(gen.initialSeed().toString()).toBe(c.initialSeed);

      const state = gen.getState();
      const view = new DataView(state.buffer);
      const normal = view.getFloat64(5024, true);
      view.setFloat64(5024, 0, true);
      expect(sha256(state)).toBe(c.sha256);
      expect(Math.abs(normal - (c.nextNormal ?? 0))).toBeLessThan(1e-15);
    });
  }
});

describe('default initialisation of layers', () => {
  for (const c of fixture.layers) {
    it(`${c.layer}: weight, then bias, uniform in +-1/sqrt(fanIn)`, () => {
      const gen = new Generator(0);
      const weight = new Float32Array(c.weight.length);
      // PyTorch's kaiming_uniform_ with a = sqrt(5), step for step: 1/sqrt(fanIn) itself may differ in its last bit.
      const gain = Math.sqrt(2 / (1 + Math.sqrt(5) ** 2));
      const bound = Math.sqrt(3) * (gain / Math.sqrt(c.fanIn));
      fillUniform(gen, weight, -bound, bound);
      expect(Array.from(weight)).toEqual(c.weight.map(Math.fround));
      const bias = new Float32Array(c.bias.length);
      const biasBound = 1 / Math.sqrt(c.fanIn);
      fillUniform(gen, bias, -biasBound, biasBound);
      expect(Array.from(bias)).toEqual(c.bias.map(Math.fround));
    });
  }
});

describe('a state saved by PyTorch', () => {
  it('is taken over, cached normal included, and given back byte for byte', () => {
    const bytes = new Uint8Array(inflateSync(Buffer.from(fixture.state.zlib, 'base64')));
    const gen = new Generator(99);
    gen.setState(bytes);
    expect(gen.getState()).toEqual(bytes);
    expect(gen.initialSeed().toString()).toBe(fixture.state.initialSeed);
    const randn = filled(new Float32Array(4), (o) => fillNormal(gen, o));
    const rand = filled(new Float32Array(4), (o) => fillUniform(gen, o));
    expect(Array.from(randn)).toEqual(fixture.state.randn.map(Math.fround));
    expect(Array.from(rand)).toEqual(fixture.state.rand.map(Math.fround));
  });
});

describe('long draws, to the last bit', () => {
  it('rand, randperm and uniform, float32 and float64, one after another', () => {
    const gen = new Generator(BigInt(fixture.long.seed));
    expect(sha256(filled(new Float32Array(100003), (o) => fillUniform(gen, o)))).toBe(fixture.long.rand100003);
    expect(sha256(randperm(gen, 60000))).toBe(fixture.long.randperm60000);
    expect(sha256(filled(new Float32Array(100003), (o) => fillUniform(gen, o, -0.2, 0.2)))).toBe(fixture.long.uniform100003);
    expect(sha256(filled(new Float64Array(20001), (o) => fillUniform(gen, o, -0.2, 0.7)))).toBe(fixture.long.uniformDouble20001);
  });
});
