import {
  avgPoolGradOp,
  avgPoolOp,
  batchNormTrainOp,
  type ConvGeometry,
  convGradInputOp,
  convGradWeightOp,
  convOp,
  crossEntropyOp,
  dispatch,
  internConv,
  internPool,
  internResample,
  linear,
  logSoftmax,
  matmulOp,
  maxPoolGatherOp,
  maxPoolGradOp,
  maxPoolOp,
  type PoolGeometry,
  resampleOp,
  softmax,
  type Tensor,
} from '@konv/core-tensor';
import { constant, int32, leaf, stridedLeaf } from '../support.js';
import { type CasesFor, row } from './kit.js';

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
});
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
});
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
});
const poolX = [1, 2, 1, 4, 5];
const poolY = [1, 2, 1, 2, 3];
const indices = (): Tensor => int32([0, 1, 4, 10, 7, 19, 0, 2, 4, 6, 7, 19], poolY);

const linearUp = internResample({ rank: 2, planes: 2, inSize: [1, 2, 3], outSize: [1, 4, 4], alignCorners: false });
const nearest = internResample({ rank: 2, planes: 2, inSize: [1, 3, 3], outSize: [1, 2, 5], alignCorners: false });

function matmul(transposeA: boolean, transposeB: boolean) {
  return (a: Tensor, b: Tensor): Tensor => dispatch(matmulOp, [a, b], { transposeA, transposeB });
}

export const nnCases: CasesFor<
  | 'resample'
  | 'matmul'
  | 'linear'
  | 'conv'
  | 'convGradInput'
  | 'convGradWeight'
  | 'maxPool'
  | 'maxPoolGrad'
  | 'maxPoolGather'
  | 'avgPool'
  | 'avgPoolGrad'
  | 'softmax'
  | 'logSoftmax'
  | 'crossEntropy'
  | 'batchNormTrain'
> = {
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
        row(`transposed ${ta} ${tb}`, () => [leaf(ta ? [2, 3, 2] : [2, 2, 3]), leaf(tb ? [2, 2, 3] : [2, 3, 2])], matmul(ta, tb)),
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
    row('grouped, strided, dilated, uneven padding', () => [leaf(convX), leaf(convW), leaf([2])], conv(null, geometry2d)),
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
