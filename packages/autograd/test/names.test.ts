import { batchNorm, cat, conv2d, conv3d, convTranspose2d, linear, maxPool2d, softmax, type Tensor, where } from '@konv/core-tensor';
import { expect, it } from 'vitest';
import { f64, leaf } from './support.js';

const x = f64(
  [
    [1, 2],
    [3, 4],
  ],
  true,
);
const cases: [string, () => Tensor][] = [
  ['AddBackward0', () => x.add(1)],
  ['SubBackward0', () => x.sub(x)],
  ['MulBackward0', () => x.mul(2)],
  ['DivBackward0', () => x.div(2)],
  ['PowBackward0', () => x.pow(2)],
  ['PowBackward1', () => x.pow(x)],
  ['ReluBackward0', () => x.relu()],
  ['ExpBackward0', () => x.exp()],
  ['SumBackward1', () => x.sum(1, true)],
  ['SumBackward0', () => x.sum([0, 1], true)],
  ['SumBackward0', () => x.sum()],
  ['SumBackward1', () => x.sum(0)],
  ['AmaxBackward0', () => x.max()],
  ['ViewBackward0', () => x.sum().reshape([1])],
  ['ViewBackward0', () => x.reshape([4])],
  ['PermuteBackward0', () => x.permute([1, 0])],
  ['ExpandBackward0', () => x.expand([2, 2, 2])],
  ['SliceBackward0', () => x.slice([0, 1])],
  ['CloneBackward0', () => x.clone()],
  ['CatBackward0', () => cat([x, x])],
  ['WhereBackward0', () => where(x.gt(0), x, 0)],
  ['ToCopyBackward0', () => x.cast('float32')],
  ['SoftmaxBackward0', () => softmax(x, 1)],
  ['AddmmBackward0', () => linear(x, x)],
  ['ConvolutionBackward0', () => convTranspose2d(leaf([1, 1, 3, 3]), leaf([1, 1, 2, 2]))],
  ['ViewBackward0', () => conv2d(leaf([1, 1, 3, 3]), leaf([1, 1, 2, 2])).flatten(1)],
  ['ViewBackward0', () => conv3d(leaf([1, 1, 3, 3, 3]), leaf([1, 1, 2, 2, 2])).flatten(1)],
  ['NativeBatchNormBackward0', () => batchNorm(leaf([2, 1, 3, 3]), null, null, null, null, true)],
  ['ConvolutionBackward0', () => conv2d(leaf([1, 1, 3, 3]), leaf([1, 1, 2, 2]))],
  ['MaxPool2DWithIndicesBackward0', () => maxPool2d(leaf([1, 1, 4, 4]), 2)],
];

it.each(cases)('%s', (name, make) => {
  expect(make().node?.name).toBe(name);
});

it('prints as PyTorch', () => {
  expect(String(x.mul(2))).toBe('tensor([[2., 4.],\n        [6., 8.]], dtype=torch.float64, grad_fn=<MulBackward0>)');
});
