import { internConv } from '@konv/core-tensor';
import type { ConvGeometry, Spatial } from '@konv/core-tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { depthwiseForward, depthwiseGradInput, depthwiseGradWeight, isDepthwise } from '../src/conv/depthwise.js';
import { bareEngine, expectClose, numbersFrom, Operands } from './operands.js';

const { engine, store } = await bareEngine();
const operands = new Operands(store);

interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly low: number;
  readonly high: number;
  readonly out: number;
}

const trivial: Axis = { size: 1, kernel: 1, stride: 1, dilation: 1, low: 0, high: 0, out: 1 };

function axisOf(kernel: number, stride: number, dilation: number, low: number, high: number, more: number): Axis {
  const reach = dilation * (kernel - 1) + 1;
  const size = Math.max(1, reach - low - high) + more;
  return { size, kernel, stride, dilation, low, high, out: Math.floor((size + low + high - reach) / stride) + 1 };
}

/** Strides beyond the kernel and padding beyond the input are among them. */
const axis = (longest: number): fc.Arbitrary<Axis> =>
  fc
    .tuple(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: 0, max: longest }),
    )
    .map((numbers) => axisOf(...numbers));

function geometryOf(axes: readonly Axis[], batch: number, channels: number, multiplier: number): ConvGeometry {
  const three = [...[trivial, trivial, trivial].slice(axes.length), ...axes];
  const spatial = (key: keyof Axis): Spatial => [three[0][key], three[1][key], three[2][key]];
  return internConv({
    rank: axes.length as 1 | 2 | 3,
    batch,
    inSize: spatial('size'),
    outSize: spatial('out'),
    kernel: spatial('kernel'),
    stride: spatial('stride'),
    dilation: spatial('dilation'),
    padLow: spatial('low'),
    padHigh: spatial('high'),
    inChannels: channels,
    outChannels: channels * multiplier,
    groups: channels,
  });
}

/** Every product of the definition: y[yAt] += x[xAt] * w[wAt]. All gradients are sums over these triples. */
function forEachProduct(g: ConvGeometry, visit: (yAt: number, xAt: number, wAt: number) => void): void {
  const multiplier = g.outChannels / g.inChannels;
  const [, inH, inW] = g.inSize;
  const [, outH, outW] = g.outSize;
  const [, kernelH, kernelW] = g.kernel;
  for (let n = 0; n < g.batch; n++)
    for (let o = 0; o < g.outChannels; o++)
      for (let i = 0; i < outH * outW; i++)
        for (let k = 0; k < kernelH * kernelW; k++) {
          const y = Math.floor(i / outW) * g.stride[1] - g.padLow[1] + Math.floor(k / kernelW) * g.dilation[1];
          const x = (i % outW) * g.stride[2] - g.padLow[2] + (k % kernelW) * g.dilation[2];
          if (y < 0 || x < 0 || y >= inH || x >= inW) continue;
          const plane = n * g.inChannels + Math.floor(o / multiplier);
          visit((n * g.outChannels + o) * outH * outW + i, (plane * inH + y) * inW + x, o * kernelH * kernelW + k);
        }
}

function check(g: ConvGeometry, seed: number): void {
  const next = numbersFrom(seed);
  const multiplier = g.outChannels / g.inChannels;
  const x = operands.of('float32', [g.batch, g.inChannels, ...g.inSize], next);
  const w = operands.of('float32', [g.outChannels, 1, ...g.kernel], next);
  const b = operands.of('float32', [g.outChannels], next);
  const yShape = [g.batch, g.outChannels, ...g.outSize];
  const dy = operands.of('float32', yShape, next);
  const [plain, fused] = [operands.empty('float32', yShape), operands.empty('float32', yShape)];
  const dx = operands.empty('float32', x.shape);
  const [dw, twice] = [operands.empty('float32', w.shape), operands.of('float32', w.shape, () => 1)];
  depthwiseForward(engine, x, w, null, g, null, plain);
  depthwiseForward(engine, x, w, b, g, 'relu', fused);
  depthwiseGradInput(engine, dy, w, g, dx);
  depthwiseGradWeight(engine, x, dy, g, false, dw);
  depthwiseGradWeight(engine, x, dy, g, true, twice);

  const [xs, ws, bs, dys] = [x, w, b, dy].map((t) => operands.values(t));
  const ys = dys.map(() => 0);
  const dxs = xs.map(() => 0);
  const dws = ws.map(() => 0);
  forEachProduct(g, (yAt, xAt, wAt) => {
    ys[yAt] += xs[xAt] * ws[wAt];
    dxs[xAt] += dys[yAt] * ws[wAt];
    dws[wAt] += dys[yAt] * xs[xAt];
  });
  const pixels = g.outSize[1] * g.outSize[2];
  const taps = g.kernel[1] * g.kernel[2];
  const biased = ys.map((v, i) => Math.max(0, v + bs[Math.floor(i / pixels) % g.outChannels]));
  // Of n products up to 4, whose sum in float32 may be wrong by some roundings of their magnitude.
  const rounding = (n: number) => 1e-7 * 4 * Math.sqrt(n);
  expectClose(operands.values(plain), ys, rounding(taps), 'y', 4);
  expectClose(operands.values(fused), biased, rounding(taps), 'y with bias and relu', 4);
  expectClose(operands.values(dx), dxs, rounding(taps * multiplier), 'dx', 4);
  expectClose(operands.values(dw), dws, rounding(g.batch * pixels), 'dw', 4);
  expectClose(
    operands.values(twice),
    dws.map((v) => 1 + v),
    rounding(g.batch * pixels),
    'accumulated dw',
    4,
  );
  operands.done(plain, fused, dx, dw, twice);
}

describe('forward, input gradient and weight gradient are those of the definition', () => {
  const axes = fc.oneof(fc.tuple(axis(40)), fc.tuple(axis(8), axis(20)));
  const geometry = fc
    .tuple(axes, fc.integer({ min: 1, max: 2 }), fc.integer({ min: 2, max: 3 }), fc.integer({ min: 1, max: 3 }))
    .map((numbers) => geometryOf(...numbers));

  it('whatever the geometry', () => {
    fc.assert(fc.property(geometry, fc.integer(), check), { numRuns: rounds(300), seed: 1 });
  });

  it.each([
    [3, 1, 1, 28],
    [3, 2, 1, 28],
    [5, 1, 2, 14],
    [5, 2, 2, 27],
    [3, 1, 1, 7],
    [7, 1, 3, 9],
    [3, 1, 1, 2],
  ])('kernel %i, stride %i, padding %i of %i x %i', (kernel, stride, pad, size) => {
    const reach = kernel - 2 * pad;
    const one = axisOf(kernel, stride, 1, pad, pad, size - Math.max(1, reach));
    check(geometryOf([one, one], 2, 3, 1), 5);
    check(geometryOf([one, one], 1, 2, 2), 6);
  });
});

it('NaN and infinities reach every output whose window holds them, and no other', () => {
  const one = axisOf(3, 1, 1, 1, 1, 11);
  const g = geometryOf([one, one], 1, 2, 1);
  for (const bad of [NaN, Infinity]) {
    const at = 144 + 5 * 12 + 7;
    const x = operands.of('float32', [1, 2, 1, 12, 12], (i) => (i === at ? bad : 1));
    const w = operands.of('float32', [2, 1, 1, 3, 3], () => 1);
    const [y, dx] = [operands.empty('float32', x.shape), operands.empty('float32', x.shape)];
    depthwiseForward(engine, x, w, null, g, 'relu', y);
    depthwiseGradInput(engine, x, w, g, dx);
    for (const out of [y, dx])
      operands.values(out).forEach((v, i) => {
        const reached = i >= 144 && Math.abs(Math.floor((i - 144) / 12) - 5) <= 1 && Math.abs((i % 12) - 7) <= 1;
        expect(Number.isFinite(v), `element ${i}`).toBe(!reached);
      });
  }
  operands.done();
});

it('a padded copy of one call does not linger in the next', () => {
  const wide = axisOf(5, 1, 1, 2, 2, 20);
  const narrow = axisOf(3, 2, 1, 1, 1, 8);
  const g = geometryOf([wide, wide], 1, 2, 1);
  const poison = operands.of('float32', [1, 2, ...g.inSize], () => NaN);
  const w = operands.of('float32', [2, 1, ...g.kernel], () => NaN);
  depthwiseForward(engine, poison, w, null, g, null, operands.empty('float32', [1, 2, ...g.outSize]));
  operands.done();
  check(geometryOf([narrow, narrow], 1, 2, 2), 3);
});

it('isDepthwise: one input channel each, in one or two dimensions', () => {
  const one = axisOf(3, 1, 1, 1, 1, 5);
  expect(isDepthwise(geometryOf([one, one], 1, 4, 2))).toBe(true);
  expect(isDepthwise(geometryOf([one], 1, 4, 1))).toBe(true);
  expect(isDepthwise(geometryOf([one, one, one], 1, 4, 1))).toBe(false);
  expect(isDepthwise(internConv({ ...geometryOf([one, one], 1, 4, 1), groups: 2 }))).toBe(false);
});
