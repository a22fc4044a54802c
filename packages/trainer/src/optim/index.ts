export { Adagrad, type AdagradOptions } from './adagrad.js';
export { Adam, type AdamOptions, AdamW } from './adam.js';
export { Optimizer, type OptimizerStateDict, type ParamGroup, type Params, type ParamState } from './optimizer.js';
export { RMSprop, type RMSpropOptions } from './rmsprop.js';
export * from '../schedulers/index.js';
export { SGD, type SGDOptions } from './sgd.js';
