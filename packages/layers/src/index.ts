export * from './activation/index.js';
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormOptions } from './batch-norm.js';
export { Conv1d, Conv2d, Conv3d, type ConvLayerOptions, ConvNd } from './conv.js';
export type { FactoryOptions } from './factory.js';
export { Flatten, Identity } from './flatten.js';
export * as functional from './functional.js';
export * as init from './init.js';
export { Linear, type LinearOptions } from './linear.js';
export { CrossEntropyLoss, type CrossEntropyLossOptions, type LossOptions, MSELoss, NLLLoss, type NLLLossOptions } from './losses.js';
export { isModule } from './module/brand.js';
export { type ForwardHook, type ForwardPreHook, type ModuleCall, withModuleTrace } from './module/forward.js';
export { Module, type WalkOptions } from './module/module.js';
export type { LoadResult, StateDict } from './module/state-dict.js';
export { GroupNorm, type GroupNormOptions, LayerNorm, type LayerNormOptions } from './normalization.js';
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
} from './pooling.js';
export { Sequential } from './sequential.js';
export { Parameter } from '@konv/core-tensor';
export type { SummaryRow } from './summary/rows.js';
export { Summary, summary, type SummaryOptions } from './summary/summary.js';
