import { type FixtureCase, type FixtureTensor, opFixtures, tolerances } from '@konv/backend-testkit';
import { engine, reshape, type Tensor, tensor, transpose as transposeFull } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { trainOnWasm } from './train-support.js';

beforeAll(async () => {
  await trainOnWasm();
});

const pair = (value: unknown, otherwise: number): [number, number] => {
  if (value === undefined) return [otherwise, otherwise];
  return Array.isArray(value) ? (value as [number, number]) : [value as number, value as number];
};

/** PyTorch's cases of dense and depthwise convolutions of batches in float32, with gradients. */
function isCovered(c: FixtureCase): boolean {
  const [x, weight] = c.inputs as FixtureTensor[];
  const groups = (c.attrs['groups'] as number | undefined) ?? 1;
  if (c.op !== 'conv2d' || c.error || !c.grads || x.dtype !== 'float32' || x.shape.length !== 4) return false;
  return groups === 1 || (groups === x.shape[1] && weight.shape[1] === 1);
}

const cases = opFixtures.flatMap((file) => file.cases).filter(isCovered);

function tensorOf(x: FixtureTensor): Tensor {
  return tensor(x.data as number[], [...x.shape]);
}

/** tfjs's own Transpose divides by zero where there are no elements. */
function transpose(x: Tensor, axes: number[]): Tensor {
  return x.size === 0
    ? reshape(
        x,
        axes.map((a) => x.shape[a]),
      )
    : transposeFull(x, axes);
}

/** tfjs's padding: words stay, numbers become explicit ones, since tfjs takes a number for square kernels only. */
function padOf(attrs: FixtureCase['attrs'], nhwc: boolean): unknown {
  const { padding = 0 } = attrs;
  if (typeof padding === 'string') return padding;
  const [h, w] = pair(padding, 0);
  const axes = [
    [h, h],
    [w, w],
  ];
  return nhwc ? [[0, 0], ...axes, [0, 0]] : [[0, 0], [0, 0], ...axes];
}

function expectGradient(actual: Tensor, expected: FixtureTensor): void {
  const { relative, absolute, ofLargest } = tolerances.float32.gradient;
  expect(actual.shape).toEqual(expected.shape);
  const data = expected.data as number[];
  const largest = Math.max(0, ...data.map(Math.abs));
  actual.dataSync().forEach((v, i) => {
    expect(Math.abs(v - data[i])).toBeLessThanOrEqual(absolute + relative * Math.abs(data[i]) + ofLargest * largest);
  });
}

const run = (name: string, inputs: Record<string, Tensor>, attrs: Record<string, unknown>): Tensor =>
  engine().runKernel(name, inputs, attrs as never);

it('has cases of every kind', () => {
  expect(cases.length).toBeGreaterThan(15);
  const names = cases.map((c) => c.name).join();
  for (const kind of ['stride', 'dilation', 'padding', 'depthwise', 'same', 'batch 0']) expect(names).toContain(kind);
});

describe.each(['NHWC', 'NCHW'])('gradients of PyTorch, %s', (dataFormat) => {
  const nhwc = dataFormat === 'NHWC';
  // tfjs's depthwise gradients have no data format.
  const covered = cases.filter((c) => nhwc || ((c.attrs['groups'] as number | undefined) ?? 1) === 1);

  it.each(covered)('$name', (c) => {
    const [x, weight] = c.inputs as FixtureTensor[];
    const depthwise = c.attrs['groups'] !== undefined && c.attrs['groups'] !== 1;
    const given = (t: FixtureTensor): Tensor => (nhwc ? transpose(tensorOf(t), [0, 2, 3, 1]) : tensorOf(t));
    const planar = (t: Tensor): Tensor => (nhwc ? transpose(t, [0, 3, 1, 2]) : t);
    const [outChannels, perGroup, height, width] = weight.shape;
    const inChannels = x.shape[1];
    const split = depthwise ? [inChannels, outChannels / inChannels, height, width] : [outChannels, perGroup, height, width];
    const toFilter = depthwise ? [2, 3, 0, 1] : [2, 3, 1, 0];
    const toWeight = depthwise ? [2, 3, 0, 1] : [3, 2, 0, 1];
    const filter = transpose(tensorOf({ ...weight, shape: split }), toFilter);
    const dy = given(c.gradOutputs?.[0] as FixtureTensor);
    const attrs = {
      strides: pair(c.attrs['stride'], 1),
      dilations: pair(c.attrs['dilation'], 1),
      pad: padOf(c.attrs, nhwc),
      ...(depthwise ? {} : { dataFormat }),
    };
    const prefix = depthwise ? 'DepthwiseConv2dNative' : 'Conv2D';
    const inputShape = given(x).shape;
    const dx = run(`${prefix}BackpropInput`, { dy, filter }, { ...attrs, inputShape });
    const dfilter = run(`${prefix}BackpropFilter`, { x: given(x), dy }, { ...attrs, filterShape: filter.shape });
    const [gx, gw] = c.grads as FixtureTensor[];
    expectGradient(planar(dx), gx);
    expectGradient(transpose(dfilter, toWeight), { ...gw, shape: split });
  });
});
