import { bestLevel, type SimdLevel } from '@konv/wasm-kernels';
import { compileChannelsLast, instantiateChannelsLast } from '@konv/wasm-kernels/channels-last';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addressOf } from '../src/operand.js';
import { bareEngine, expectClose, numbersFrom, Operands } from './operands.js';

const { heap, store } = await bareEngine();
const last = instantiateChannelsLast(await compileChannelsLast(bestLevel() as SimdLevel, false), heap.memory);
const operands = new Operands(store);

interface Axis {
  readonly size: number;
  readonly windows: readonly (readonly [begin: number, end: number])[];
}

/** Windows of 1 to 3 taps within an axis; some are empty. */
const axis = (longest: number): fc.Arbitrary<Axis> =>
  fc
    .integer({ min: 1, max: longest })
    .chain((size) =>
      fc
        .array(fc.tuple(fc.integer({ min: 0, max: size }), fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 5 })
        .map((pairs) => ({ size, windows: pairs.map(([begin, taps]) => [begin, Math.min(size, begin + taps)] as const) })),
    );

interface Sample {
  readonly batch: number;
  readonly channels: number;
  readonly axes: readonly [Axis, Axis, Axis];
  readonly seed: number;
}

const sample: fc.Arbitrary<Sample> = fc.record({
  batch: fc.integer({ min: 1, max: 2 }),
  channels: fc.constantFrom(1, 2, 3, 4, 7, 8, 10, 16, 19, 33),
  axes: fc.tuple(axis(3), axis(5), axis(7)),
  seed: fc.integer(),
});

/** The pixels of each window, in the order of the output's. */
function windowsOf([depth, height, width]: Sample['axes']): number[][] {
  const range = ([begin, end]: readonly [number, number]): number[] =>
    Array.from({ length: Math.max(0, end - begin) }, (_, i) => begin + i);
  return depth.windows.flatMap((d) =>
    height.windows.flatMap((h) =>
      width.windows.map((w) =>
        range(d).flatMap((z) => range(h).flatMap((y) => range(w).map((x) => (z * height.size + y) * width.size + x))),
      ),
    ),
  );
}

function check({ batch, channels, axes, seed }: Sample): void {
  const next = numbersFrom(seed);
  const inSize = axes.map((a) => a.size) as [number, number, number];
  const outSize = axes.map((a) => a.windows.length) as [number, number, number];
  const windows = windowsOf(axes);
  const inPlane = inSize[0] * inSize[1] * inSize[2];
  // Few distinct values, below 0: ties in most windows; and now and then a NaN.
  const xs = Array.from({ length: batch * inPlane * channels }, () => (next() > 1.9 ? NaN : Math.floor(next()) - 3));
  const x = operands.of('float32', [batch, ...inSize, channels], (i) => xs[i]);
  const dy = operands.of('float32', [batch, ...outSize, channels], next);
  const table = operands.of(
    'int32',
    [3 * (outSize[0] + outSize[1] + outSize[2])],
    (() => {
      const triples = axes.flatMap((a) => a.windows.flatMap(([begin, end]) => [begin, Math.max(begin, end), 0]));
      return (i: number) => triples[i];
    })(),
  );
  const result = () => operands.empty('float32', dy.shape);
  const [max, avg] = [result(), result()];
  const [at, across] = [operands.empty('int32', dy.shape), operands.empty('int32', dy.shape)];
  const [first, final, share] = [0, 1, 2].map(() => operands.empty('float32', x.shape));
  const sizes = [addressOf(table), ...inSize, ...outSize, channels] as const;
  const rows = batch * outSize[0] * outSize[1];
  last.max_pool_last(addressOf(x), addressOf(max), ...sizes, 0, rows);
  last.max_pool_last_at(addressOf(x), addressOf(at), 0, ...sizes, 0, rows);
  last.max_pool_last_at(addressOf(x), addressOf(across), 1, ...sizes, 0, rows);
  last.avg_pool_last(addressOf(x), addressOf(avg), 1, ...sizes, 0, rows);
  last.max_pool_last_grad(addressOf(x), addressOf(dy), addressOf(first), 0, ...sizes, 0, batch);
  last.max_pool_last_grad(addressOf(x), addressOf(dy), addressOf(final), 1, ...sizes, 0, batch);
  last.avg_pool_last_grad(addressOf(dy), addressOf(share), 5, ...sizes, 0, batch);

  const dys = operands.values(dy);
  const expected = { max: [] as number[], at: [] as number[], across: [] as number[], avg: [] as number[] };
  const [dFirst, dLast, dShare] = [0, 1, 2].map(() => xs.map(() => 0));
  for (let n = 0; n < batch; n++)
    for (const window of windows)
      for (let c = 0; c < channels; c++) {
        const own = window.map((pixel) => (n * inPlane + pixel) * channels + c);
        const numbers = own.filter((i) => !Number.isNaN(xs[i]));
        const best = Math.max(...numbers.map((i) => xs[i]));
        const equals = numbers.filter((i) => xs[i] === best);
        const d = dys[expected.max.length];
        expected.max.push(best);
        expected.across.push(equals[0] ?? -1);
        expected.at.push(equals.length > 0 ? equals[0] - n * inPlane * channels : -1);
        expected.avg.push(own.reduce((sum, i) => sum + xs[i], 0) / Math.max(1, own.length));
        if (equals.length > 0) {
          dFirst[equals[0]] += d;
          dLast[equals[equals.length - 1]] += d;
        }
        for (const i of own) dShare[i] += d / 5;
      }
  expect(operands.values(max)).toEqual(expected.max);
  expect(operands.values(at)).toEqual(expected.at);
  expect(operands.values(across)).toEqual(expected.across);
  expectClose(operands.values(avg), expected.avg, 1e-6, 'averages');
  expectClose(operands.values(first), dFirst, 1e-5, 'gradient at the first');
  expectClose(operands.values(final), dLast, 1e-5, 'gradient at the last');
  expectClose(operands.values(share), dShare, 1e-5, 'gradient of the average');
  operands.done(max, avg, at, across, first, final, share);
}

it('pools of images whose channels stand last are those of the definition, and write nothing else', () => {
  fc.assert(fc.property(sample, check), { numRuns: 150 });
});
