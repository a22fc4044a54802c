export {
  ELU,
  type ELUOptions,
  GELU,
  type GELUOptions,
  Hardtanh,
  type HardtanhOptions,
  LeakyReLU,
  type LeakyReLUOptions,
  Softplus,
  type SoftplusLayerOptions,
} from './adjustable.js';
export {
  Hardsigmoid,
  Hardswish,
  LogSigmoid,
  Mish,
  ReLU,
  ReLU6,
  SELU,
  Sigmoid,
  SiLU,
  Softsign,
  Tanh,
  Tanhshrink,
} from './fixed.js';
export { PReLU, type PReLUOptions } from './prelu.js';
export { LogSoftmax, Softmax, Softmax2d, Softmin } from './softmax.js';
