import {
  abs,
  acos,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  type AdaptiveSize,
  add,
  amax,
  amin,
  argmax,
  argmin,
  asin,
  atan,
  atan2,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  batchNorm,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  huberLoss,
  klDiv,
  l1Loss,
  smoothL1Loss,
  cat,
  ceil,
  clamp,
  clampMax,
  clampMin,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  cos,
  cosh,
  crossEntropy,
  cumsum,
  div,
  elu,
  embedding,
  eq,
  erf,
  exp,
  exp2,
  expand,
  expm1,
  flatten,
  floor,
  fmod,
  gather,
  ge,
  groupNorm,
  gelu,
  gt,
  hardsigmoid,
  hardswish,
  hardtanh,
  type Index,
  indexSelect,
  instanceNorm,
  layerNorm,
  isclose,
  isfinite,
  isinf,
  isnan,
  le,
  leakyRelu,
  linear,
  log,
  log10,
  log1p,
  log2,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  logsigmoid,
  logSoftmax,
  lt,
  lpPool1d,
  lpPool2d,
  type LpPoolOptions,
  matmul,
  max,
  maximum,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  maxUnpool1d,
  maxUnpool2d,
  maxUnpool3d,
  mean,
  min,
  minimum,
  mish,
  mseLoss,
  mul,
  ne,
  neg,
  nllLoss,
  permute,
  pow,
  prelu,
  reciprocal,
  relu,
  relu6,
  remainder,
  reshape,
  round,
  rsqrt,
  scatterAdd,
  select,
  selu,
  sigmoid,
  sign,
  silu,
  sin,
  sinh,
  slice,
  softmax,
  softmin,
  softplus,
  softsign,
  sort,
  sqrt,
  square,
  squeeze,
  stack,
  sub,
  sum,
  tan,
  tanh,
  tanhshrink,
  type Tensor,
  transpose,
  trunc,
  unsqueeze,
  where,
} from '@konv/core-tensor';
import { arrayElementwise, arrayOperations } from './operations-arrays.js';

/** Of a fixture: a tensor, a plain number, or an operand left out. */
export type Operand = Tensor | number | null;
/** Attributes under PyTorch's names in camelCase. */
export type Attrs = Readonly<Record<string, unknown>>;
/** How konv says what a fixture says. */
export type Operation = (x: readonly Operand[], attrs: Attrs) => Tensor | readonly Tensor[];

const t = (x: Operand): Tensor => x as Tensor;
const n = (x: unknown): number => x as number;
type Axes = number | readonly number[] | undefined;

const unary =
  (f: (x: Tensor) => Tensor): Operation =>
  ([x]) =>
    f(t(x));
const binary =
  (f: (a: Tensor | number, b: Tensor | number) => Tensor): Operation =>
  ([a, b]) =>
    f(a as Tensor, b as Tensor);
const reduce =
  (f: (x: Tensor, axes?: Axes, keepdim?: boolean) => Tensor): Operation =>
  ([x], a) =>
    f(t(x), a.dim as Axes, a.keepdim === true);
const arg =
  (f: (x: Tensor, axis?: number, keepdim?: boolean) => Tensor): Operation =>
  ([x], a) =>
    f(t(x), a.dim as number | undefined, a.keepdim === true);
const extreme =
  (f: typeof max): Operation =>
  ([x], a) => {
    if (a.dim === undefined) return f(t(x));
    const { values, indices } = f(t(x), n(a.dim), a.keepdim === true);
    return [values, indices];
  };
const conv =
  (f: typeof conv2d): Operation =>
  ([x, w, b], a) =>
    f(t(x), t(w), b === undefined ? null : (b as Tensor | null), a);
const convTransposed =
  (f: typeof convTranspose2d): Operation =>
  ([x, w, b], a) =>
    f(t(x), t(w), b === undefined ? null : (b as Tensor | null), a);
const maxPool =
  (f: typeof maxPool2d): Operation =>
  ([x], { kernelSize, ...options }) => {
    const { values, indices } = f(t(x), n(kernelSize), { ...options, returnIndices: true });
    return [values, indices];
  };
const avgPool =
  (f: typeof avgPool2d): Operation =>
  ([x], { kernelSize, ...options }) =>
    f(t(x), n(kernelSize), options);
const adaptiveAvg =
  (f: typeof adaptiveAvgPool2d): Operation =>
  ([x], a) =>
    f(t(x), a.outputSize as AdaptiveSize);
const adaptiveMax =
  (f: typeof adaptiveMaxPool2d): Operation =>
  ([x], a) => {
    const { values, indices } = f(t(x), a.outputSize as AdaptiveSize, { returnIndices: true });
    return [values, indices];
  };
const maxUnpool =
  (f: typeof maxUnpool2d): Operation =>
  ([x, indices], { kernelSize, ...options }) =>
    f(t(x), t(indices), n(kernelSize), options);
const lpPool =
  (f: typeof lpPool2d): Operation =>
  ([x], { normType, kernelSize, ...options }) =>
    f(t(x), n(normType), n(kernelSize), options as LpPoolOptions);

/** Every op of the fixtures. A fixture of an op without a row here is a failing test. */
export const operations: Readonly<Record<string, Operation>> = {
  ...arrayOperations,
  neg: unary(neg),
  abs: unary(abs),
  sign: unary(sign),
  square: unary(square),
  reciprocal: unary(reciprocal),
  rsqrt: unary(rsqrt),
  sqrt: unary(sqrt),
  exp: unary(exp),
  log: unary(log),
  floor: unary(floor),
  ceil: unary(ceil),
  relu: unary(relu),
  sigmoid: unary(sigmoid),
  tanh: unary(tanh),
  round: unary(round),
  trunc: unary(trunc),
  sin: unary(sin),
  cos: unary(cos),
  tan: unary(tan),
  asin: unary(asin),
  acos: unary(acos),
  atan: unary(atan),
  sinh: unary(sinh),
  cosh: unary(cosh),
  exp2: unary(exp2),
  expm1: unary(expm1),
  log2: unary(log2),
  log10: unary(log10),
  log1p: unary(log1p),
  erf: unary(erf),
  clamp: ([x], a) => clamp(t(x), a.min as number | undefined, a.max as number | undefined),

  add: binary(add),
  sub: binary(sub),
  mul: binary(mul),
  div: binary(div),
  pow: binary(pow),
  maximum: binary(maximum),
  minimum: binary(minimum),
  eq: binary(eq),
  ne: binary(ne),
  lt: binary(lt),
  le: binary(le),
  gt: binary(gt),
  ge: binary(ge),
  fmod: binary(fmod),
  remainder: binary(remainder),
  atan2: binary(atan2),
  isnan: unary(isnan),
  isinf: unary(isinf),
  isfinite: unary(isfinite),
  logicalAnd: ([a, b]) => logicalAnd(t(a), t(b)),
  logicalOr: ([a, b]) => logicalOr(t(a), t(b)),
  logicalXor: ([a, b]) => logicalXor(t(a), t(b)),
  isclose: ([a, b], attrs) => isclose(t(a), t(b), attrs),
  clampMin: ([x], a) => clampMin(t(x), n(a.min)),
  clampMax: ([x], a) => clampMax(t(x), n(a.max)),
  logicalNot: unary(logicalNot),
  where: ([condition, a, b]) => where(t(condition), a as Tensor, b as Tensor),

  sum: reduce(sum),
  mean: reduce(mean),
  amax: reduce(amax),
  amin: reduce(amin),
  max: extreme(max),
  min: extreme(min as typeof max),
  argmax: arg(argmax),
  argmin: arg(argmin),

  reshape: ([x], a) => reshape(t(x), a.shape as number[]),
  permute: ([x], a) => permute(t(x), a.dims as number[]),
  transpose: ([x], a) => transpose(t(x), n(a.dim0), n(a.dim1)),
  flatten: ([x], a) => flatten(t(x), a.startDim as number | undefined, a.endDim as number | undefined),
  squeeze: ([x], a) => squeeze(t(x), a.dim as Axes),
  unsqueeze: ([x], a) => unsqueeze(t(x), n(a.dim)),
  expand: ([x], a) => expand(t(x), a.shape as number[]),
  slice: ([x], a) => slice(t(x), ...(a.index as Index[])),
  select: ([x], a) => select(t(x), n(a.dim), n(a.index)),
  cat: (x, a) => cat(x as Tensor[], n(a.dim)),
  stack: (x, a) => stack(x as Tensor[], n(a.dim)),

  matmul: ([a, b], { transposeA, transposeB }) =>
    matmul(transposeA ? transpose(t(a), -1, -2) : t(a), transposeB ? transpose(t(b), -1, -2) : t(b)),
  linear: ([x, w, b]) => linear(t(x), t(w), b === undefined ? null : (b as Tensor | null)),

  gather: ([x, index], a) => gather(t(x), n(a.dim), t(index)),
  scatterAdd: ([base, index, source], a) => scatterAdd(t(base), n(a.dim), t(index), t(source)),
  indexSelect: ([x, index], a) => indexSelect(t(x), n(a.dim), t(index)),
  cumsum: ([x], a) => cumsum(t(x), n(a.dim)),
  sort: ([x], a) => {
    const { values, indices } = sort(t(x), n(a.dim), a.descending === true);
    return [values, indices];
  },

  conv1d: conv(conv1d),
  conv2d: conv(conv2d),
  conv3d: conv(conv3d),
  convTranspose1d: convTransposed(convTranspose1d),
  convTranspose2d: convTransposed(convTranspose2d),
  convTranspose3d: convTransposed(convTranspose3d),
  maxPool1d: maxPool(maxPool1d),
  maxPool2d: maxPool(maxPool2d),
  maxPool3d: maxPool(maxPool3d),
  avgPool1d: avgPool(avgPool1d),
  avgPool2d: avgPool(avgPool2d),
  avgPool3d: avgPool(avgPool3d),
  adaptiveAvgPool1d: adaptiveAvg(adaptiveAvgPool1d),
  adaptiveAvgPool2d: adaptiveAvg(adaptiveAvgPool2d),
  adaptiveAvgPool3d: adaptiveAvg(adaptiveAvgPool3d),
  adaptiveMaxPool1d: adaptiveMax(adaptiveMaxPool1d),
  adaptiveMaxPool2d: adaptiveMax(adaptiveMaxPool2d),
  adaptiveMaxPool3d: adaptiveMax(adaptiveMaxPool3d),
  maxUnpool1d: maxUnpool(maxUnpool1d),
  maxUnpool2d: maxUnpool(maxUnpool2d),
  maxUnpool3d: maxUnpool(maxUnpool3d),
  lpPool1d: lpPool(lpPool1d),
  lpPool2d: lpPool(lpPool2d),

  leakyRelu: ([x], a) => leakyRelu(t(x), a.negativeSlope as number | undefined),
  prelu: ([x, w]) => prelu(t(x), t(w)),
  elu: ([x], a) => elu(t(x), a.alpha as number | undefined),
  selu: unary(selu),
  gelu: ([x], a) => gelu(t(x), a),
  silu: unary(silu),
  mish: unary(mish),
  hardtanh: ([x], a) => hardtanh(t(x), a.minVal as number | undefined, a.maxVal as number | undefined),
  relu6: unary(relu6),
  hardsigmoid: unary(hardsigmoid),
  hardswish: unary(hardswish),
  softplus: ([x], a) => softplus(t(x), a),
  logsigmoid: unary(logsigmoid),
  softsign: unary(softsign),
  tanhshrink: unary(tanhshrink),
  softmin: ([x], a) => softmin(t(x), n(a.dim)),

  softmax: ([x], a) => softmax(t(x), n(a.dim)),
  logSoftmax: ([x], a) => logSoftmax(t(x), n(a.dim)),
  mseLoss: ([x, y], a) => mseLoss(t(x), t(y), a),
  l1Loss: ([x, y], a) => l1Loss(t(x), t(y), a),
  smoothL1Loss: ([x, y], a) => smoothL1Loss(t(x), t(y), a),
  huberLoss: ([x, y], a) => huberLoss(t(x), t(y), a),
  klDiv: ([x, y], a) => klDiv(t(x), t(y), a),
  binaryCrossEntropy: ([x, y, weight], a) => binaryCrossEntropy(t(x), t(y), { ...a, weight: (weight ?? null) as Tensor | null }),
  binaryCrossEntropyWithLogits: ([x, y, weight, posWeight], a) =>
    binaryCrossEntropyWithLogits(t(x), t(y), {
      ...a,
      weight: (weight ?? null) as Tensor | null,
      posWeight: (posWeight ?? null) as Tensor | null,
    }),
  nllLoss: ([x, target, weight], a) => nllLoss(t(x), t(target), { ...a, weight: (weight ?? null) as Tensor | null }),
  crossEntropy: ([x, target, weight], a) => crossEntropy(t(x), t(target), { ...a, weight: (weight ?? null) as Tensor | null }),
  layerNorm: ([x, weight, bias], a) =>
    layerNorm(t(x), a.normalizedShape as number[], weight as Tensor | null, bias as Tensor | null, a.eps as number | undefined),
  groupNorm: ([x, weight, bias], a) =>
    groupNorm(t(x), n(a.numGroups), weight as Tensor | null, bias as Tensor | null, a.eps as number | undefined),
  embedding: ([indices, weight], a) => embedding(t(indices), t(weight), a as Parameters<typeof embedding>[2]),
  instanceNorm: ([x, weight, bias, runningMean, runningVar], a) => {
    const [m, v] = [runningMean, runningVar] as (Tensor | null)[];
    const y = instanceNorm(t(x), m, v, weight as Tensor | null, bias as Tensor | null, a);
    return m === null || v === null ? y : [y, m, v];
  },
  batchNorm: ([x, weight, bias, runningMean, runningVar], a) => {
    const [m, v] = [runningMean, runningVar] as (Tensor | null)[];
    const y = batchNorm(
      t(x),
      m,
      v,
      weight as Tensor | null,
      bias as Tensor | null,
      a.training === true,
      a.momentum as number | undefined,
      a.eps as number | undefined,
    );
    return m === null || v === null ? y : [y, m, v];
  },
};

/** Ops whose results are one rounding (or a few) of each element, rather than sums. */
export const elementwiseOps: ReadonlySet<string> = new Set([
  ...arrayElementwise,
  'neg',
  'abs',
  'sign',
  'square',
  'reciprocal',
  'rsqrt',
  'sqrt',
  'exp',
  'log',
  'floor',
  'ceil',
  'relu',
  'sigmoid',
  'tanh',
  'round',
  'trunc',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'exp2',
  'expm1',
  'log2',
  'log10',
  'log1p',
  'erf',
  'clamp',
  'add',
  'sub',
  'mul',
  'div',
  'pow',
  'maximum',
  'minimum',
  'eq',
  'ne',
  'lt',
  'le',
  'gt',
  'ge',
  'fmod',
  'atan2',
  'remainder',
  'clampMin',
  'clampMax',
  'where',
  'leakyRelu',
  'prelu',
  'elu',
  'selu',
  'silu',
  'hardtanh',
  'relu6',
  'hardsigmoid',
  'hardswish',
  'softplus',
  'logsigmoid',
  'softsign',
  'amax',
  'amin',
  'max',
  'min',
  'argmax',
  'argmin',
  'reshape',
  'permute',
  'transpose',
  'flatten',
  'squeeze',
  'unsqueeze',
  'expand',
  'slice',
  'select',
  'cat',
  'stack',
  'gather',
  'indexSelect',
  'sort',
  'maxPool1d',
  'maxPool2d',
  'maxPool3d',
  'adaptiveMaxPool1d',
  'adaptiveMaxPool2d',
  'adaptiveMaxPool3d',
  'maxUnpool1d',
  'maxUnpool2d',
  'maxUnpool3d',
]);
