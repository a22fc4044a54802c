export { Generator, DEFAULT_SEED } from './generator.js';
export type { GeneratorState } from './state.js';
export {
  fillBernoulli,
  fillBernoulliTensor,
  fillDropoutMask,
  fillNormal,
  fillRandint,
  fillUniform,
  randperm,
} from './distributions.js';
export { fillPhiloxMask, philox4x32 } from './philox.js';
