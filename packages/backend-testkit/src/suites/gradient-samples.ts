import {
  amax,
  avgPool2d,
  batchNorm,
  batchedMatmul,
  cat,
  clamp,
  clone,
  conv1d,
  conv2d,
  conv3d,
  convNd,
  convTranspose2d,
  crossEntropy,
  cumsum,
  div,
  exp,
  gather,
  interpolate,
  linear,
  log,
  logSoftmax,
  matmul,
  max,
  maximum,
  maxPool2d,
  mean,
  min,
  minimum,
  mseLoss,
  mul,
  pad,
  permute,
  pow,
  reciprocal,
  relu,
  reshape,
  rsqrt,
  scatterAdd,
  set_,
  sigmoid,
  slice,
  softmax,
  sort,
  sqrt,
  square,
  stack,
  sub,
  sum,
  tanh,
  type Tensor,
  variance,
  where,
} from '@konv/core-tensor';
import type { Shape } from '@konv/core-tensor';

/** A function to differentiate. Its inputs are distinct, away from 0 and from each other: no ties, no kinks. */
export interface GradientSample {
  readonly name: string;
  readonly shapes: readonly Shape[];
  /** All inputs are above 0. */
  readonly positive?: true;
  /** Whole numbers for `f`: int32 constants made of these. */
  readonly whole?: readonly { readonly shape: Shape; readonly values: readonly number[] }[];
  readonly f: (inputs: readonly Tensor[], whole: readonly Tensor[]) => Tensor | readonly Tensor[];
}

const unary = (name: string, g: (x: Tensor) => Tensor, positive?: true): GradientSample => ({
  name,
  shapes: [[2, 3]],
  positive,
  f: ([x]) => g(x),
});

/** Every differentiable op of the catalogue stands in one of these. */
export const gradientSamples: readonly GradientSample[] = [
  unary('exp', exp),
  unary('log', log, true),
  unary('sqrt', sqrt, true),
  unary('rsqrt', rsqrt, true),
  unary('reciprocal', reciprocal),
  unary('tanh', tanh),
  unary('sigmoid', sigmoid),
  unary('relu', (x) => mul(relu(x), x)),
  unary('abs', (x) => mul(x.abs(), x)),
  unary('square', square),
  unary('neg', (x) => mul(x.neg(), x)),
  unary('clamp', (x) => mul(clamp(x, -0.3, 0.3), x)),
  unary('pow', (x) => pow(x, 2.5), true),
  { name: 'pow of two tensors', shapes: [[2, 3], [3]], positive: true, f: ([a, b]) => pow(a, b) },
  {
    name: 'add and sub, broadcast',
    shapes: [
      [2, 3],
      [2, 1],
    ],
    f: ([a, b]) => mul(a.add(b), sub(a, b)),
  },
  { name: 'mul, broadcast', shapes: [[2, 3], [3]], f: ([a, b]) => mul(a, b) },
  { name: 'div, broadcast', shapes: [[3], [2, 3]], f: ([a, b]) => div(a, b) },
  {
    name: 'maximum and minimum',
    shapes: [
      [2, 3],
      [2, 3],
    ],
    f: ([a, b]) => mul(maximum(a, b.mul(1.3)), minimum(a, b.mul(1.3))),
  },
  { name: 'where', shapes: [[2, 3], [3]], f: ([a, b]) => mul(where(a.gt(0), a, b), a) },
  { name: 'sum, mean and var', shapes: [[3, 4]], f: ([x]) => [mul(sum(x, 0), mean(x, 0)), variance(x, 1)] },
  { name: 'amax and amin', shapes: [[3, 4]], f: ([x]) => [square(amax(x, 1)), square(x.neg().max())] },
  { name: 'max and min along an axis', shapes: [[3, 4]], f: ([x]) => [square(max(x, 0).values), square(min(x, 1).values)] },
  {
    name: 'reshape, permute, slice',
    shapes: [[2, 3, 4]],
    f: ([x]) => square(slice(permute(reshape(x, [4, 3, 2]), [2, 0, 1]), null, [1, 4, 2])),
  },
  { name: 'expand and squeeze', shapes: [[3, 1]], f: ([x]) => [square(x.expand([2, 3, 2])), square(x.squeeze())] },
  {
    name: 'cat, stack and pad',
    shapes: [
      [2, 2],
      [2, 3],
    ],
    f: ([a, b]) => [square(pad(cat([a, b], 1), [1, 0, 0, 2])), mul(stack([a, a], 1), 2)],
  },
  { name: 'clone and set_', shapes: [[3, 3], [2]], f: ([x, v]) => square(set_(clone(x.mul(1.5)), [[0, 2], 1], v)) },
  { name: 'cast', shapes: [[4]], f: ([x]) => square(x.cast('float64')) },
  {
    name: 'gather and scatterAdd',
    shapes: [
      [3, 4],
      [3, 2],
    ],
    whole: [{ shape: [3, 2], values: [0, 3, 2, 2, 1, 0] }],
    f: ([x, s], [i]) => [square(gather(x, 1, i)), square(scatterAdd(x, 1, i, s))],
  },
  { name: 'cumsum', shapes: [[2, 4]], f: ([x]) => square(cumsum(x, 1)) },
  { name: 'sort', shapes: [[2, 4]], f: ([x]) => mul(sort(x, 1).values, sort(x, 0).values) },
  { name: 'interpolate, nearest', shapes: [[1, 2, 3]], f: ([x]) => square(interpolate(x, { size: 5 })) },
  { name: 'interpolate, bilinear', shapes: [[1, 1, 2, 3]], f: ([x]) => square(interpolate(x, { size: [3, 5], mode: 'bilinear' })) },
  {
    name: 'matmul',
    shapes: [
      [2, 2, 3],
      [3, 2],
    ],
    f: ([a, b]) => matmul(a, b),
  },
  {
    name: 'matmul, shared batch and transposed',
    shapes: [
      [1, 3, 2],
      [2, 3, 2],
    ],
    f: ([a, b]) => batchedMatmul(a.transpose(1, 2), b),
  },
  { name: 'linear', shapes: [[2, 3], [2, 3], [2]], f: ([x, w, b]) => linear(x, w, b) },
  { name: 'linear with tanh', shapes: [[2, 3], [2, 3], [2]], f: ([x, w, b]) => linear(x, w, b, 'tanh') },
  { name: 'conv1d', shapes: [[1, 2, 5], [2, 2, 3], [2]], f: ([x, w, b]) => conv1d(x, w, b, { padding: 1 }) },
  {
    name: 'conv2d, stride and dilation',
    shapes: [[1, 1, 5, 4], [2, 1, 2, 2], [2]],
    f: ([x, w, b]) => conv2d(x, w, b, { stride: [2, 1], dilation: [1, 2], padding: 1 }),
  },
  {
    name: 'conv2d, groups',
    shapes: [
      [2, 2, 3, 3],
      [4, 1, 2, 2],
    ],
    f: ([x, w]) => conv2d(x, w, null, { groups: 2 }),
  },
  { name: 'conv2d with sigmoid', shapes: [[1, 1, 3, 3], [2, 1, 2, 2], [2]], f: ([x, w, b]) => convNd(2, x, w, b, {}, 'sigmoid') },
  {
    name: 'conv3d',
    shapes: [
      [1, 1, 3, 2, 3],
      [1, 1, 2, 2, 2],
    ],
    f: ([x, w]) => conv3d(x, w),
  },
  {
    name: 'convTranspose2d',
    shapes: [[1, 2, 2, 2], [2, 1, 3, 2], [1]],
    f: ([x, w, b]) => convTranspose2d(x, w, b, { stride: 2, padding: 1 }),
  },
  { name: 'maxPool2d', shapes: [[1, 1, 4, 4]], f: ([x]) => square(maxPool2d(x, 3, { stride: 1, padding: 1 })) },
  { name: 'avgPool2d', shapes: [[1, 2, 3, 4]], f: ([x]) => square(avgPool2d(x, 2, { stride: 1, padding: 1, countIncludePad: false })) },
  { name: 'softmax', shapes: [[2, 3]], f: ([x]) => softmax(x, 1) },
  { name: 'logSoftmax', shapes: [[2, 3]], f: ([x]) => logSoftmax(x, 0) },
  { name: 'crossEntropy', shapes: [[3, 4]], whole: [{ shape: [3], values: [3, -100, 1] }], f: ([x], [y]) => crossEntropy(x, y) },
  {
    name: 'crossEntropy without reduction',
    shapes: [[3, 4]],
    whole: [{ shape: [3], values: [3, 0, 1] }],
    f: ([x], [y]) => crossEntropy(x, y, { reduction: 'none' }),
  },
  {
    name: 'mseLoss',
    shapes: [
      [2, 3],
      [2, 3],
    ],
    f: ([x, y]) => mseLoss(x, y),
  },
  { name: 'batchNorm in training', shapes: [[3, 2, 2], [2], [2]], f: ([x, w, b]) => batchNorm(x, null, null, w, b, true) },
];
