export { checkpoint, type CheckpointOptions } from './callbacks/checkpoint.js';
export { earlyStopping, type MonitorOptions } from './callbacks/early-stopping.js';
export { progressBar, type ProgressBarOptions, type Terminal } from './callbacks/progress-bar.js';
export type { EpochRecord, History } from './history.js';
export { accuracy, ConfusionMatrix, type Metric } from './metrics.js';
export * as optim from './optim/index.js';
export { type Batch, type Callback, type FitOptions, type Loader, type Progress, Trainer, type TrainerOptions } from './trainer.js';
