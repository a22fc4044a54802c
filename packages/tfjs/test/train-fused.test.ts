import * as core from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectClose, numbersFrom, onBoth, randomTensor, trainOnWasm } from './train-support.js';

beforeAll(async () => {
  await trainOnWasm();
});

const run = (name: string, inputs: Record<string, core.Tensor>, attrs: Record<string, unknown>): core.Tensor =>
  core.engine().runKernel(name, inputs, attrs as never);

const activations = ['linear', 'relu', 'relu6', 'elu', 'prelu', 'leakyrelu', 'sigmoid'];

describe.each(['NHWC', 'NCHW'])('a fused convolution in %s', (dataFormat) => {
  const last = dataFormat === 'NHWC';
  const next = numbersFrom(41);
  const order = (channels: number, height: number, width: number): number[] =>
    last ? [height, width, channels] : [channels, height, width];

  it.each(activations)('with %s agrees with tfjs-cpu, whatever the bias is broadcast along', async (activation) => {
    const x = randomTensor([2, ...order(3, 6, 7)], next);
    const filter = randomTensor([3, 3, 3, 5], next);
    const of = (shape: number[]): core.Tensor => randomTensor(shape, next);
    const shapes = [[], [1], [5], order(5, 1, 1), order(5, 6, 7), [2, ...order(5, 6, 7)]];
    const attrs = { strides: [1, 1], pad: 'same', dataFormat, dilations: [1, 1], activation, leakyreluAlpha: 0.2 };
    for (const shape of shapes) {
      const bias = of(shape);
      const slopes: Record<string, core.Tensor> = activation === 'prelu' ? { preluActivationWeights: of(shape) } : {};
      const { wasm, cpu } = await onBoth(() => [run('FusedConv2D', { x, filter, bias, ...slopes }, attrs)]);
      expectClose(wasm[0], cpu[0]);
    }
  });
});

it.each(activations)(
  'a fused depthwise convolution with %s agrees with tfjs-cpu, whatever the bias is broadcast along',
  async (activation) => {
    const next = numbersFrom(43);
    const x = randomTensor([2, 6, 7, 3], next);
    const filter = randomTensor([3, 3, 3, 2], next);
    const attrs = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dilations: [1, 1], activation, leakyreluAlpha: 0.2 };
    for (const shape of [[], [6], [1, 1, 6], [6, 7, 1], [2, 6, 7, 6]]) {
      const bias = randomTensor(shape, next);
      const slopes: Record<string, core.Tensor> = activation === 'prelu' ? { preluActivationWeights: randomTensor(shape, next) } : {};
      const { wasm, cpu } = await onBoth(() => [run('FusedDepthwiseConv2D', { x, filter, bias, ...slopes }, attrs)]);
      expectClose(wasm[0], cpu[0]);
    }
  },
);

it('refuses a bias that cannot be broadcast, and leaves nothing behind', async () => {
  await core.setBackend('wasm');
  const inputs = { x: core.ones([1, 3, 4, 4]), filter: core.ones([1, 1, 3, 2]), bias: core.ones([5]) };
  const held = core.backend().numDataIds();
  const attrs = { strides: [1, 1], pad: 'valid', dataFormat: 'NCHW', dilations: [1, 1] };
  expect(() => run('FusedConv2D', inputs, attrs)).toThrow(/\[FusedConv2D\] expected bias that can be broadcast to \[1,2,4,4\], got \[5\]/);
  expect(core.backend().numDataIds()).toBe(held);
});
