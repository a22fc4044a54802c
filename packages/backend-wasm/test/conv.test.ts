import { type Backend, type ConvGeometry, internConv, sizeOf, type TensorRef } from '@konv/core-tensor';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { type Algorithm, choose, type Pass } from '../src/conv/choose.js';
import type { Engine } from '../src/engine.js';
import { wasm } from '../src/index.js';
import { numbersFrom, Operands } from './operands.js';

const all: readonly Algorithm[] = ['depthwise', 'winograd', 'direct', 'gemm'];
const passes: readonly Pass[] = ['forward', 'input gradient', 'weight gradient'];

const backends: Backend[] = [];
let strict: Backend;

async function make(options: Parameters<typeof wasm>[0]): Promise<Backend> {
  const made = await wasm(options);
  if ('unavailable' in made) throw new Error(made.unavailable);
  return made;
}

beforeAll(async () => {
  for (const threads of [1, 2, 3]) backends.push(await make({ threads }));
  strict = await make({ threads: 1, strictNumerics: true });
});
afterAll(() => {
  for (const b of [...backends, strict]) b.dispose?.();
});

interface Sizes {
  batch: number;
  groups: number;
  channels: number;
  rows: number;
  kernel: [number, number];
  stride: [number, number];
  dilation: [number, number];
  low: [number, number];
  high: [number, number];
  extra: [number, number];
}

/** Two dimensions; the input is as small as the windows allow, plus `extra`. */
function geometryOf(s: Sizes): ConvGeometry {
  const reach = ([0, 1] as const).map((a) => s.dilation[a] * (s.kernel[a] - 1) + 1);
  const size = ([0, 1] as const).map((a) => Math.max(1, reach[a] - s.low[a] - s.high[a]) + s.extra[a]);
  const out = ([0, 1] as const).map((a) => Math.floor((size[a] + s.low[a] + s.high[a] - reach[a]) / s.stride[a]) + 1);
  return internConv({
    rank: 2,
    batch: s.batch,
    inChannels: s.channels * s.groups,
    outChannels: s.rows * s.groups,
    groups: s.groups,
    inSize: [1, size[0], size[1]],
    outSize: [1, out[0], out[1]],
    kernel: [1, ...s.kernel],
    stride: [1, ...s.stride],
    dilation: [1, ...s.dilation],
    padLow: [0, ...s.low],
    padHigh: [0, ...s.high],
  });
}

const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
const one = fc.constant<[number, number]>([1, 1]);

/** Geometries that each algorithm gets. */
const kinds: Record<Algorithm, fc.Arbitrary<Sizes>> = {
  winograd: fc.record({
    batch: fc.integer({ min: 1, max: 9 }),
    groups: fc.integer({ min: 1, max: 2 }),
    channels: fc.integer({ min: 16, max: 21 }),
    rows: fc.integer({ min: 16, max: 21 }),
    kernel: fc.constant<[number, number]>([3, 3]),
    stride: one,
    dilation: one,
    low: pair(0, 4),
    high: pair(0, 4),
    extra: pair(0, 22),
  }),
  direct: fc.record({
    batch: fc.integer({ min: 1, max: 3 }),
    groups: fc.integer({ min: 1, max: 2 }),
    channels: fc.integer({ min: 1, max: 4 }),
    rows: fc.integer({ min: 1, max: 8 }),
    kernel: pair(1, 5),
    stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.constant(1)),
    dilation: pair(1, 3),
    low: pair(0, 6),
    high: pair(0, 6),
    extra: pair(12, 40),
  }),
  gemm: fc.record({
    batch: fc.integer({ min: 1, max: 3 }),
    groups: fc.integer({ min: 1, max: 3 }),
    channels: fc.integer({ min: 2, max: 12 }),
    rows: fc.integer({ min: 9, max: 14 }),
    kernel: pair(1, 5),
    stride: pair(1, 6),
    dilation: pair(1, 3),
    low: pair(0, 6),
    high: pair(0, 6),
    extra: pair(0, 40),
  }),
  depthwise: fc.record({
    batch: fc.integer({ min: 1, max: 3 }),
    groups: fc.integer({ min: 2, max: 5 }),
    channels: fc.constant(1),
    rows: fc.integer({ min: 1, max: 2 }),
    kernel: pair(1, 5),
    stride: pair(1, 3),
    dilation: pair(1, 2),
    low: pair(0, 4),
    high: pair(0, 4),
    extra: pair(0, 20),
  }),
};

interface Host {
  readonly x: Float32Array;
  readonly w: Float32Array;
  readonly b: Float32Array;
  readonly dy: Float32Array;
}

const shapes = (g: ConvGeometry) => ({
  x: [g.batch, g.inChannels, ...g.inSize],
  w: [g.outChannels, g.inChannels / g.groups, ...g.kernel],
  y: [g.batch, g.outChannels, ...g.outSize],
});

function operandsOf(g: ConvGeometry, seed: number): Host {
  const next = numbersFrom(seed);
  const { x, w, y } = shapes(g);
  const some = (n: number) => Float32Array.from({ length: n }, next);
  return { x: some(sizeOf(x)), w: some(sizeOf(w)), b: some(g.outChannels), dy: some(sizeOf(y)) };
}

/** y, dx and dw by the definition, in double. */
function definition(g: ConvGeometry, { x, w, b, dy }: Host): number[][] {
  const [, h, width] = g.inSize;
  const [, outH, outW] = g.outSize;
  const [, kh, kw] = g.kernel;
  const [cin, cout] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const y = new Float64Array(dy.length).map((_, i) => b[Math.floor(i / (outH * outW)) % g.outChannels]);
  const dx = new Float64Array(x.length);
  const dw = new Float64Array(w.length);
  for (let n = 0; n < g.batch; n++)
    for (let o = 0; o < g.outChannels; o++)
      for (let c = 0; c < cin; c++)
        for (let i = 0; i < kh; i++)
          for (let j = 0; j < kw; j++) {
            const wi = ((o * cin + c) * kh + i) * kw + j;
            const plane = (n * g.inChannels + Math.floor(o / cout) * cin + c) * h;
            for (let p = 0; p < outH; p++) {
              const row = p * g.stride[1] - g.padLow[1] + i * g.dilation[1];
              if (row < 0 || row >= h) continue;
              for (let q = 0; q < outW; q++) {
                const column = q * g.stride[2] - g.padLow[2] + j * g.dilation[2];
                if (column < 0 || column >= width) continue;
                const xi = (plane + row) * width + column;
                const yi = ((n * g.outChannels + o) * outH + p) * outW + q;
                y[yi] += x[xi] * w[wi];
                dx[xi] += dy[yi] * w[wi];
                dw[wi] += dy[yi] * x[xi];
              }
            }
          }
  return [y, dx, dw].map((v) => [...v]);
}

/** y with bias, dx and dw by a backend; what lies around them is as it was. */
function computed(backend: Backend, g: ConvGeometry, host: Host): number[][] {
  const operands = new Operands(backend);
  const { x, w, y } = shapes(g);
  const of = (shape: readonly number[], values: Float32Array): TensorRef => operands.of('float32', shape, (i) => values[i]);
  const [xr, wr, br, dyr] = [of(x, host.x), of(w, host.w), of([g.outChannels], host.b), of(y, host.dy)];
  const results = [operands.empty('float32', y), operands.empty('float32', x), operands.empty('float32', w)];
  backend.conv?.(xr, wr, br, g, null, results[0]);
  backend.convGradInput?.(dyr, wr, g, results[1]);
  backend.convGradWeight?.(xr, dyr, g, false, results[2]);
  const values = results.map((r) => operands.values(r));
  operands.done(...results);
  return values;
}

const largest = (values: readonly number[]): number => values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);

/** The greatest difference, as a part of the greatest expected value. */
function error(got: readonly number[], expected: readonly number[]): number {
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(got[i] - expected[i]);
    if (!(difference <= worst)) worst = difference;
  }
  return worst / Math.max(largest(expected), 1e-30);
}

describe('forward, input gradient and weight gradient of random geometry', () => {
  it.each(all)('%s: those of the definition, the same bits on 1, 2 and 3 threads', (algorithm) => {
    const engine = { strictNumerics: false } as Engine;
    let served = 0;
    fc.assert(
      fc.property(kinds[algorithm], fc.integer({ min: 1, max: 1e6 }), (sizes, seed) => {
        const g = geometryOf(sizes);
        if (passes.some((pass) => choose(engine, g, pass) === algorithm)) served++;
        const host = operandsOf(g, seed);
        const expected = definition(g, host);
        const [first, ...others] = backends.map((b) => computed(b, g, host));
        first.forEach((values, i) => {
          expect(error(values, expected[i]), ['y', 'dx', 'dw'][i]).toBeLessThan(3e-6);
        });
        for (const other of others) expect(other).toEqual(first);
      }),
      { numRuns: rounds(25), seed: 1 },
    );
    expect(served).toBeGreaterThan(0.8 * rounds(25));
  });
});

describe("Winograd's error", () => {
  const sizes = (channels: number, extra: number): Sizes => ({
    batch: 1,
    groups: 1,
    channels,
    rows: 64,
    kernel: [3, 3],
    stride: [1, 1],
    dilation: [1, 1],
    low: [1, 1],
    high: [1, 1],
    extra: [extra, extra],
  });

  it.each([16, 64, 512])('is below 2e-5 of the greatest output at %i channels, and some times that of plain sums', (channels) => {
    const g = geometryOf(sizes(channels, 7));
    const host = operandsOf(g, channels);
    const [expected] = definition(g, host);
    const fast = error(computed(backends[0], g, host)[0], expected);
    const plain = error(computed(strict, g, host)[0], expected);
    expect(plain).toBeLessThan(3e-6);
    expect(fast).not.toBe(plain);
    expect(fast).toBeLessThan(2e-5);
  });

  it('strictNumerics: a NaN reaches the outputs whose window holds it, and no other', () => {
    const g = geometryOf(sizes(16, 10));
    const host = operandsOf(g, 3);
    const [, h, w] = g.inSize;
    host.x[5 * w + 6] = NaN;
    const outputs = computed(strict, g, host)[0];
    const spoiled = computed(backends[0], g, host)[0];
    for (let i = 0; i < h * w; i++) {
      const reached = Math.abs(Math.floor(i / w) - 5) <= 1 && Math.abs((i % w) - 6) <= 1;
      expect(Number.isNaN(outputs[i]), `output ${i}`).toBe(reached);
      // Winograd: at least those.
      if (reached) expect(spoiled[i], `output ${i}`).toBeNaN();
    }
  });
});
