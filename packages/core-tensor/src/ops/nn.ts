/** The ops of neural networks: what `konv` and the gradient rules take from here. */
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  type AdaptiveMaxPoolOptions,
} from './adaptive-pool.js';
export type { AdaptiveSize } from './adaptive-windows.js';
export {
  batchNorm,
  batchNormBackward,
  batchNormGradOp,
  type BatchNormGradients,
  batchNormTrainOp,
} from './batch-norm.js';
export {
  convBackward,
  convBackwardOp,
  convGradInputOp,
  type ConvGradients,
  convGradWeightOp,
  convOp,
  convInputShape,
  convOutputShape,
  convWeightShape,
} from './conv.js';
export {
  conv1d,
  conv2d,
  conv3d,
  convNd,
  type ConvOptions,
} from './conv-nd.js';
export {
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  convTransposeNd,
  type ConvTransposeOptions,
} from './conv-transpose.js';
export { crossEntropyOp } from './cross-entropy.js';
export { alphaDropout, checkDropout, dropout, dropout1d, dropout2d, dropout3d, type DropoutOptions } from './dropout.js';
export { checkEmbeddingOptions, checkPaddingIdx, embedding, type EmbeddingOptions } from './embedding.js';
export { gather, gatherOp, indexSelect, scatterAdd, scatterAddOp } from './gather.js';
export { groupNorm, instanceNorm, type InstanceNormOptions, layerNorm } from './layer-norm.js';
export { linear, linearOp } from './linear.js';
export {
  type BceLossOptions,
  type BceWithLogitsLossOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
} from './binary-losses.js';
export type { LossOptions, Reduction } from './loss-reduction.js';
export { crossEntropy, type CrossEntropyOptions, nllLoss, type NllLossOptions } from './losses.js';
export {
  huberLoss,
  type HuberLossOptions,
  klDiv,
  type KlDivOptions,
  l1Loss,
  mseLoss,
  smoothL1Loss,
  type SmoothL1LossOptions,
} from './regression-losses.js';
export { lpPool1d, lpPool2d, type LpPoolOptions } from './lp-pool.js';
export { maxUnpool1d, maxUnpool2d, maxUnpool3d, type MaxUnpoolOptions } from './max-unpool.js';
export { adamStep, sgdStep } from './optim-steps.js';
export {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  type AvgPoolOptions,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type MaxPoolOptions,
  type MaxPoolResult,
  type PoolOptions,
} from './pool-nd.js';
export {
  avgPoolGradOp,
  avgPoolOp,
  maxPoolGatherOp,
  maxPoolGradOp,
  maxPoolOp,
  poolInputShape,
  poolOutputShape,
} from './pool.js';
export { interpolate, type InterpolateMode, type InterpolateOptions, resampleOp } from './resample.js';
export { argsort, cumsum, cumsumOp, sort, sortOp, type SortResult, topk, type TopkOptions } from './scan-sort.js';
export { logSoftmax, logSoftmaxOp, softmax, softmaxOp } from './softmax.js';
export type { PerAxis, SpatialRank } from './spatial.js';
