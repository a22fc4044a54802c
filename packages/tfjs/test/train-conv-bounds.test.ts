import * as core from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { rounds } from '../../../tools/soak.js';
import { expectClose, numbersFrom, onBoth, randomTensor, trainOnWasm, wasmBackend } from './train-support.js';

/**
 * Forward convolutions whose output tfjs sizes otherwise than XNNPACK, whose kernel does not ask: with a number for `pad` tfjs
 * takes the height's filter and stride for both axes, and it rounds as `dimRoundingMode` says.
 */

beforeAll(async () => {
  await trainOnWasm();
});

type Shape4 = [number, number, number, number];

interface Sample {
  readonly inShape: Shape4;
  readonly filterShape: Shape4;
  readonly strides: [number, number];
  readonly pad: number;
  readonly mode: 'floor' | 'ceil' | 'round';
}

const overflowing: Sample = { inShape: [3, 10, 7, 17], filterShape: [2, 1, 17, 2], strides: [5, 2], pad: 0, mode: 'round' };

const biases = new Map<number, core.Tensor1D>();
/** One for each size, so that no call allocates another. */
function biasOf(size: number): core.Tensor1D {
  const bias = biases.get(size) ?? core.keep(core.ones<core.Rank.R1>([size]));
  biases.set(size, bias);
  return bias;
}

const ops: Record<string, (s: Sample, x: core.Tensor4D, filter: core.Tensor4D) => core.Tensor> = {
  conv2d: ({ strides, pad, mode }, x, filter) => core.conv2d(x, filter, strides, pad, 'NHWC', 1, mode),
  'fused.conv2d': ({ strides, pad, mode }, x, filter) =>
    core.fused.conv2d({ x, filter, strides, pad, dimRoundingMode: mode, activation: 'relu', bias: biasOf(filter.shape[3]) }),
  depthwiseConv2d: ({ strides, pad, mode }, x, filter) => core.depthwiseConv2d(x, filter, strides, pad, 'NHWC', 1, mode),
  'fused.depthwiseConv2d': ({ strides, pad, mode }, x, filter) =>
    core.fused.depthwiseConv2d({
      x,
      filter,
      strides,
      pad,
      dimRoundingMode: mode,
      bias: biasOf(filter.shape[2] * filter.shape[3]),
    }),
};

function sample(seed: number): Sample {
  const next = numbersFrom(seed * 7919 + 5);
  const whole = (low: number, high: number): number => low + Math.floor(((next() + 2) / 4) * (high - low + 1));
  const pick = <T>(...values: T[]): T => values[whole(0, values.length - 1)];
  const channels = pick(1, 3, 16, 17);
  return {
    inShape: [whole(1, 3), whole(5, 19), whole(5, 30), channels],
    filterShape: seed % 4 === 0 ? [3, 3, channels, pick(16, 20)] : [whole(1, 5), whole(1, 5), channels, pick(1, 2, 7, 17)],
    strides: seed % 4 === 0 ? [1, 1] : [whole(1, 5), whole(1, 5)],
    pad: whole(0, 2),
    mode: pick('floor', 'ceil', 'round'),
  };
}

describe.each(Object.keys(ops))('%s', (name) => {
  const agree = async (s: Sample, seed: number): Promise<void> => {
    const next = numbersFrom(seed + 1);
    const [x, filter] = [randomTensor(s.inShape, next), randomTensor(s.filterShape, next)] as core.Tensor4D[];
    const { wasm, cpu } = await onBoth(() => [ops[name](s, x, filter)]);
    expectClose(wasm[0], cpu[0]);
    core.dispose([x, filter]);
  };

  it('agrees with tfjs-cpu where XNNPACK would write more', () => agree(overflowing, 1));

  it('agrees with tfjs-cpu where XNNPACK would write less', () =>
    agree({ inShape: [2, 9, 6, 3], filterShape: [1, 4, 3, 2], strides: [1, 2], pad: 1, mode: 'ceil' }, 2));

  it.each(Array.from({ length: rounds(200) }, (_, i) => i))('agrees with tfjs-cpu, sample %i', (seed) => agree(sample(seed), seed));

  it('leaves the memory behind the output alone', () => {
    const { inShape, filterShape } = overflowing;
    const [x, filter] = [core.ones(inShape), core.ones(filterShape)] as core.Tensor4D[];
    // The output will lie where a block of sevens was, in a row of others: none of them may change.
    const size = ops[name](overflowing, x, filter).size;
    const blocks = Array.from({ length: 400 }, () => core.fill([size], 7));
    const addressOf = (t: core.Tensor): number => wasmBackend().getMemoryOffset(t.dataId) >>> 0;
    const freed = blocks.splice(200, 1)[0];
    const at = addressOf(freed);
    freed.dispose();
    const y = ops[name](overflowing, x, filter);
    // Another place would prove nothing.
    expect(addressOf(y)).toBe(at);
    for (const block of blocks) expect(block.dataSync().every((v) => v === 7)).toBe(true);
    core.dispose([x, filter, y, ...blocks]);
  });
});

it("takes 'same' at a stride beyond the filter, which XNNPACK refuses silently", async () => {
  const next = numbersFrom(9);
  const [x, w] = [randomTensor([3, 12, 6, 16], next), randomTensor([2, 2, 16, 3], next)] as core.Tensor4D[];
  const { wasm, cpu } = await onBoth(() => [core.conv2d(x, w, 3, 'same'), core.depthwiseConv2d(x, w, 3, 'same')]);
  wasm.forEach((values, i) => expectClose(values, cpu[i]));
});

it.each<[string, Shape4, Shape4]>([
  ['no images', [0, 5, 5, 2], [3, 3, 2, 3]],
  ['no input channels', [1, 5, 5, 0], [3, 3, 0, 3]],
  ['no output channels', [1, 5, 5, 2], [3, 3, 2, 0]],
  ['no output', [1, 2, 5, 2], [3, 3, 2, 3]],
])('of %s, is zeros or empty', (_, inShape, filterShape) => {
  const y = core.conv2d(core.ones<core.Rank.R4>(inShape), core.ones<core.Rank.R4>(filterShape), 1, 'valid');
  expect(y.dataSync().every((v) => v === 0)).toBe(true);
});

it('refuses a filter that is larger than the image', () => {
  expect(() => core.conv2d(core.ones<core.Rank.R4>([1, 2, 5, 2]), core.ones<core.Rank.R4>([4, 3, 2, 3]), 1, 'valid')).toThrow(
    '[Conv2D] expected images at least as large as the filter, got an output of [1,-1,3,3]; pad them',
  );
});
