import { internPool } from '@konv/core-tensor';
import type { PoolGeometry, PoolKind, Spatial, TensorRef } from '@konv/core-tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { expectClose, numbersFrom, oneThread, Operands } from './operands.js';

const backend = await oneThread();
const operands = new Operands(backend);

interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pad: number;
  readonly out: number;
}

const trivial: Axis = { size: 1, kernel: 1, stride: 1, dilation: 1, pad: 0, out: 1 };

/** Windows of an axis, in ceil mode too: the last may hang over the padded input but starts inside input or left padding. */
const axis = (kind: PoolKind, longest: number): fc.Arbitrary<Axis> =>
  fc
    .record({
      kernel: fc.integer({ min: 1, max: 5 }),
      stride: fc.integer({ min: 1, max: 3 }),
      dilation: fc.integer({ min: 1, max: kind === 'max' ? 2 : 1 }),
      half: fc.double({ min: 0, max: 1, noNaN: true }),
      more: fc.integer({ min: 0, max: longest }),
      ceil: fc.boolean(),
    })
    .map(({ kernel, stride, dilation, half, more, ceil }) => {
      const pad = Math.round(half * (kernel >> 1));
      const reach = dilation * (kernel - 1) + 1;
      // At least one tap of each window is inside.
      const size = Math.max(dilation, reach - 2 * pad) + more;
      const room = (size + 2 * pad - reach) / stride;
      let out = Math.floor(room) + 1;
      if (ceil) {
        out = Math.ceil(room) + 1;
        if ((out - 1) * stride >= size + pad) out--;
      }
      return { size, kernel, stride, dilation, pad, out };
    });

function geometryOf(axes: readonly Axis[], batch: number, channels: number, countIncludePad: boolean): PoolGeometry {
  const three = [...[trivial, trivial, trivial].slice(axes.length), ...axes];
  const spatial = (key: keyof Axis): Spatial => [three[0][key], three[1][key], three[2][key]];
  return internPool({
    rank: axes.length as 1 | 2 | 3,
    batch,
    channels,
    inSize: spatial('size'),
    outSize: spatial('out'),
    kernel: spatial('kernel'),
    stride: spatial('stride'),
    dilation: spatial('dilation'),
    padLow: spatial('pad'),
    padHigh: spatial('pad'),
    countIncludePad,
  });
}

const geometry = (kind: PoolKind): fc.Arbitrary<PoolGeometry> =>
  fc
    .oneof(fc.tuple(axis(kind, 40)), fc.tuple(axis(kind, 8), axis(kind, 24)), fc.tuple(axis(kind, 3), axis(kind, 4), axis(kind, 10)))
    .chain((axes) =>
      fc
        .tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 }), fc.boolean())
        .map(([batch, channels, pad]) => geometryOf(axes, batch, channels, pad)),
    );

/** The inputs of each window in order, and what an average divides by. */
function* windowsOf(g: PoolGeometry): Generator<{ inside: number[]; divisor: number }> {
  const { outSize, inSize, kernel, stride, dilation, padLow, padHigh } = g;
  const along = (a: number, o: number) => {
    const low = o * stride[a] - padLow[a];
    const taps = Array.from({ length: kernel[a] }, (_, k) => low + k * dilation[a]);
    return { taps: taps.filter((t) => t >= 0 && t < inSize[a]), padded: taps.filter((t) => t < inSize[a] + padHigh[a]).length };
  };
  for (let z = 0; z < outSize[0]; z++)
    for (let y = 0; y < outSize[1]; y++)
      for (let x = 0; x < outSize[2]; x++) {
        const [d, h, w] = [along(0, z), along(1, y), along(2, x)];
        const inside = d.taps.flatMap((i) => h.taps.flatMap((j) => w.taps.map((k) => (i * inSize[1] + j) * inSize[2] + k)));
        yield { inside, divisor: g.countIncludePad ? d.padded * h.padded * w.padded : inside.length };
      }
}

/** The greatest by the interface's rules: the first NaN, else the first of the greatest. */
function winnerOf(values: readonly number[]): number {
  const nan = values.findIndex(Number.isNaN);
  return nan >= 0 ? nan : values.indexOf(Math.max(...values));
}

function check(kind: PoolKind, g: PoolGeometry, xs: readonly number[], dys: () => number): void {
  const planes = g.batch * g.channels;
  const inPlane = g.inSize[0] * g.inSize[1] * g.inSize[2];
  const outShape = [g.batch, g.channels, ...g.outSize];
  const x = operands.of('float32', [g.batch, g.channels, ...g.inSize], (i) => xs[i]);
  const out = operands.empty('float32', outShape);
  const indices = kind === 'max' ? operands.empty('int32', outShape) : null;
  const dy = operands.of('float32', outShape, dys);
  const dx = operands.empty('float32', x.shape);
  backend.pool?.(kind, x, g, out, indices);
  backend.poolGrad?.(kind, dy, indices, g, dx);

  const gradients = operands.values(dy);
  const values: number[] = [];
  const winners: number[] = [];
  const dxs = xs.map(() => 0);
  for (let p = 0; p < planes; p++)
    for (const { inside, divisor } of windowsOf(g)) {
      const own = inside.map((i) => xs[p * inPlane + i]);
      const gradient = gradients[values.length];
      if (kind === 'max') {
        const winner = winnerOf(own);
        values.push(own[winner]);
        winners.push(inside[winner]);
        dxs[p * inPlane + inside[winner]] += gradient;
      } else {
        values.push(own.reduce((a, b) => a + b, 0) / divisor);
        for (const i of inside) dxs[p * inPlane + i] += gradient / divisor;
      }
    }
  expectClose(operands.values(out), values, 2e-6, 'values');
  if (indices) expect(operands.values(indices), 'indices').toEqual(winners);
  expectClose(operands.values(dx), dxs, 1e-5, 'dx');
  operands.done(out, indices, dx);
}

const sizeOfInput = (g: PoolGeometry) => g.batch * g.channels * g.inSize[0] * g.inSize[1] * g.inSize[2];

describe.each(['max', 'avg'] as const)('%s pool and its gradient', (kind) => {
  it('are those of the definition, whatever the windows', () => {
    fc.assert(
      fc.property(geometry(kind), fc.integer(), (g, seed) => {
        const next = numbersFrom(seed);
        // Few distinct values: ties in most windows.
        const xs = Array.from({ length: sizeOfInput(g) }, () => (kind === 'max' ? Math.floor(next()) : Math.fround(next())));
        check(kind, g, xs, next);
      }),
      { numRuns: rounds(300), seed: 1 },
    );
  });

  it.each([
    [2, 2, 0, 28],
    [3, 2, 1, 19],
    [3, 1, 1, 13],
    [7, 7, 0, 7],
    [5, 3, 2, 33],
  ])('kernel %i, stride %i, padding %i of %i x %i', (kernel, stride, pad, size) => {
    const out = Math.floor((size + 2 * pad - kernel) / stride) + 1;
    const one = { size, kernel, stride, dilation: 1, pad, out };
    const g = geometryOf([one, one], 2, 3, false);
    const next = numbersFrom(7);
    check(
      kind,
      g,
      Array.from({ length: sizeOfInput(g) }, () => Math.fround(next())),
      next,
    );
  });
});

it('max: NaN wins, the first of them; -infinity alone has a place; +-0 are equal', () => {
  fc.assert(
    fc.property(geometry('max'), fc.integer(), (g, seed) => {
      const next = numbersFrom(seed);
      const some = [NaN, -Infinity, -Infinity, -Infinity, 0, Infinity, 1, -1];
      const xs = Array.from({ length: sizeOfInput(g) }, () => some[Math.floor((next() + 2) * 2)]);
      check('max', g, xs, next);
    }),
    { numRuns: rounds(100), seed: 1 },
  );
});

it('avg: NaN and infinities reach their windows, and no other', () => {
  const one = { size: 12, kernel: 3, stride: 1, dilation: 1, pad: 1, out: 12 };
  const g = geometryOf([one, one], 1, 1, true);
  for (const bad of [NaN, Infinity]) {
    const x = operands.of('float32', [1, 1, 1, 12, 12], (i) => (i === 5 * 12 + 7 ? bad : 1));
    const out = operands.empty('float32', [1, 1, 1, 12, 12]);
    backend.pool?.('avg', x, g, out, null);
    operands.values(out).forEach((v, i) => {
      const reached = Math.abs(Math.floor(i / 12) - 5) <= 1 && Math.abs((i % 12) - 7) <= 1;
      expect(Number.isFinite(v), `element ${i}`).toBe(!reached);
    });
    operands.done(out);
  }
});

it('max: an index outside of the plane adds nothing', () => {
  const one = { size: 4, kernel: 2, stride: 2, dilation: 1, pad: 0, out: 2 };
  const g = geometryOf([one], 1, 1, true);
  const dy = operands.of('float32', [1, 1, 1, 1, 2], () => 1);
  const indices: TensorRef = operands.of('int32', [1, 1, 1, 1, 2], (i) => [-1, 4][i]);
  const dx = operands.empty('float32', [1, 1, 1, 1, 4]);
  backend.poolGrad?.('max', dy, indices, g, dx);
  expect(operands.values(dx)).toEqual([0, 0, 0, 0]);
  operands.done(dx);
});
