export { abi, type AbiState, type RegistryEntry } from './abi.js';
export * from './backend.js';
export * from './creation.js';
export { linspace } from './ranges.js';
export { allocate, checkRebase, dispatch, dispatchAll, dispatchInPlace, observeOps, type OpObserver } from './dispatch.js';
export * from './dtype.js';
export * from './errors.js';
export { breathe } from './finalizer.js';
export * from './geometry.js';
export { isCalledIn } from './kernel-dtypes.js';
export { enableGrad, isGradEnabled, noGrad } from './grad-mode.js';
export {
  abs,
  acos,
  asin,
  atan,
  ceil,
  cos,
  cosh,
  erf,
  exp,
  exp2,
  expm1,
  floor,
  log,
  log10,
  log1p,
  log2,
  neg,
  reciprocal,
  relu,
  relu_,
  round,
  rsqrt,
  sigmoid,
  sign,
  sin,
  sinh,
  sqrt,
  square,
  tan,
  tanh,
  trunc,
  unaryOps,
} from './ops/unary.js';
export * from './ops/elementwise-series.js';
export {
  add,
  add_,
  atan2,
  binaryOps,
  commonDType,
  div,
  div_,
  eq,
  fmod,
  ge,
  gt,
  le,
  lt,
  maximum,
  minimum,
  mul,
  mul_,
  ne,
  pow,
  reluGrad,
  sigmoidGrad,
  sub,
  sub_,
  tanhGrad,
} from './ops/binary.js';
export {
  allclose,
  clampMax,
  clampMin,
  type CloseOptions,
  equal,
  isclose,
  isfinite,
  isinf,
  isnan,
  logicalAnd,
  logicalOr,
  logicalXor,
  remainder,
} from './ops/elementwise.js';
export {
  elu,
  gelu,
  type GeluOptions,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  logsigmoid,
  mish,
  prelu,
  relu6,
  selu,
  silu,
  softmin,
  softplus,
  type SoftplusOptions,
  softsign,
  tanhshrink,
} from './ops/activations.js';
export { cast, castOp } from './ops/cast.js';
export type { ConvAttrs, DifferentiableOp, OpAttrs, SliceAxis } from './ops/catalogue.js';
export type { Op, Operand, OutputSpec, RefOperand } from './ops/define-op.js';
export { batchedMatmul, matmul, matmulOp } from './ops/matmul.js';
export {
  cat,
  catOp,
  clone,
  cloneOp,
  contiguous,
  copy_,
  detach,
  embed,
  embedOp,
  fill_,
  set_,
  setSliceOp,
  stack,
} from './ops/movement.js';
export * from './ops/arrange.js';
export * from './ops/diagonal.js';
export { einsum } from './ops/einsum.js';
export * from './ops/masked.js';
export * from './ops/nn.js';
export { norm } from './ops/norm.js';
export { type PadMode, type PadOptions, pad } from './ops/pad.js';
export * from './ops/parts.js';
export { pixelShuffle, pixelUnshuffle } from './ops/pixel-shuffle.js';
export * from './ops/products.js';
export { amax, amin, argmax, argmin, max, mean, min, sum, type ValuesAndIndices, variance, type VarianceOptions } from './ops/reduce.js';
export * from './ops/reduce-composites.js';
export { fold, unfold, type UnfoldOptions } from './ops/unfold.js';
export {
  expand,
  expandOp,
  flatten,
  parseIndex,
  permute,
  permuteOp,
  reshape,
  reshapeOp,
  select,
  slice,
  slicedShape,
  sliceOp,
  squeeze,
  transpose,
  unsqueeze,
} from './ops/view.js';
export { clamp, logicalNot, where, whereOp } from './ops/where.js';
export { disposed } from './operand.js';
export { isParameter, Parameter } from './parameter.js';
export * from './print/index.js';
export { Generator } from './random/generator.js';
export { fillPhiloxMask, philox4x32 } from './random/philox.js';
export type { GeneratorState } from './random/state.js';
export {
  fillBernoulli,
  fillBernoulliTensor,
  fillDropoutMask,
  fillNormal,
  fillRandint,
  fillUniform,
  randperm as permutation,
} from './random/distributions.js';
export { type Nested, moveValues } from './read.js';
export {
  backends,
  getBackend,
  memory,
  registerBackend,
  registerLazyBackend,
  unavailableBackends,
  unregisterBackend,
  useBackend,
} from './registry.js';
export { currentScope, forEachTensor, keep, runIn, Scope, scope } from './scope.js';
export { debug, defaultGenerator, getRngState, manualSeed, setRngState } from './seed.js';
export * from './shape.js';
export { Storage } from './storage.js';
export { type Axes, type Index, isTensor, Tensor } from './tensor.js';
export type { BackwardOptions, GradientHook, GradientsHook, TapeNode, Tracer } from './tracer.js';
