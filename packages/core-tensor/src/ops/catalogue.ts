/**
 * Every differentiable op with its attributes. `@konv/autograd` must have a row for each: its table is typed over this
 * interface, so that a forgotten gradient does not compile. Operands are listed as `(inputs) -> outputs`.
 */
import type { ActivationKind, BatchNormAttrs, CrossEntropyAttrs, ResampleKind } from '../backend.js';
import type { DType } from '../dtype.js';
import type { ConvGeometry, PoolGeometry, ResampleGeometry } from '../geometry.js';
import type { Shape } from '../shape.js';

/** One entry an axis: where the window starts, its step, and its length; `drop` removes the axis (length 1). */
export interface SliceAxis {
  readonly start: number;
  readonly step: number;
  readonly size: number;
  readonly drop: boolean;
}

export interface ConvAttrs {
  readonly geometry: ConvGeometry;
  readonly activation: ActivationKind | null;
}

export interface OpAttrs {
  // (x) -> y, elementwise
  exp: null;
  log: null;
  sqrt: null;
  tanh: null;
  floor: null;
  neg: null;
  abs: null;
  sign: null;
  square: null;
  reciprocal: null;
  rsqrt: null;
  ceil: null;
  round: null;
  trunc: null;
  relu: null;
  sigmoid: null;
  sin: null;
  cos: null;
  tan: null;
  asin: null;
  acos: null;
  atan: null;
  sinh: null;
  cosh: null;
  exp2: null;
  expm1: null;
  log2: null;
  log10: null;
  log1p: null;
  erf: null;

  // (a, b) -> y with broadcasting; one of the two may be a number
  add: null;
  sub: null;
  mul: null;
  div: null;
  pow: null;
  maximum: null;
  minimum: null;
  fmod: null;
  atan2: null;
  // (dy, y) -> dx
  reluGrad: null;
  sigmoidGrad: null;
  tanhGrad: null;
  // (condition, a, b) -> y with broadcasting; a and b may be numbers
  where: null;
  // (x) -> y in another dtype
  cast: { readonly dtype: DType };

  // (x) -> y; axes sorted and distinct, kept with size 1
  sum: { readonly axes: readonly number[] };
  /** Gradient: shared equally among the tied. */
  amax: { readonly axes: readonly number[] };
  amin: { readonly axes: readonly number[] };

  // (x) -> y, views
  reshape: { readonly shape: Shape };
  permute: { readonly order: readonly number[] };
  expand: { readonly shape: Shape };
  slice: { readonly axes: readonly SliceAxis[] };

  // (x) -> y, a row-major copy
  clone: null;
  /** (value) -> y: zeros of `shape` with `value` (of the slice's shape) at the slice: the adjoint of slice. */
  embed: { readonly shape: Shape; readonly axes: readonly SliceAxis[] };
  /** (base, value) -> y: `base` with `value` (of the slice's shape) at the slice. Used in place by `set_`. */
  setSlice: { readonly axes: readonly SliceAxis[] };
  /** (x0, x1, ...) -> y */
  cat: { readonly axis: number };

  /** (x, index) -> y, as torch.gather */
  gather: { readonly axis: number };
  /** (base, index, source) -> y, as torch.scatter_add */
  scatterAdd: { readonly axis: number };
  /** (x) -> y */
  cumsum: { readonly axis: number };
  /** (x) -> (values, indices) along the last axis */
  sort: { readonly descending: boolean };
  /** (x) -> y; x is [planes, *inSize], y [planes, *outSize], all 4-D; `adjoint` the other way */
  resample: { readonly kind: ResampleKind; readonly geometry: ResampleGeometry; readonly adjoint: boolean };

  /** (a, b) -> y, rank 3; a batch of 1 is shared */
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean };
  /** (x, weight, bias | null) -> y; x [rows, in], weight [out, in] */
  linear: { readonly activation: ActivationKind | null };

  /** (x, weight, bias | null) -> y; x and y are 5-D [batch, channels, depth, height, width], so is weight */
  conv: ConvAttrs;
  /** (dy, weight) -> dx */
  convGradInput: { readonly geometry: ConvGeometry };
  /** (x, dy) -> dw */
  convGradWeight: { readonly geometry: ConvGeometry };

  /** (x) -> (y, indices); 5-D */
  maxPool: { readonly geometry: PoolGeometry };
  /** (dy, indices) -> dx */
  maxPoolGrad: { readonly geometry: PoolGeometry };
  /** (y-shaped) gather of x-shaped values at the indices: (x, indices) -> y; the adjoint of maxPoolGrad */
  maxPoolGather: { readonly geometry: PoolGeometry };
  /** (x) -> y */
  avgPool: { readonly geometry: PoolGeometry };
  /** (dy) -> dx */
  avgPoolGrad: { readonly geometry: PoolGeometry };

  /** (x) -> y; x [rows, n] */
  softmax: null;
  logSoftmax: null;
  /** (x, targets) -> (loss [rows], logProbabilities [rows, classes]); the second is saved, not differentiable */
  crossEntropy: CrossEntropyAttrs;
  /** (x [batch, channels, inner], weight | null, bias | null) -> (y, mean, invStd); the last two are saved, not differentiable */
  batchNormTrain: BatchNormAttrs;
}

export type DifferentiableOp = keyof OpAttrs;
