import { type FixtureCase, type FixtureTensor, opFixtures } from '@konv/backend-testkit';
import * as core from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose, numbersFrom, onBoth, randomTensor, trainOnWasm } from './train-support.js';

beforeAll(async () => {
  await trainOnWasm();
});

const run = (name: string, inputs: Record<string, core.Tensor>, attrs: Record<string, unknown>): core.Tensor | core.Tensor[] =>
  core.engine().runKernel(name, inputs, attrs as never);
const one = (name: string, inputs: Record<string, core.Tensor>, attrs: Record<string, unknown>): core.Tensor =>
  run(name, inputs, attrs) as core.Tensor;

interface Sample {
  readonly x: core.Tensor;
  readonly attrs: { readonly filterSize: number[]; readonly strides: number[]; readonly pad: unknown; readonly dimRoundingMode?: string };
}

/** A pool that a random number decides. Half of the inputs are negative throughout; some have many equals. */
function sample(seed: number, rank: 2 | 3): Sample {
  const next = numbersFrom(seed * 7919 + 31 * rank);
  const whole = (low: number, high: number): number => low + Math.floor(((next() + 2) / 4) * (high - low + 1));
  const pick = <T>(...values: T[]): T => values[whole(0, values.length - 1)];
  const kernel = whole(1, 4);
  // tfjs-cpu's 3-D gradient mistakes positions in windows that are not square.
  const filterSize = rank === 2 ? [kernel, pick(kernel, 2)] : [pick(kernel, 2), kernel, kernel];
  const strides = Array.from({ length: rank }, () => whole(1, 3));
  const channels = pick(1, 3, 4, 6, 17, 36);
  const size = rank === 2 ? [whole(5, 12), whole(5, 12)] : [whole(4, 6), whole(4, 6), whole(4, 7)];
  // Less than a window: what lies in padding altogether has no maximum.
  const sides = filterSize.map((taps) => [whole(0, Math.min(1, taps - 1)), whole(0, Math.min(1, taps - 1))]);
  const explicit = [[0, 0], ...sides, [0, 0]];
  // With a number tfjs takes the first axis for all when it computes the output's size.
  const alike = [filterSize, strides].every((sizes) => sizes.every((size) => size === sizes[0]));
  const pad = pick<unknown>('same', 'valid', alike && kernel > 1 ? 1 : 'same', rank === 2 ? explicit : 'valid');
  const x = randomTensor([whole(1, 3), ...size, channels], next);
  const values = seed % 4 === 0 ? core.round(x) : seed % 2 === 0 ? core.sub(x, 3) : x;
  const dimRoundingMode = typeof pad === 'number' || Array.isArray(pad) ? 'floor' : undefined;
  return { x: values, attrs: { filterSize, strides, pad, ...(dimRoundingMode && { dimRoundingMode }) } };
}

const named = (rank: 2 | 3, kind: 'Max' | 'Avg'): string => `${kind}Pool${rank === 3 ? '3D' : ''}`;

describe.each([2, 3] as const)('in %i dimensions', (rank) => {
  it.each(Array.from({ length: 24 }, (_, i) => i))('agrees with tfjs-cpu, sample %i', async (seed) => {
    const { x, attrs } = sample(seed, rank);
    const { wasm, cpu } = await onBoth(() => {
      const max = one(named(rank, 'Max'), { x }, attrs);
      const avg = one(named(rank, 'Avg'), { x }, attrs);
      const dy = randomTensor(max.shape, numbersFrom(seed + 5));
      const inputs = { dy, input: x, output: max };
      return [max, avg, one(`${named(rank, 'Max')}Grad`, inputs, attrs), one(`${named(rank, 'Avg')}Grad`, { dy, input: x }, attrs)];
    });
    wasm.forEach((values, i) => expectClose(values, cpu[i]));
    expect(wasm[0]).toEqual(cpu[0]);
  });
});

it.each(Array.from({ length: 12 }, (_, i) => i))('finds the positions that tfjs-cpu finds, sample %i', async (seed) => {
  const { x, attrs } = sample(seed, 2);
  for (const includeBatchInIndex of [false, true]) {
    const { wasm, cpu } = await onBoth(() => run('MaxPoolWithArgmax', { x }, { ...attrs, includeBatchInIndex }) as core.Tensor[]);
    expect(wasm).toEqual(cpu);
  }
});

describe('NaN', () => {
  const image = (...values: number[]): core.Tensor4D => core.tensor4d(values, [1, 2, 2, 1]);
  const window = { filterSize: [2, 2], strides: [1, 1], pad: 'valid' };

  it.each([
    [NaN, -1, -2, -3],
    [-1, NaN, -2, -3],
    [-1, -2, -3, NaN],
    [NaN, NaN, NaN, NaN],
  ])('is no maximum, of %d %d %d %d', async (...values) => {
    const { wasm, cpu } = await onBoth(() => {
      const x = image(...values);
      const y = one('MaxPool', { x }, window);
      return [y, one('MaxPoolGrad', { dy: core.onesLike(y), input: x, output: y }, window)];
    });
    expect(wasm).toEqual(cpu);
  });

  it('makes an average NaN', async () => {
    const { wasm } = await onBoth(() => [
      one('AvgPool', { x: image(1, 2, NaN, 4) }, window),
      one('AvgPool', { x: image(1, 2, Infinity, 4) }, window),
    ]);
    expect(wasm).toEqual([[NaN], [Infinity]]);
  });
});

it('takes int32', async () => {
  const { wasm, cpu } = await onBoth(() => [core.maxPool(core.tensor4d([-5, -7, -6, -8], [1, 2, 2, 1], 'int32'), 2, 1, 'valid')]);
  expect(wasm).toEqual(cpu);
});

it('has the maxima of int32 exactly', async () => {
  const values = [16777217, 16777219, -16777217, 33554433, -16777219, -16777217, 2147483647, -2147483648];
  const { wasm, cpu } = await onBoth(() => {
    const x = core.tensor4d(values, [1, 2, 4, 1], 'int32');
    const x5 = core.tensor5d(values, [1, 1, 2, 2, 2], 'int32');
    const padded = { filterSize: [2, 3], strides: [1, 2], pad: 'same', includeBatchInIndex: false };
    return [
      core.maxPool(core.tensor4d(values.slice(0, 4), [1, 2, 2, 1], 'int32'), [1, 2], 1, 'valid'),
      core.maxPool(x, 2, 1, 'same'),
      core.maxPool3d(x5, [1, 2, 1], 1, 'same'),
      one('MaxPool3D', { x: x5 }, { filterSize: [1, 1, 2], strides: [1, 1, 1], pad: 'valid' }),
      (run('MaxPoolWithArgmax', { x }, padded) as core.Tensor[])[0],
    ];
  });
  // tfjs-cpu rounds in three dimensions: its numbers are float32 there.
  for (const i of [0, 1, 4]) expect(wasm[i]).toEqual(cpu[i]);
  expect(wasm[0]).toEqual([16777219, 33554433]);
  expect(wasm[2]).toEqual([16777217, 16777219, 2147483647, 33554433, ...values.slice(4)]);
  expect(wasm[3]).toEqual([16777217, 33554433, 2147483647, -16777217]);
});

it('takes sizes of 0', () => {
  const x = core.zeros([0, 4, 4, 3]);
  const attrs = { filterSize: [2, 2], strides: [2, 2], pad: 'valid' };
  const y = one('MaxPool', { x }, attrs);
  expect(y.shape).toEqual([0, 2, 2, 3]);
  expect(one('MaxPoolGrad', { dy: y, input: x, output: y }, attrs).shape).toEqual([0, 4, 4, 3]);
});

it("adds dy where the maximum of a window stands that 'ceil' lets hang over", async () => {
  await core.setBackend('wasm');
  const x = core.tensor4d([-1, -2, -3, -4, -5, -6, -7, -8, -9], [1, 3, 3, 1]);
  const gradient = core.grad((v: core.Tensor) => core.maxPool(v as core.Tensor4D, 2, 2, 0, 'ceil'));
  const dx = gradient(x, core.tensor4d([1, 10, 100, 1000], [1, 2, 2, 1]));
  expect([...dx.dataSync()]).toEqual([1, 0, 10, 0, 0, 0, 100, 0, 1000]);
});

describe('refuses', () => {
  it('channels that stand first', () => {
    const x = core.zeros([1, 2, 4, 4, 4]);
    const attrs = { filterSize: [2, 2, 2], strides: [1, 1, 1], pad: 'valid', dataFormat: 'NCDHW' };
    expect(() => one('MaxPool3D', { x }, attrs)).toThrow(/\[MaxPool3D\] expected images of 5 axes whose channels stand last/);
  });

  it('a gradient of another batch', () => {
    const attrs = { filterSize: [2, 2], strides: [2, 2], pad: 'valid' };
    const inputs = { dy: core.zeros([2, 2, 2, 3]), input: core.zeros([1, 4, 4, 3]) };
    expect(() => one('MaxPoolGrad', inputs, attrs)).toThrow(/\[MaxPoolGrad\] expected dy of 4 axes with batch 1 and 3 channels/);
  });
});

/** PyTorch's cases in float32 that tfjs can say: a batch, no dilation, and averages without padding. */
function isCovered({ op, attrs, error, grads, inputs }: FixtureCase): boolean {
  const [x] = inputs as FixtureTensor[];
  const rank = op.endsWith('3d') ? 3 : 2;
  if (!/^(max|avg)Pool[23]d$/.test(op) || error || !grads || x.dtype !== 'float32' || x.shape.length !== rank + 2) return false;
  if (attrs['ceilMode'] || attrs['divisorOverride'] || x.shape.includes(0)) return false;
  if (attrs['dilation'] !== undefined && [attrs['dilation']].flat().some((d) => d !== 1)) return false;
  // Tests of NaN are above: tfjs's meaning is not PyTorch's.
  if (!(x.data as unknown[]).every((v) => typeof v === 'number')) return false;
  return op.startsWith('max') || attrs['padding'] === undefined;
}

const covered = opFixtures.flatMap((file) => file.cases).filter(isCovered);

describe("PyTorch's", () => {
  it('fixtures are many', () => expect(covered.length).toBeGreaterThan(6));

  it.each(covered.map((c) => [`${c.op} ${c.name}`, c] as const))('%s', async (_, c) => {
    await core.setBackend('wasm');
    const [input] = c.inputs as FixtureTensor[];
    const rank = input.shape.length - 2;
    const [last, first] =
      rank === 2
        ? [
            [0, 2, 3, 1],
            [0, 3, 1, 2],
          ]
        : [
            [0, 2, 3, 4, 1],
            [0, 4, 1, 2, 3],
          ];
    const spread = (value: unknown): number[] =>
      Array.isArray(value) ? (value as number[]) : new Array<number>(rank).fill(value as number);
    const filterSize = spread(c.attrs['kernelSize']);
    const strides = spread(c.attrs['stride'] ?? c.attrs['kernelSize']);
    const padding = spread(c.attrs['padding'] ?? 0);
    const tensorOf = (t: FixtureTensor): core.Tensor => core.transpose(core.tensor(t.data as number[], [...t.shape]), last);
    const x = tensorOf(input);
    // tfjs has explicit padding in two dimensions only; elsewhere padding is added as -infinity, which no maximum is.
    const pad = rank === 2 ? [[0, 0], ...padding.map((p) => [p, p]), [0, 0]] : 'valid';
    const axes = [[0, 0], ...padding.map((p) => [p, p]), [0, 0]] as [number, number][];
    const inner = rank === 2 ? x : core.pad(x, axes, Number.NEGATIVE_INFINITY);
    const name = named(rank as 2 | 3, c.op.startsWith('max') ? 'Max' : 'Avg');
    const attrs = { filterSize, strides, pad, ...(rank === 2 && { dimRoundingMode: 'floor' }) };
    const y = one(name, { x: inner }, attrs);
    expectClose(core.transpose(y, first).dataSync(), (c.outputs as FixtureTensor[])[0].data as number[]);
    const dy = tensorOf((c.gradOutputs as FixtureTensor[])[0]);
    const dinner = one(`${name}Grad`, { dy, input: inner, output: y }, attrs);
    const dx = rank === 2 ? dinner : core.slice(dinner, [0, ...padding, 0], x.shape);
    expectClose(core.transpose(dx, first).dataSync(), (c.grads as FixtureTensor[])[0].data as number[]);
  });
});
