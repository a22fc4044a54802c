/**
 * THE backend interface. Whatever implements it runs every layer, gradient and trainer of konv.
 *
 * **Who calls it.** Only core's `dispatch` and readers. Shapes, dtypes and devices have been checked: a kernel never
 * sees a bad shape, an operand of another backend or a freed buffer, and need not check again.
 *
 * **Operands** are `TensorRef`s: a buffer and the strided window of it that is meant. Core does not change a ref after
 * it has been handed over, so a backend may keep it in a queue.
 *
 * **Results** are written into `out`, which core has allocated with `alloc` and has *not* cleared. A kernel writes every
 * element of `out` (or, with `accumulate`, adds to what is there). `out` is contiguous except in `copyStrided` and
 * `fill`. It may overlap an input only in `unary`, `binary`, `sgdStep` and `adamStep`, and then with the same shape,
 * strides and offset.
 *
 * **Layout.** A kernel may replace the memory behind `out.buffer` and keep any physical layout (packed, NHWC, blocked)
 * when `out` covers the whole buffer: only `read` and `copyStrided` promise row-major values to the outside. What other
 * kernels of the same backend see is the backend's own affair.
 *
 * **Strides.** `unary`, `binary`, `where`, `cast`, `copyStrided`, `fill` and the `index` of `gather` and `scatterAdd`
 * take any strides, 0 included (broadcast). All other operands arrive contiguous (core inserts a copy), though perhaps
 * with an offset.
 *
 * **Order.** Calls take effect in the order in which they are made. Work may be queued until `read`, `readSync` or
 * `sync`; an error of queued work rejects the next of these.
 *
 * **Versions.** Core increments `buffer.version` at every write after the first. A backend may cache under
 * (buffer, version) what it derived from a buffer's contents, e.g. packed weights.
 *
 * **Empty tensors** (a size of 0) never reach a kernel, with two exceptions: `reduce` and `matmul` over an empty inner
 * extent are answered by core with `fill`.
 */
import type { DType, HostArray } from './dtype.js';
import type { ConvGeometry, PoolGeometry, ResampleGeometry } from './geometry.js';
import type { Shape } from './shape.js';

/** The version of this interface; a backend states the one it was written for. */
export const INTERFACE_VERSION = 1;

/**
 * Memory of one storage. Opaque to core but for these fields; a backend hangs its own on it.
 * Made by `alloc`, given back by `free`, uninitialised in between until written.
 */
export interface BackendBuffer {
  readonly dtype: DType;
  /** Elements. */
  readonly size: number;
  /** Counts writes. Only core changes it. */
  version: number;
}

/** A strided window of a buffer. Element (i0, i1, ...) stands at `offset + i0 * strides[0] + i1 * strides[1] + ...`. */
export interface TensorRef {
  readonly buffer: BackendBuffer;
  readonly dtype: DType;
  readonly shape: Shape;
  /** In elements; 0 on an expanded axis. Never negative. */
  readonly strides: readonly number[];
  readonly offset: number;
}

/** A hint of what a buffer is for: where to place it, whether to keep a host copy. Never changes results. */
export type BufferRole = 'activation' | 'parameter' | 'gradient' | 'state' | 'scratch' | 'input';

/**
 * Elementwise functions of one operand. The first five are required; every other has a decomposition in core. `round` is
 * half to even, `trunc` toward zero. Their values are those of C's functions of these names: NaN outside of their domain,
 * exact near 0 (`tanh`, `sinh`, `expm1`, `log1p`, `erf`), arguments of `sin`, `cos` and `tan` of any size.
 */
export type RequiredUnaryKind = 'exp' | 'log' | 'sqrt' | 'tanh' | 'floor';
export type OptionalUnaryKind =
  | 'neg'
  | 'abs'
  | 'sign'
  | 'square'
  | 'reciprocal'
  | 'rsqrt'
  | 'ceil'
  | 'round'
  | 'trunc'
  | 'relu'
  | 'sigmoid'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'asin'
  | 'acos'
  | 'atan'
  | 'sinh'
  | 'cosh'
  | 'exp2'
  | 'expm1'
  | 'log2'
  | 'log10'
  | 'log1p'
  | 'erf';
export type UnaryKind = RequiredUnaryKind | OptionalUnaryKind;

/**
 * Elementwise functions of two operands with broadcasting. `maximum` and `minimum` return NaN if either operand is.
 * Comparisons write bool and are false (`ne`: true) for NaN. int32 add, sub, mul wrap modulo 2^32; `div` is only
 * called on floats; `pow` of int32 is exact modulo 2^32 for exponents >= 0. On bool operands core calls only
 * `maximum`, `minimum`, `mul` and the comparisons. `fmod` and `atan2` are C's and only called on floats; `fmod` is exact.
 * `reluGrad(dy, y) = y > 0 ? dy : 0`, `sigmoidGrad(dy, y) = dy y (1 - y)`, `tanhGrad(dy, y) = dy (1 - y y)`.
 */
export type RequiredBinaryKind = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'maximum' | 'eq' | 'lt';
export type CompareKind = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';
export type OptionalBinaryKind = 'minimum' | 'ne' | 'le' | 'gt' | 'ge' | 'fmod' | 'atan2' | 'reluGrad' | 'sigmoidGrad' | 'tanhGrad';
export type BinaryKind = RequiredBinaryKind | OptionalBinaryKind;

/** NaN propagates through all of them. Sums of int32 are int32 (wrapping); `sum` of bool is called on an int32 cast. */
export type ReduceKind = 'sum' | 'max' | 'min';
export type ArgReduceKind = 'argmax' | 'argmin';
export type ScanKind = 'sum';
export type PoolKind = 'max' | 'avg';
export type ResampleKind = 'nearest' | 'linear';
/** Activations whose derivative is a function of their output, so that they can be fused behind a linear op. */
export type ActivationKind = 'relu' | 'sigmoid' | 'tanh';

export interface MatmulAttrs {
  /** a is stored [batch, k, m] instead of [batch, m, k]. */
  readonly transposeA: boolean;
  /** b is stored [batch, n, k] instead of [batch, k, n]. */
  readonly transposeB: boolean;
  /** Add to `out` instead of overwriting it. */
  readonly accumulate: boolean;
}

/** Step sizes and corrections that change each step travel in `dynamic`; the rest is constant over a run. */
export interface SgdAttrs {
  readonly momentum: number;
  readonly dampening: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
  readonly dynamic: {
    readonly lr: number;
    /** The momentum buffer is taken as uninitialised: it becomes the gradient itself. */
    readonly firstStep: boolean;
  };
}

export interface AdamAttrs {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** AdamW: p *= 1 - lr * weightDecay before the step, instead of weightDecay * p joining the gradient. */
  readonly decoupled: boolean;
  readonly dynamic: {
    readonly lr: number;
    /** 1 - beta1^t */
    readonly biasCorrection1: number;
    /** 1 - beta2^t */
    readonly biasCorrection2: number;
  };
}

/** Saved mean and 1/sqrt(variance + eps), each `[channels]`; the variance is the biased one. */
export interface BatchNormAttrs {
  readonly eps: number;
}

export interface CrossEntropyAttrs {
  /** Rows whose target is this count for nothing; their gradient is 0. */
  readonly ignoreIndex: number;
}

export interface RandomAttrs {
  readonly low: number;
  readonly high: number;
  /** The generator's counter: changes each call. */
  readonly dynamic: { readonly seed: number; readonly offset: number };
}

/** What a backend can do, asked instead of its name. */
export interface Capabilities {
  readonly dtypes: readonly DType[];
  /** `readSync` is there and does not stall a device. */
  readonly syncRead: boolean;
  /** No algorithm that trades accuracy (Winograd, fast maths) is in use. */
  readonly strictNumerics: boolean;
  /** Whole numbers are exact up to this magnitude, whatever their dtype: 2^31 - 1 with real integers, 2^24 where int32 is kept in float32. */
  readonly maxExactInt: number;
  readonly limits: {
    /** Bytes of one buffer. */
    readonly maxBufferBytes: number;
    /** Bytes of all buffers together. */
    readonly maxTotalBytes: number;
  };
}

export type Family =
  | 'unary'
  | 'binary'
  | 'where'
  | 'reduce'
  | 'argReduce'
  | 'copyStrided'
  | 'fill'
  | 'cast'
  | 'gather'
  | 'scatterAdd'
  | 'scan'
  | 'sort'
  | 'resample'
  | 'matmul'
  | 'conv'
  | 'convGradInput'
  | 'convGradWeight'
  | 'pool'
  | 'poolGrad';

/** Families that compute a convolution of some `ConvGeometry`. */
export type ConvFamily = 'conv' | 'convGradInput' | 'convGradWeight' | 'convBackward';

/** Live buffers and their bytes. Exact. */
export interface MemoryInfo {
  tensors: number;
  bytes: number;
}

/** Families that every backend has. */
export interface RequiredKernels {
  /** out = f(x). Same shape; `out.dtype` equals `x.dtype`. Float dtypes, and int32 for neg, abs, sign, square, relu. */
  unary(kind: UnaryKind, x: TensorRef, out: TensorRef): void;
  /** out = f(a, b). Tensor operands have `out`'s shape (strides 0 where broadcast) and one dtype; one may be a number. */
  binary(kind: BinaryKind, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void;
  /** out = condition ? a : b. `condition` is bool; all have `out`'s shape. */
  where(condition: TensorRef, a: TensorRef | number, b: TensorRef | number, out: TensorRef): void;
  /** `axes` are sorted and distinct; `out.shape` has size 1 there. */
  reduce(kind: ReduceKind, x: TensorRef, axes: readonly number[], out: TensorRef): void;
  /** int32 position along `axis` of the first greatest (least) element, the first NaN if there is one; size 1 there. */
  argReduce(kind: ArgReduceKind, x: TensorRef, axis: number, out: TensorRef): void;
  /** out = x, both of one shape and any strides: every movement of data (contiguous, pad, concat, slice assignment). */
  copyStrided(x: TensorRef, out: TensorRef): void;
  /** out = value everywhere; any strides. */
  fill(value: number, out: TensorRef): void;
  /** out = x in `out.dtype`: floats truncate toward zero to int32 (NaN: 0; what int32 cannot hold: any int32), anything not 0 is true. */
  cast(x: TensorRef, out: TensorRef): void;
  /**
   * out[i][j] = x[index[i][j]][j] for axis 0 and likewise for others; `index` is int32 of `out`'s shape, any strides.
   * An index out of range writes NaN (float) or 0 and does not trap.
   */
  gather(x: TensorRef, index: TensorRef, axis: number, out: TensorRef): void;
  /** out[index[i][j]][j] += source[i][j] for axis 0 and likewise; always accumulates. Indices out of range add nothing. */
  scatterAdd(index: TensorRef, source: TensorRef, axis: number, out: TensorRef): void;
  /** out[b] = op(a[b]) op(b[b]), all rank 3; a batch of size 1 is shared by all. `out` is [batch, m, n]. Float dtypes. */
  matmul(a: TensorRef, b: TensorRef, attrs: MatmulAttrs, out: TensorRef): void;
}

/**
 * Families and fused kernels that a backend may leave out: core decomposes them into the required ones. What stands
 * here must have the signature of its decomposition.
 */
export interface OptionalKernels {
  /** Running sum along `axis`. */
  scan(kind: ScanKind, x: TensorRef, axis: number, out: TensorRef): void;
  /** Stable sort along the last axis; NaN counts as greatest. `indices` is int32. */
  sort(x: TensorRef, descending: boolean, values: TensorRef, indices: TensorRef): void;
  /** x `[planes, *inSize]` to out `[planes, *outSize]`; `adjoint`: the transposed linear map, from out's size to x's. */
  resample(kind: ResampleKind, x: TensorRef, geometry: ResampleGeometry, adjoint: boolean, out: TensorRef): void;

  /** See `ConvGeometry` for the formula; `bias` is `[outChannels]`; the activation comes last. */
  conv(
    x: TensorRef,
    weight: TensorRef,
    bias: TensorRef | null,
    geometry: ConvGeometry,
    activation: ActivationKind | null,
    out: TensorRef,
  ): void;
  /** dx of `conv`; also the forward of a transposed convolution. */
  convGradInput(dy: TensorRef, weight: TensorRef, geometry: ConvGeometry, out: TensorRef): void;
  convGradWeight(x: TensorRef, dy: TensorRef, geometry: ConvGeometry, accumulate: boolean, out: TensorRef): void;
  /** All gradients of `conv` at once; null: not wanted. */
  convBackward(
    x: TensorRef,
    weight: TensorRef,
    dy: TensorRef,
    geometry: ConvGeometry,
    out: { readonly dx: TensorRef | null; readonly dw: TensorRef | null; readonly db: TensorRef | null },
  ): void;

  /**
   * max: padding is -infinity, NaN wins, ties go to the first; `indices` (int32, `out`'s shape) get the flat position
   * within the *unpadded* input plane. Of several NaN in a window any may be pointed at. avg: `indices` is null.
   */
  pool(kind: PoolKind, x: TensorRef, geometry: PoolGeometry, out: TensorRef, indices: TensorRef | null): void;
  /** dx of `pool`; max needs the forward's `indices`. */
  poolGrad(kind: PoolKind, dy: TensorRef, indices: TensorRef | null, geometry: PoolGeometry, out: TensorRef): void;

  /** out = activation(x weight^T + bias): x `[rows, in]`, weight `[out, in]`, bias `[out]`. */
  linear(x: TensorRef, weight: TensorRef, bias: TensorRef | null, activation: ActivationKind | null, out: TensorRef): void;
  /** Over the last axis of x `[rows, n]`. */
  softmax(x: TensorRef, out: TensorRef): void;
  logSoftmax(x: TensorRef, out: TensorRef): void;
  /**
   * x `[rows, classes]`, int32 `targets` `[rows]`. `loss` `[rows]` gets each row's -logSoftmax(x)[target], 0 where
   * ignored, NaN where the target is out of range; `logProbabilities` gets logSoftmax(x).
   */
  crossEntropy(x: TensorRef, targets: TensorRef, attrs: CrossEntropyAttrs, loss: TensorRef, logProbabilities: TensorRef): void;
  /** x `[batch, channels, inner]`; y = (x - mean) invStd weight + bias, with the batch's own statistics. */
  batchNormTrain(
    x: TensorRef,
    weight: TensorRef | null,
    bias: TensorRef | null,
    attrs: BatchNormAttrs,
    out: { readonly y: TensorRef; readonly mean: TensorRef; readonly invStd: TensorRef },
  ): void;
  batchNormGrad(
    x: TensorRef,
    dy: TensorRef,
    weight: TensorRef | null,
    mean: TensorRef,
    invStd: TensorRef,
    out: { readonly dx: TensorRef; readonly dw: TensorRef | null; readonly db: TensorRef | null },
  ): void;
  /** In place on `parameter` and `buffer`; `buffer` is null without momentum. Formula: PyTorch's SGD. */
  sgdStep(parameter: TensorRef, gradient: TensorRef, buffer: TensorRef | null, attrs: SgdAttrs): void;
  /** In place on `parameter`, `m` and `v`. Formula: PyTorch's Adam and AdamW. */
  adamStep(parameter: TensorRef, gradient: TensorRef, m: TensorRef, v: TensorRef, attrs: AdamAttrs): void;
  /** Bit-exact PyTorch numbers (kind 'uniform') or the counter-based non-parity generator (kind 'philox'). */
  random(kind: 'uniform' | 'philox', attrs: RandomAttrs, out: TensorRef): void;
}

export interface Backend extends RequiredKernels, Partial<OptionalKernels> {
  /** What users register, select and read in errors. */
  readonly name: string;
  readonly interfaceVersion: number;
  readonly capabilities: Capabilities;

  /**
   * Whether the family serves this kind in this dtype. Asked once and remembered. Only said of families that are
   * present; a required kind must be answered true for every dtype of `capabilities.dtypes` that its docs name.
   */
  supports(family: Family | keyof OptionalKernels, kind: string | null, dtype: DType): boolean;
  /**
   * Whether the family, which `supports` has answered for, also serves this geometry; absent: it serves all. Asked before
   * each call: what is refused is decomposed. For engines whose convolutions have no groups, say, or no third dimension.
   */
  supportsConv?(family: ConvFamily, geometry: ConvGeometry): boolean;

  /** Uninitialised memory, which may materialise at the first write. Throws a `BackendError` when there is no room. */
  alloc(request: { readonly dtype: DType; readonly shape: Shape; readonly role: BufferRole }): BackendBuffer;
  /** Gives a buffer back, exactly once; queued work that still needs it goes on to see it. */
  free(buffer: BackendBuffer): void;

  /** Row-major host values into a contiguous `out`; the data is copied before the call returns. */
  write(data: HostArray, out: TensorRef): void;
  /** Row-major host values of a contiguous `x` as of the moment of the call, whatever happens to it afterwards. */
  read(x: TensorRef): Promise<HostArray>;
  /** As `read`, at once. Absent where it would stall a device. */
  readSync?(x: TensorRef): HostArray;
  /** Resolves when all work queued so far is done. */
  sync(): Promise<void>;
  memory(): MemoryInfo;
  /** Frees everything; the backend is not used again. */
  dispose?(): void;
}

/** What a factory returns where its backend cannot run. */
export interface Unavailable {
  readonly unavailable: string;
  readonly name?: string;
}
