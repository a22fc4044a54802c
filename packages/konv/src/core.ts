/** What users need of `@konv/core-tensor`. Those who write backends or ops import that package itself. */
export {
  abs, add, amax, amin, arange, argmax, argmin, type Backend, BackendError, backends, type BackwardOptions, cast, cat,
  ceil, clamp, cumsum, debug, defaultGenerator, type DType, DisposedError, div, DTypeError, empty, enableGrad, eq, exp,
  expand, eye, flatten, floor, FormatError, full, gather, ge, Generator, getBackend, getRngState, GradError, gt,
  type Index, indexSelect, interpolate, isGradEnabled, isKonvError, isTensor, keep, KonvError, le, log, logicalNot,
  logSoftmax, lt, manualSeed, matmul, max, maximum, mean, memory, min, minimum, mul, ne, neg, noGrad, normal, ones,
  onesLike, pad, Parameter, permute, pow, rand, randint, randn, randperm, reciprocal, registerBackend, relu, reshape,
  rsqrt, scatterAdd, Scope, scope, ScopeError, select, setPrintOptions, setRngState, type Shape, ShapeError, sigmoid,
  sign, slice, softmax, sort, sqrt, square, squeeze, stack, sub, sum, tanh, Tensor, tensor, transpose,
  type Unavailable, unavailableBackends, uniform, unregisterBackend, unsqueeze, useBackend, variance, where, zeros,
  zerosLike,
} from '@konv/core-tensor'; // prettier-ignore
