export * from './activation/index.js';
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  type AdaptiveMaxPoolLayerOptions,
} from './adaptive-pooling.js';
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormOptions } from './batch-norm.js';
export { clipGradNorm, type ClipGradNormOptions, clipGradValue } from './clip-grad.js';
export { Conv1d, Conv2d, Conv3d, type ConvLayerOptions } from './conv.js';
export { ConvNd } from './conv-nd.js';
export { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, type ConvTransposeLayerOptions } from './conv-transpose.js';
export { AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, type DropoutLayerOptions } from './dropout.js';
export { Embedding, type EmbeddingLayerOptions, type PretrainedOptions } from './embedding.js';
export type { FactoryOptions } from './factory.js';
export { Flatten, Identity, Unflatten } from './flatten.js';
export * as functional from './functional.js';
export * as init from './init.js';
export { InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, type InstanceNormLayerOptions } from './instance-norm.js';
export { Linear, type LinearOptions } from './linear.js';

export { LPPool1d, LPPool2d, type LpPoolLayerOptions } from './lp-pooling.js';
export { MaxUnpool1d, MaxUnpool2d, MaxUnpool3d, type MaxUnpoolLayerOptions } from './max-unpooling.js';
export type { FullBackwardHook } from './module/backward-hooks.js';
export { isModule } from './module/brand.js';
export { type ForwardHook, type ForwardPreHook, type ModuleCall, withModuleTrace } from './module/forward.js';
export { Module, type WalkOptions } from './module/module.js';
export type { LoadResult, StateDict } from './module/state-dict.js';
export { ModuleDict } from './module-dict.js';
export { ModuleList } from './module-list.js';
export { GroupNorm, type GroupNormOptions, LayerNorm, type LayerNormOptions } from './normalization.js';
export { ParameterDict, ParameterList } from './parameter-containers.js';
export {
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  type PaddingSize,
  ReflectionPad1d,
  ReflectionPad2d,
  ReflectionPad3d,
  ReplicationPad1d,
  ReplicationPad2d,
  ReplicationPad3d,
  ZeroPad2d,
} from './padding.js';
export type { PaddingMode } from './padding-mode.js';
export {
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  type AvgPoolLayerOptions,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  type MaxPoolLayerOptions,
  type MaxPoolOutput,
} from './pooling.js';
export { PixelShuffle, PixelUnshuffle, Upsample, type UpsampleOptions, UpsamplingBilinear2d, UpsamplingNearest2d } from './resize.js';
export { Sequential } from './sequential.js';
export { Parameter } from '@konv/core-tensor';
export type { SummaryRow } from './summary/rows.js';
export { Summary, summary, type SummaryOptions } from './summary/summary.js';
export {
  BCELoss,
  type BCELossOptions,
  BCEWithLogitsLoss,
  type BCEWithLogitsLossOptions,
  HuberLoss,
  type HuberLossLayerOptions,
  KLDivLoss,
  type KLDivLossOptions,
  L1Loss,
  MSELoss,
  SmoothL1Loss,
  type SmoothL1LossLayerOptions,
} from './elementwise-losses.js';
export type { LossOptions } from './loss-options.js';
export { CrossEntropyLoss, type CrossEntropyLossOptions, NLLLoss, type NLLLossOptions } from './losses.js';
export { Fold, Unfold, type UnfoldLayerOptions } from './windows.js';
