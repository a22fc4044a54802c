/**
 * Every differentiable op against central differences, its first and second derivatives, on contiguous, strided and
 * broadcast inputs. The table is typed over core's catalogue: an op without a case does not compile.
 */
import { gradcheck, gradgradcheck } from '@konv/autograd';
import {
  add,
  amax,
  amin,
  avgPoolGradOp,
  avgPoolOp,
  batchNormTrainOp,
  cast,
  cat,
  ceil,
  clone,
  type ConvGeometry,
  convGradInputOp,
  convGradWeightOp,
  convOp,
  crossEntropyOp,
  cumsum,
  type DifferentiableOp,
  dispatch,
  div,
  embed,
  exp,
  expand,
  floor,
  gather,
  internConv,
  internPool,
  internResample,
  linear,
  log,
  logSoftmax,
  matmulOp,
  maximum,
  maxPoolGatherOp,
  maxPoolGradOp,
  maxPoolOp,
  minimum,
  mul,
  neg,
  noGrad,
  parseIndex,
  permute,
  type PoolGeometry,
  pow,
  reciprocal,
  reluGrad,
  resampleOp,
  reshape,
  rsqrt,
  scatterAdd,
  setSliceOp,
  sigmoidGrad,
  sign,
  slice,
  softmax,
  sort,
  sqrt,
  square,
  sub,
  sum,
  tanhGrad,
  type Tensor,
  where,
} from '@konv/core-tensor'; // prettier-ignore
import { describe, expect, it } from 'vitest';
import { balanced, constant, frozen, int32, leaf, stridedLeaf } from './support.js';

interface Case {
  readonly what: string;
  readonly inputs: () => Tensor[];
  readonly fn: (...inputs: Tensor[]) => Tensor | Tensor[];
}

function row(what: string, inputs: () => Tensor[], fn: Case['fn']): Case {
  return { what, inputs, fn };
}

/** Contiguous and strided. */
function unary(f: (x: Tensor) => Tensor, low = -1, high = 1): Case[] {
  return [
    row('contiguous', () => [leaf([2, 3], low, high)], f),
    row('strided', () => [stridedLeaf([3, 2], low, high)], f),
    row('scalar', () => [leaf([], low, high)], f),
  ];
}

/** All ways in which two operands meet. */
function binary(f: (a: Tensor | number, b: Tensor | number) => Tensor, low = -1, high = 1): Case[] {
  const t = f as (...x: Tensor[]) => Tensor;
  return [
    row('same shape', () => [leaf([2, 3], low, high), leaf([2, 3], low, high)], t),
    row('strided', () => [stridedLeaf([2, 3], low, high), leaf([2, 3], low, high)], t),
    row('broadcast both ways', () => [leaf([2, 1, 3], low, high), stridedLeaf([4, 1], low, high)], t),
    row('with a scalar', () => [leaf([], low, high), leaf([2, 2], low, high)], t),
    row('first wants it', () => [leaf([3], low, high), constant([2, 3], low, high)], t),
    row('second wants it', () => [constant([3], low, high), leaf([2, 3], low, high)], t),
    row(
      'tensor and number',
      () => [leaf([3], low, high)],
      (a) => f(a, 0.75),
    ),
    row(
      'number and tensor',
      () => [leaf([3], low, high)],
      (b) => f(0.75, b),
    ),
    row(
      'the same twice',
      () => [leaf([3], low, high)],
      (a) => f(a, mul(a, 1.5)),
    ),
  ];
}

const geometry2d: ConvGeometry = internConv({
  rank: 2,
  batch: 2,
  inChannels: 4,
  outChannels: 2,
  groups: 2,
  inSize: [1, 5, 4],
  outSize: [1, 3, 2],
  kernel: [1, 3, 2],
  stride: [1, 2, 2],
  dilation: [1, 1, 2],
  padLow: [0, 1, 0],
  padHigh: [0, 1, 1],
}); // prettier-ignore
const geometry3d: ConvGeometry = internConv({
  rank: 3,
  batch: 1,
  inChannels: 2,
  outChannels: 3,
  groups: 1,
  inSize: [3, 3, 2],
  outSize: [2, 2, 2],
  kernel: [2, 2, 1],
  stride: [1, 1, 1],
  dilation: [1, 1, 1],
  padLow: [0, 0, 0],
  padHigh: [0, 0, 0],
}); // prettier-ignore
const convX = [2, 4, 1, 5, 4];
const convW = [2, 2, 1, 3, 2];
const convY = [2, 2, 1, 3, 2];

function conv(activation: 'relu' | 'sigmoid' | 'tanh' | null, g: ConvGeometry) {
  return (x: Tensor, w: Tensor, b?: Tensor): Tensor => dispatch(convOp, [x, w, b ?? null], { geometry: g, activation });
}

const pool: PoolGeometry = internPool({
  rank: 2,
  batch: 1,
  channels: 2,
  inSize: [1, 4, 5],
  outSize: [1, 2, 3],
  kernel: [1, 3, 2],
  stride: [1, 2, 2],
  dilation: [1, 1, 1],
  padLow: [0, 1, 0],
  padHigh: [0, 0, 1],
  countIncludePad: false,
}); // prettier-ignore
const poolX = [1, 2, 1, 4, 5];
const poolY = [1, 2, 1, 2, 3];
const indices = (): Tensor => int32([0, 1, 4, 10, 7, 19, 0, 2, 4, 6, 7, 19], poolY);

const linearUp = internResample({ rank: 2, planes: 2, inSize: [1, 2, 3], outSize: [1, 4, 4], alignCorners: false });
const nearest = internResample({ rank: 2, planes: 2, inSize: [1, 3, 3], outSize: [1, 2, 5], alignCorners: false });

function matmul(transposeA: boolean, transposeB: boolean) {
  return (a: Tensor, b: Tensor): Tensor => dispatch(matmulOp, [a, b], { transposeA, transposeB });
}

const cases: { readonly [K in DifferentiableOp]: readonly Case[] } = {
  exp: unary(exp),
  log: unary(log, 0.5, 2),
  sqrt: unary(sqrt, 0.5, 2),
  tanh: unary((x) => x.tanh()),
  floor: unary((x) => add(floor(x), mul(x, x)), 0.1, 0.9),
  ceil: unary((x) => add(ceil(x), mul(x, x)), 0.1, 0.9),
  sign: unary((x) => add(sign(x), mul(x, x)), 0.1, 0.9),
  neg: unary((x) => neg(mul(x, x))),
  abs: unary((x) => x.abs(), -2, -0.5),
  square: unary(square),
  reciprocal: unary(reciprocal, 0.5, 2),
  rsqrt: unary(rsqrt, 0.5, 2),
  relu: [...unary((x) => x.relu(), 0.2, 1), ...unary((x) => x.relu(), -1, -0.2)],
  sigmoid: unary((x) => x.sigmoid()),

  add: binary(add),
  sub: binary(sub),
  mul: binary(mul),
  div: binary(div, 0.5, 2),
  pow: [
    ...binary(pow, 0.5, 2),
    row(
      'whole exponents of negative bases',
      () => [leaf([4], -2, -0.5)],
      (x) => [pow(x, 3), pow(x, 2), pow(x, -1), pow(x, 0)],
    ),
    row(
      'at zero',
      () => [tensorAtZero()],
      (x) => pow(x, 3),
    ),
  ],
  maximum: binary((a, b) => maximum(a, b)),
  minimum: binary((a, b) => minimum(a, b)),
  reluGrad: [
    row('with its kink far away', () => [leaf([2, 3]), leaf([2, 3], 0.5, 1)], reluGrad),
    row('below', () => [leaf([3]), leaf([3], -1, -0.5)], reluGrad),
  ],
  sigmoidGrad: [row('both operands', () => [leaf([2, 3]), stridedLeaf([2, 3])], sigmoidGrad)],
  tanhGrad: [row('both operands', () => [leaf([2, 3]), stridedLeaf([2, 3])], tanhGrad)],
  where: [
    row(
      'same shape',
      () => [leaf([2, 2]), stridedLeaf([2, 2])],
      (a, b) => where(constant([2, 2]).gt(0), a.square(), b),
    ),
    row(
      'broadcast',
      () => [leaf([2, 1]), leaf([3])],
      (a, b) => where(constant([4, 1, 1]).gt(0), a.square(), b),
    ),
    row(
      'numbers',
      () => [leaf([2, 1])],
      (a) => add(where(constant([2, 3]).gt(0), 2, a.exp()), where(constant([2, 3]).gt(0), a.exp(), 2)),
    ),
  ],
  cast: [
    row(
      'to float64 and back is the identity',
      () => [leaf([3])],
      (x) => cast(cast(x, 'float64'), 'float64').square(),
    ),
  ],

  sum: [
    row(
      'all',
      () => [leaf([2, 3])],
      (x) => sum(x.square()),
    ),
    row(
      'some axes of strided',
      () => [stridedLeaf([2, 3, 2])],
      (x) => sum(x.square(), [0, 2]),
    ),
    row(
      'kept',
      () => [leaf([2, 3])],
      (x) => sum(x.square(), 1, true),
    ),
    row(
      'none',
      () => [leaf([2, 3])],
      (x) => sum(x.square(), []),
    ),
  ],
  amax: [
    row(
      'all',
      () => [leaf([2, 3])],
      (x) => amax(x).square(),
    ),
    row(
      'an axis of strided',
      () => [stridedLeaf([2, 3])],
      (x) => amax(x, 1).square(),
    ),
  ],
  amin: [
    row(
      'all',
      () => [leaf([2, 3])],
      (x) => amin(x).square(),
    ),
    row(
      'two axes',
      () => [stridedLeaf([2, 3, 2])],
      (x) => amin(x, [0, 2], true).square(),
    ),
  ],

  reshape: [
    row(
      'contiguous',
      () => [leaf([2, 6])],
      (x) => reshape(x, [3, -1]).square(),
    ),
    row(
      'strided',
      () => [stridedLeaf([2, 6])],
      (x) => reshape(x, [4, 3]).square(),
    ),
  ],
  permute: [
    row(
      'three axes',
      () => [leaf([2, 3, 4])],
      (x) => permute(x.square(), [2, 0, 1]),
    ),
    row(
      'strided',
      () => [stridedLeaf([2, 3])],
      (x) => x.transpose(0, 1).square(),
    ),
  ],
  expand: [
    row(
      'an axis and new ones',
      () => [leaf([2, 1, 2])],
      (x) => expand(x, [2, 2, 3, 2]).square(),
    ),
    row(
      'a scalar',
      () => [leaf([])],
      (x) => expand(x, [2, 2]).square(),
    ),
  ],
  slice: [
    row(
      'steps and drops',
      () => [leaf([4, 3, 5])],
      (x) => slice(x, [1, null, 2], 2, [0, -1]).square(),
    ),
    row(
      'overlapping slices add up',
      () => [stridedLeaf([5])],
      (x) => mul(x.slice([0, 4]), x.slice([1, 5])),
    ),
  ],
  clone: [
    row(
      'strided',
      () => [stridedLeaf([2, 3])],
      (x) => clone(x).square(),
    ),
  ],
  embed: [
    row(
      'a stepped window',
      () => [stridedLeaf([2, 3])],
      (x) => embed(x.square(), [5, 3, 2], parseIndex('embed', [[0, 4, 2], null, 1], [5, 3, 2])),
    ),
  ],
  setSlice: [
    row(
      'both operands',
      () => [leaf([4, 3]), stridedLeaf([2, 3])],
      (base, value) =>
        dispatch(setSliceOp, [base.square(), value.square()], { axes: parseIndex('setSlice', [[0, 4, 2]], [4, 3]) }),
    ),
    row(
      'a dropped axis',
      () => [leaf([2, 3]), leaf([2])],
      (base, value) =>
        dispatch(setSliceOp, [base.square(), value.square()], { axes: parseIndex('setSlice', [null, 1], [2, 3]) }),
    ),
  ],
  cat: [
    row(
      'middle axis',
      () => [leaf([2, 1, 2]), stridedLeaf([2, 3, 2]), constant([2, 1, 2])],
      (...xs) => cat(xs, 1).square(),
    ),
    row(
      'one twice',
      () => [leaf([2])],
      (x) => cat([x, x.square()]),
    ),
  ],

  gather: [
    row(
      'with repeats',
      () => [leaf([3, 2])],
      (x) => gather(x.square(), 0, int32([2, 0, 2, 1], [2, 2])),
    ),
  ],
  scatterAdd: [
    row(
      'with repeats',
      () => [leaf([3, 2]), stridedLeaf([2, 2])],
      (base, source) => scatterAdd(base.square(), 0, int32([2, 0, 2, 1], [2, 2]), source.square()),
    ),
  ],
  cumsum: [
    row(
      'first axis',
      () => [leaf([3, 2])],
      (x) => cumsum(x.square(), 0),
    ),
    row(
      'last axis of strided',
      () => [stridedLeaf([2, 4])],
      (x) => cumsum(x, 1).square(),
    ),
  ],
  sort: [
    row(
      'both directions',
      () => [leaf([2, 4])],
      (x) => [sort(x.square(), -1).values, sort(x.square(), -1, true).values],
    ),
  ],
  resample: [
    row(
      'linear',
      () => [leaf([2, 1, 2, 3])],
      (x) => dispatch(resampleOp, [x.square()], { kind: 'linear', geometry: linearUp, adjoint: false }),
    ),
    row(
      'linear, adjoint',
      () => [leaf([2, 1, 4, 4])],
      (x) => dispatch(resampleOp, [x.square()], { kind: 'linear', geometry: linearUp, adjoint: true }),
    ),
    row(
      'nearest',
      () => [leaf([2, 1, 3, 3])],
      (x) => dispatch(resampleOp, [x.square()], { kind: 'nearest', geometry: nearest, adjoint: false }),
    ),
  ],

  matmul: [
    ...[false, true].flatMap((ta) =>
      [false, true].map((tb) =>
        row(
          `transposed ${ta} ${tb}`,
          () => [leaf(ta ? [2, 3, 2] : [2, 2, 3]), leaf(tb ? [2, 2, 3] : [2, 3, 2])],
          matmul(ta, tb),
        ),
      ),
    ),
    row('shared left', () => [leaf([1, 2, 3]), leaf([3, 3, 2])], matmul(false, false)),
    row('shared right, strided', () => [stridedLeaf([3, 2, 3]), stridedLeaf([1, 3, 2])], matmul(false, false)),
    row(
      'through torch.matmul',
      () => [leaf([2, 2, 3]), leaf([3])],
      (a, b) => a.matmul(b),
    ),
    row(
      'with itself',
      () => [leaf([2, 2])],
      (a) => a.matmul(a.transpose(0, 1)).matmul(a),
    ),
  ],
  linear: [
    row(
      'with bias',
      () => [leaf([3, 2]), leaf([4, 2]), leaf([4])],
      (x, w, b) => linear(x, w, b),
    ),
    row(
      'no bias, strided',
      () => [stridedLeaf([3, 2]), stridedLeaf([4, 2])],
      (x, w) => linear(x, w),
    ),
    row(
      'weight only',
      () => [constant([3, 2]), leaf([4, 2])],
      (x, w) => linear(x, w),
    ),
    ...(['relu', 'sigmoid', 'tanh'] as const).map((a) =>
      row(
        a,
        () => [leaf([3, 2]), leaf([2, 2]), leaf([2])],
        (x, w, b) => linear(x, w, b, a),
      ),
    ),
  ],

  conv: [
    row(
      'grouped, strided, dilated, uneven padding',
      () => [leaf(convX), leaf(convW), leaf([2])],
      conv(null, geometry2d),
    ),
    row('3-D, no bias', () => [leaf([1, 2, 3, 3, 2]), stridedLeaf([3, 2, 2, 2, 1])], conv(null, geometry3d)),
    row('input only', () => [leaf(convX), constant(convW)], conv(null, geometry2d)),
    row('weight only', () => [constant(convX), leaf(convW), leaf([2])], conv(null, geometry2d)),
    row('bias only', () => [constant(convX), constant(convW), leaf([2])], conv(null, geometry2d)),
    ...(['relu', 'sigmoid', 'tanh'] as const).map((a) =>
      row(a, () => [leaf([1, 2, 3, 3, 2]), leaf([3, 2, 2, 2, 1]), leaf([3])], conv(a, geometry3d)),
    ),
  ],
  convGradInput: [
    row(
      'both',
      () => [leaf(convY), leaf(convW)],
      (dy, w) => dispatch(convGradInputOp, [dy, w], { geometry: geometry2d }),
    ),
  ],
  convGradWeight: [
    row(
      'both',
      () => [leaf(convX), leaf(convY)],
      (x, dy) => dispatch(convGradWeightOp, [x, dy], { geometry: geometry2d }),
    ),
  ],

  maxPool: [
    row(
      'padded, overlapping',
      () => [leaf(poolX)],
      (x) => dispatch(maxPoolOp, [x.square()], { geometry: pool }),
    ),
  ],
  maxPoolGrad: [
    row(
      'repeats',
      () => [leaf(poolY)],
      (dy) => dispatch(maxPoolGradOp, [dy.square(), indices()], { geometry: pool }),
    ),
  ],
  maxPoolGather: [
    row(
      'repeats',
      () => [leaf(poolX)],
      (x) => dispatch(maxPoolGatherOp, [x.square(), indices()], { geometry: pool }),
    ),
  ],
  avgPool: [
    row(
      'padding not counted',
      () => [stridedLeaf(poolX)],
      (x) => dispatch(avgPoolOp, [x.square()], { geometry: pool }),
    ),
  ],
  avgPoolGrad: [
    row(
      'padding not counted',
      () => [leaf(poolY)],
      (dy) => dispatch(avgPoolGradOp, [dy.square()], { geometry: pool }),
    ),
  ],

  softmax: [
    row(
      'rows',
      () => [leaf([2, 4])],
      (x) => softmax(x, 1),
    ),
    row(
      'another axis of strided',
      () => [stridedLeaf([2, 3, 2])],
      (x) => softmax(x, 1),
    ),
  ],
  logSoftmax: [
    row(
      'rows',
      () => [leaf([2, 4])],
      (x) => logSoftmax(x, 1),
    ),
    row(
      'another axis of strided',
      () => [stridedLeaf([2, 3, 2])],
      (x) => logSoftmax(x, 0),
    ),
  ],
  crossEntropy: [
    row(
      'rows',
      () => [leaf([3, 4])],
      (x) => dispatch(crossEntropyOp, [x, int32([0, 3, 1])], { ignoreIndex: -100 }),
    ),
    row(
      'an ignored row',
      () => [stridedLeaf([3, 4])],
      (x) => dispatch(crossEntropyOp, [x.square(), int32([0, 3, 1])], { ignoreIndex: 3 }),
    ),
  ],
  batchNormTrain: [
    row(
      'all three',
      () => [leaf([3, 2, 2]), leaf([2]), leaf([2])],
      (x, w, b) => dispatch(batchNormTrainOp, [x, w, b], { eps: 1e-3 }),
    ),
    row(
      'no affine part',
      () => [stridedLeaf([3, 2, 2])],
      (x) => dispatch(batchNormTrainOp, [x, null, null], { eps: 1e-3 }),
    ),
    row(
      'weight only',
      () => [constant([3, 2, 2]), leaf([2])],
      (x, w) => dispatch(batchNormTrainOp, [x, w, null], { eps: 1e-3 }),
    ),
  ],
};

function tensorAtZero(): Tensor {
  const x = leaf([2]);
  noGrad(() => x.zero_());
  return x;
}

describe.each(Object.entries(cases))('%s', (_op, rows) => {
  it.each(rows.map((c) => [c.what, c] as const))('%s: first derivatives', async (_what, c) => {
    await balanced(async () => {
      const inputs = c.inputs();
      await expect(gradcheck(frozen(c.fn), inputs)).resolves.toBe(true);
      for (const x of inputs) x.dispose();
    });
  });
  it.each(rows.map((c) => [c.what, c] as const))('%s: second derivatives', async (_what, c) => {
    await balanced(async () => {
      const inputs = c.inputs();
      await expect(gradgradcheck(frozen(c.fn), inputs)).resolves.toBe(true);
      for (const x of inputs) x.dispose();
    });
  });
});
