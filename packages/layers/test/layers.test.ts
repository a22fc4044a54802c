import '@konv/autograd';
import { gradcheck } from '@konv/autograd';
import { Generator, rand, type Tensor, tensor, zeros } from '@konv/core-tensor';
import { describe, expect, it } from 'vitest';
import * as nn from '../src/index.js';
import { thrown, values } from './support.js';

const close = (got: Tensor, want: number[]): void => {
  expect(got.size).toBe(want.length);
  values(got).forEach((v, i) => expect(v).toBeCloseTo(want[i], 5));
};
/** 1, 2, ... */
const ramp = (shape: number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1),
    { shape },
  );
const filled = (conv: nn.ConvNd, ...weight: number[]): nn.ConvNd => {
  conv.loadStateDict({ weight: tensor(Float32Array.from(weight), { shape: conv.weight.shape }) });
  return conv;
};

describe('shapes of layers', () => {
  it.each<[string, nn.Module, number[], number[]]>([
    ['Conv1d', new nn.Conv1d(2, 3, 3), [4, 2, 9], [4, 3, 7]],
    ['Conv1d, unbatched', new nn.Conv1d(2, 3, 3, { padding: 'same' }), [2, 9], [3, 9]],
    ['Conv2d, even kernel, same', new nn.Conv2d(1, 2, [2, 4], { padding: 'same' }), [1, 1, 5, 6], [1, 2, 5, 6]],
    [
      'Conv2d with everything',
      new nn.Conv2d(4, 6, [3, 2], { stride: [2, 1], padding: [1, 0], dilation: [1, 2], groups: 2, bias: false }),
      [2, 4, 8, 7],
      [2, 6, 4, 5],
    ],
    ['Conv2d, batch of 0', new nn.Conv2d(1, 2, 3), [0, 1, 5, 5], [0, 2, 3, 3]],
    ['Conv3d', new nn.Conv3d(1, 2, [1, 2, 3]), [1, 1, 4, 5, 6], [1, 2, 4, 4, 4]],
    ['circular', new nn.Conv2d(1, 1, 3, { padding: [1, 2], paddingMode: 'circular' }), [1, 1, 4, 4], [1, 1, 4, 6]],
    ['MaxPool1d', new nn.MaxPool1d(2), [1, 2, 7], [1, 2, 3]],
    ['MaxPool2d, ceil', new nn.MaxPool2d(2, { ceilMode: true }), [1, 1, 5, 5], [1, 1, 3, 3]],
    ['MaxPool3d', new nn.MaxPool3d([1, 2, 2], { stride: 1 }), [1, 1, 3, 3, 3], [1, 1, 3, 2, 2]],
    ['AvgPool1d', new nn.AvgPool1d(3, { stride: 1, padding: 1 }), [2, 5], [2, 5]],
    ['AvgPool2d', new nn.AvgPool2d([2, 3]), [1, 1, 4, 6], [1, 1, 2, 2]],
    ['AvgPool3d', new nn.AvgPool3d(2), [1, 1, 2, 2, 2], [1, 1, 1, 1, 1]],
    ['Linear on three axes', new nn.Linear(4, 2), [2, 3, 4], [2, 3, 2]],
    ['Flatten', new nn.Flatten(), [2, 3, 4], [2, 12]],
    ['Flatten(0, 1)', new nn.Flatten(0, 1), [2, 3, 4], [6, 4]],
  ])('%s', (_, layer, input, output) => {
    expect((layer.forward(zeros(input)) as Tensor).shape).toEqual(output);
  });
});

describe('values of layers', () => {
  it('convolution: y = bias + the sum of window times kernel', () => {
    const conv = new nn.Conv2d(1, 1, 2);
    conv.loadStateDict({
      weight: tensor([
        [
          [
            [0, 1],
            [2, 3],
          ],
        ],
      ]),
      bias: tensor([10]),
    });
    close(
      conv.forward(
        tensor([
          [
            [
              [0, 1, 2],
              [3, 4, 5],
              [6, 7, 8],
            ],
          ],
        ]),
      ),
      [29, 35, 47, 53],
    );
  });
  // x = 1 2 3 4 under the kernel 1 10 100: the digits show what stands around it.
  it.each<[string, nn.ConvLayerOptions, number[]]>([
    ['zeros', { padding: 1 }, [210, 321, 432, 43]],
    ['reflect', { padding: 2, paddingMode: 'reflect' }, [123, 212, 321, 432, 343, 234]],
    ['replicate', { padding: 2, paddingMode: 'replicate' }, [111, 211, 321, 432, 443, 444]],
    ['circular', { padding: 2, paddingMode: 'circular' }, [143, 214, 321, 432, 143, 214]],
    ['circular same', { padding: 'same', paddingMode: 'circular' }, [214, 321, 432, 143]],
    ['reflect valid', { padding: 'valid', paddingMode: 'reflect' }, [321, 432]],
    ['dilation 2, same', { padding: 'same', dilation: 2, paddingMode: 'replicate' }, [311, 421, 431, 442]],
  ])('padding %s', (_, options, want) => {
    const conv = filled(new nn.Conv1d(1, 1, 3, { bias: false, ...options }), 1, 10, 100);
    close(conv.forward(ramp([1, 1, 4])), want);
    close(conv.forward(ramp([1, 4])), want);
  });
  it('padding modes in 2-D reach the corners', () => {
    const conv = filled(new nn.Conv2d(1, 1, 3, { bias: false, padding: 1, paddingMode: 'reflect' }), 1, 0, 0, 0, 0, 0, 0, 0, 0);
    // Each output is its upper left neighbour.
    close(conv.forward(ramp([1, 1, 3, 3])), [5, 4, 5, 2, 1, 2, 5, 4, 5]);
  });
  it('padding modes refuse inputs that are too short', () => {
    const reflect = new nn.Conv1d(1, 1, 3, { padding: 2, paddingMode: 'reflect' });
    expect(thrown(() => reflect.forward(zeros([1, 1, 2]))).message).toMatch(
      /^Conv1d: \[pad\] expected padding of at most 1 for mode 'reflect' \(input \[1, 1, 2\], axis 2\), got 2 and 2/,
    );
    const circular = new nn.Conv1d(1, 1, 3, { padding: 2, paddingMode: 'circular' });
    expect(circular.forward(zeros([1, 1, 2])).shape).toEqual([1, 1, 4]);
    expect(thrown(() => circular.forward(zeros([1, 1, 1]))).name).toBe('ShapeError');
  });
  it('pools', () => {
    close(
      new nn.MaxPool2d(2).forward(
        tensor([
          [
            [-4, -3],
            [-2, -1],
          ],
        ]),
      ),
      [-1],
    );
    close(new nn.AvgPool1d(2, { padding: 1 }).forward(tensor([[2, 4]])), [1, 2]);
    close(new nn.AvgPool1d(2, { padding: 1, countIncludePad: false }).forward(tensor([[2, 4]])), [2, 4]);
    expect(thrown(() => new nn.MaxPool2d(2, { padding: 2 })).message).toMatch(/at most half the kernel \(2, 2\), got \(2, 2\)/);
  });
  it('activations and losses', () => {
    const x = tensor([[1, 2, 3]]);
    close(new nn.ReLU().forward(tensor([-1, 0, 2])), [0, 0, 2]);
    close(new nn.Sigmoid().forward(tensor([0])), [0.5]);
    close(new nn.Tanh().forward(tensor([0.5])), [Math.tanh(0.5)]);
    close(new nn.Softmax(1).forward(x), [0.09003057, 0.24472848, 0.66524094]);
    close(new nn.LogSoftmax(-1).forward(x), [-2.407606, -1.407606, -0.407606]);
    const target = tensor([2], { dtype: 'int32' });
    close(new nn.CrossEntropyLoss().forward(x, target), [0.407606]);
    close(new nn.CrossEntropyLoss({ labelSmoothing: 0.3 }).forward(x, target), [0.7 * 0.407606 + 0.1 * (2.407606 + 1.407606 + 0.407606)]);
    close(new nn.CrossEntropyLoss({ reduction: 'none', weight: tensor([1, 1, 3]) }).forward(x, target), [3 * 0.407606]);
    close(new nn.NLLLoss({ ignoreIndex: 2, reduction: 'sum' }).forward(x, target), [0]);
    close(new nn.MSELoss().forward(x, zeros([1, 3])), [14 / 3]);
    close(new nn.MSELoss({ reduction: 'sum' }).forward(x, zeros([1, 3])), [14]);
    expect(thrown(() => new nn.Softmax(undefined as never)).message).toMatch(/expected the axis .* got undefined/);
    expect(thrown(() => new nn.MSELoss({ reduction: 'avg' as never })).message).toMatch(/'mean' or 'sum' or 'none', got 'avg'/);
    expect(thrown(() => new nn.CrossEntropyLoss({ labelSmoothing: 2 })).message).toMatch(/in \[0, 1\], got 2/);
    expect(thrown(() => new nn.NLLLoss({ weight: zeros([2, 2]) })).message).toMatch(/weight \[classes\], got shape \[2, 2\]/);
  });
  it('functional has what the layers compute', () => {
    const x = rand([2, 3]);
    const layer = new nn.Linear(3, 2);
    expect(values(nn.functional.linear(x, layer.weight, layer.bias))).toEqual(values(layer.forward(x)));
    expect(values(nn.functional.relu(x.sub(0.5)))).toEqual(values(new nn.ReLU().forward(x.sub(0.5))));
    expect(typeof nn.functional.crossEntropy).toBe('function');
  });
});

describe('gradients through layers agree with differences', () => {
  const options = { dtype: 'float64', generator: new Generator(1) } as const;
  const cases: [string, nn.Module, number[]][] = [
    ['Conv1d', new nn.Conv1d(2, 2, 2, { ...options, stride: 2 }), [1, 2, 5]],
    ['Conv2d, reflect', new nn.Conv2d(1, 2, 3, { ...options, padding: 1, paddingMode: 'reflect' }), [1, 1, 3, 3]],
    ['Conv2d, circular, groups', new nn.Conv2d(2, 2, 2, { ...options, padding: 1, paddingMode: 'circular', groups: 2 }), [1, 2, 3, 2]],
    ['Conv3d', new nn.Conv3d(1, 1, 2, options), [1, 1, 2, 3, 2]],
    ['Linear', new nn.Linear(3, 2, options), [2, 3]],
    ['MaxPool2d', new nn.MaxPool2d(2, { stride: 1 }), [1, 1, 3, 3]],
    ['AvgPool2d', new nn.AvgPool2d(2, { padding: 1, ceilMode: true }), [1, 1, 3, 3]],
    [
      'Sequential',
      new nn.Sequential(new nn.Linear(3, 3, options), new nn.Tanh(), new nn.Sequential(new nn.Linear(3, 2, options), new nn.LogSoftmax(1))),
      [2, 3],
    ],
  ];
  it.each(cases)('%s', async (_, layer, shape) => {
    const x = rand(shape, { dtype: 'float64', requiresGrad: true, generator: new Generator(2) });
    const inputs = [x, ...layer.parameters()];
    await gradcheck(() => layer.forward(x), inputs);
  });
});
