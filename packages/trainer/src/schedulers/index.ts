export { CosineAnnealingLR, CosineAnnealingWarmRestarts } from './cosine.js';
export { ExponentialLR, LambdaLR, LinearLR, type LrLambda, MultiStepLR, StepLR } from './decay.js';
export { OneCycleLR, type OneCycleOptions } from './one-cycle.js';
export { type PlateauOptions, ReduceLROnPlateau } from './plateau.js';
export { LRScheduler, type SchedulerState } from './scheduler.js';
