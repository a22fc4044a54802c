/**
 * konv: convolutional networks with the names and the numbers of PyTorch, on whichever backend is registered.
 * Importing it turns autograd on and makes the cpu-js backend available.
 */
import '@konv/autograd';
import './defaults.js';

export * from './core.js';
export { ready, type ReadyOptions } from './ready.js';
export {
  defineFunction,
  FunctionContext,
  type FunctionDefinition,
  grad,
  gradcheck,
  type GradOptions,
  gradgradcheck,
} from '@konv/autograd';
export { cpuJs } from '@konv/backend-cpu-js';
export type { WasmOptions } from '@konv/backend-wasm';
export { wasm } from './wasm.js';
export type { WarmUpModel, WarmUpOptions, WebglBackend, WebglCanvas, WebglOptions, WebglStatistics } from '@konv/backend-webgl';
export { webgl } from './webgl.js';
export * as data from '@konv/data';
export * as formats from '@konv/formats';
export * as nn from '@konv/layers';
export { clipGradNorm, clipGradValue, Summary, summary, type SummaryOptions } from '@konv/layers';
export {
  accuracy,
  type Average,
  type AverageOptions,
  type Batch,
  type Callback,
  checkpoint,
  type CheckpointOptions,
  ConfusionMatrix,
  earlyStopping,
  type EpochRecord,
  f1,
  type FitOptions,
  type History,
  jsonlLog,
  type JsonlLogOptions,
  type Loader,
  lrScheduler,
  type LRSchedulerOptions,
  type Metric,
  type MonitorOptions,
  optim,
  precision,
  type Progress,
  progressBar,
  type ProgressBarOptions,
  readCheckpoint,
  recall,
  type StatefulMetric,
  tensorBoard,
  type TensorBoardOptions,
  terminateOnNaN,
  topKAccuracy,
  Trainer,
  type TrainerOptions,
  type TrainerState,
} from '@konv/trainer';
