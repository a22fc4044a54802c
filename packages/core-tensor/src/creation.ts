import { abi } from './abi.js';
import type { Backend, BufferRole } from './backend.js';
import { checkDType, type DType, type HostArray, hostArray, isFloat, toHostArray } from './dtype.js';
import { BackendError, DTypeError, ShapeError } from './errors.js';
import type { Generator } from './random/generator.js';
import { fillNormal, fillRandint, fillUniform, randperm as permutation } from './random/distributions.js';
import { checkTensor } from './operand.js';
import { getBackend } from './registry.js';
import { checkShape, contiguousStrides, type Shape, showShape, sizeOf } from './shape.js';
import { Storage } from './storage.js';
import { isTensor, Tensor } from './tensor.js';

export interface TensorOptions {
  /** Default: float32 for numbers, bool for booleans, the matching dtype for typed arrays. */
  dtype?: DType;
  requiresGrad?: boolean;
  /** The name of a registered backend; default: the current one. */
  backend?: string;
}
export interface RandomOptions extends TensorOptions {
  /** Default: the global one, which `manualSeed` seeds. */
  generator?: Generator;
}

export type NestedNumbers = number | boolean | readonly NestedNumbers[];
export type TypedArray = Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint8Array | Uint8ClampedArray | Uint16Array;

function backendFor(op: string, dtype: DType, name: string | undefined): Backend {
  const backend = getBackend(name);
  if (backend.capabilities.dtypes.includes(dtype)) return backend;
  throw new BackendError(
    op,
    `expected one of ${backend.capabilities.dtypes.join(', ')}, got ${dtype}, which is not supported on "${backend.name}"; ` +
      "pass { dtype: 'float32' }",
  );
}

/** An uninitialised tensor on a backend. */
function blank(backend: Backend, dtype: DType, shape: Shape, role: BufferRole): Tensor {
  const storage = Storage.alloc(backend, dtype, shape, role);
  return new Tensor(storage, { buffer: storage.buffer, dtype, shape, strides: contiguousStrides(shape), offset: 0 }, false);
}

/** The dtype that was asked for, checked with all else that may refuse before memory is taken or a number drawn. */
function dtypeFor(op: string, options: TensorOptions, natural: DType): DType {
  const dtype = options.dtype === undefined ? natural : checkDType(op, options.dtype);
  if (options.requiresGrad && !isFloat(dtype)) {
    throw new DTypeError(op, `expected a float dtype under requiresGrad, got ${dtype}; only floats have gradients`);
  }
  return dtype;
}

function finish(t: Tensor, requiresGrad: boolean | undefined): Tensor {
  if (requiresGrad) t.requiresGrad = true;
  return t;
}

/** A tensor with the given row-major host values, which are copied. */
export function fromHost(backend: Backend, data: HostArray, shape: Shape, dtype: DType): Tensor {
  const t = blank(backend, dtype, shape, 'input');
  try {
    if (data.length > 0) backend.write(data, t.ref);
  } catch (e) {
    t.dispose();
    throw e;
  }
  return t;
}

/**
 * A tensor of the given values: a number, nested arrays, or a typed array with its `shape`.
 * Numbers are float32 and booleans bool unless `dtype` says otherwise; Float64Array is float64, other whole-number
 * arrays are int32. Errors: `ShapeError` for ragged nesting or a shape that does not match; `DTypeError` for other values
 * and for numbers that int32 cannot hold.
 * Source: torch.tensor.
 */
export function tensor(values: NestedNumbers | TypedArray, options: TensorOptions & { shape?: Shape } = {}): Tensor {
  const { flat, shape, natural } = hostValues(values);
  const to = checkShape('tensor', options.shape ?? shape);
  if (sizeOf(to) !== flat.length) {
    throw new ShapeError(
      'tensor',
      `expected ${sizeOf(to)} values for shape ${showShape(to)}, got ${flat.length}; give as many values as the shape has`,
    );
  }
  const dtype = dtypeFor('tensor', options, natural);
  const backend = backendFor('tensor', dtype, options.backend);
  if (dtype === 'int32') checkInt32(flat);
  return finish(fromHost(backend, toHostArray(dtype, flat), to, dtype), options.requiresGrad);
}

/** A number that wrapped around would go unnoticed. Fractions are truncated, as in PyTorch. */
function checkInt32(values: ArrayLike<number>): void {
  if (values instanceof Int32Array) return;
  for (let i = 0; i < values.length; i++) {
    const v = Math.trunc(values[i]);
    if (v >= -(2 ** 31) && v < 2 ** 31) continue;
    throw new DTypeError('tensor', `expected numbers that int32 holds, got ${values[i]} at flat position ${i}; pass { dtype: 'float64' }`);
  }
}

interface Flat {
  flat: ArrayLike<number>;
  shape: Shape;
  natural: DType;
}

function hostValues(values: NestedNumbers | TypedArray): Flat {
  if (isTensor(values)) throw new DTypeError('tensor', 'expected numbers, got a tensor; use clone() or detach()');
  return ArrayBuffer.isView(values) ? fromTyped(values as TypedArray) : fromNested(values);
}

function fromTyped(values: TypedArray): Flat {
  const other: unknown = values;
  if (other instanceof BigInt64Array || other instanceof BigUint64Array) {
    throw new DTypeError('tensor', 'expected an array of numbers, got 64-bit integers; use Int32Array.from(values, Number)');
  }
  if (other instanceof DataView)
    throw new DTypeError('tensor', 'expected an array of numbers, got a DataView; make a typed array of its buffer');
  const natural = values instanceof Float32Array ? 'float32' : values instanceof Float64Array ? 'float64' : 'int32';
  return { flat: values, shape: [values.length], natural };
}

/** As in PyTorch. */
const MAX_RANK = 64;

function fromNested(values: NestedNumbers): Flat {
  const shape: number[] = [];
  for (let level: unknown = values; Array.isArray(level); level = level[0]) {
    if (shape.push(level.length) > MAX_RANK)
      throw new ShapeError('tensor', `expected at most ${MAX_RANK} axes, got deeper nesting; does an array hold itself?`);
  }
  const flat: number[] = [];
  let booleans = 0;
  const collect = (v: unknown, axis: number): void => {
    if (axis < shape.length) {
      if (!Array.isArray(v) || v.length !== shape[axis]) {
        throw new ShapeError(
          'tensor',
          `expected ${shape[axis]} entries at depth ${axis}, got ${Array.isArray(v) ? v.length : typeof v}; nested arrays must be regular`,
        );
      }
      for (const w of v) collect(w, axis + 1);
    } else if (typeof v === 'number') flat.push(v);
    else if (typeof v === 'boolean') booleans += flat.push(v ? 1 : 0) && 1;
    else if (Array.isArray(v))
      throw new ShapeError('tensor', `expected a number at depth ${axis}, got an array; nested arrays must be regular`);
    else
      throw new DTypeError('tensor', `expected numbers or booleans, got ${v === null ? 'null' : typeof v}; convert them with Number(...)`);
  };
  collect(values, 0);
  return { flat, shape, natural: booleans > 0 && booleans === flat.length ? 'bool' : 'float32' };
}

/** Every element = value. dtype float32 by default. Source: torch.full. */
export function full(shape: Shape, value: number, options: TensorOptions = {}): Tensor {
  const checked = checkShape('full', shape);
  const dtype = dtypeFor('full', options, 'float32');
  if (typeof value !== 'number') throw new DTypeError('full', `expected a number, got ${typeof value}; pass (shape, value)`);
  const backend = backendFor('full', dtype, options.backend);
  const t = blank(backend, dtype, checked, 'activation');
  if (t.size > 0) backend.fill(value, t.ref);
  return finish(t, options.requiresGrad);
}

/** All 0. Source: torch.zeros. */
export function zeros(shape: Shape, options?: TensorOptions): Tensor {
  return full(shape, 0, options);
}

/** All 1. Source: torch.ones. */
export function ones(shape: Shape, options?: TensorOptions): Tensor {
  return full(shape, 1, options);
}

/** Uninitialised values. Source: torch.empty. */
export function empty(shape: Shape, options: TensorOptions = {}): Tensor {
  const dtype = dtypeFor('empty', options, 'float32');
  return finish(blank(backendFor('empty', dtype, options.backend), dtype, checkShape('empty', shape), 'activation'), options.requiresGrad);
}

/** 1 on the diagonal of [n, m] (m = n by default), else 0. Source: torch.eye. */
export function eye(n: number, m: number = n, options: TensorOptions = {}): Tensor {
  const shape = checkShape('eye', [n, m]);
  const data = new Float32Array(n * m);
  for (let i = 0; i < Math.min(n, m); i++) data[i * m + i] = 1;
  return tensor(data, { dtype: 'float32', ...options, shape });
}

/**
 * start, start + step, ... below `end` (above, for a negative step). `arange(n)` counts from 0.
 * int32 where all three are whole numbers, else float32. Source: torch.arange.
 */
export function arange(start: number, end?: number, step = 1, options: TensorOptions = {}): Tensor {
  const from = end === undefined ? 0 : start;
  const to = end === undefined ? start : end;
  if (!Number.isFinite(from) || !Number.isFinite(to) || !Number.isFinite(step) || step === 0) {
    throw new ShapeError(
      'arange',
      `expected finite bounds and a step that is not 0, got start ${from}, end ${to}, step ${step}; pass finite numbers`,
    );
  }
  if ((to - from) / step < 0) {
    throw new ShapeError('arange', `expected a step from start toward end, got start ${from}, end ${to}, step ${step}; change its sign`);
  }
  const n = Math.ceil((to - from) / step);
  const shape = checkShape('arange', [n]);
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = from + i * step;
  const whole = [from, to, step].every(Number.isInteger);
  return tensor(values, { dtype: whole ? 'int32' : 'float32', ...options, shape });
}

function random(op: string, shape: Shape, options: RandomOptions, fill: (g: Generator, out: Float32Array | Float64Array) => void): Tensor {
  const checked = checkShape(op, shape);
  const dtype = dtypeFor(op, options, 'float32');
  if (!isFloat(dtype)) throw new DTypeError(op, `expected a float dtype, got ${dtype}; use randint for whole numbers`);
  const backend = backendFor(op, dtype, options.backend);
  const data = hostArray(dtype, sizeOf(checked));
  fill(options.generator ?? abi.generator, data);
  return finish(fromHost(backend, data, checked, dtype), options.requiresGrad);
}

/** Uniform in [0, 1): PyTorch's very numbers under `manualSeed`. Source: torch.rand. */
export function rand(shape: Shape, options: RandomOptions = {}): Tensor {
  return random('rand', shape, options, (g, out) => fillUniform(g, out, 0, 1));
}

/** Uniform in [low, high). Source: torch.Tensor.uniform_. */
export function uniform(shape: Shape, low: number, high: number, options: RandomOptions = {}): Tensor {
  return random('uniform', shape, options, (g, out) => fillUniform(g, out, low, high));
}

/** Normal with mean 0 and standard deviation 1: PyTorch's numbers to about 1e-6. Source: torch.randn. */
export function randn(shape: Shape, options: RandomOptions = {}): Tensor {
  return random('randn', shape, options, (g, out) => fillNormal(g, out, 0, 1));
}

/** Normal with the given mean and standard deviation. Source: torch.normal. */
export function normal(shape: Shape, mean: number, std: number, options: RandomOptions = {}): Tensor {
  return random('normal', shape, options, (g, out) => fillNormal(g, out, mean, std));
}

/** Whole numbers in [low, high), int32 by default. Source: torch.randint. */
export function randint(low: number, high: number, shape: Shape, options: RandomOptions = {}): Tensor {
  const checked = checkShape('randint', shape);
  if (!Number.isInteger(low) || !Number.isInteger(high) || high <= low) {
    throw new ShapeError('randint', `expected whole numbers low < high, got ${low} and ${high}; high itself is never drawn`);
  }
  backendFor('randint', dtypeFor('randint', options, 'int32'), options.backend);
  const data = new Int32Array(sizeOf(checked));
  fillRandint(options.generator ?? abi.generator, data, low, high);
  return tensor(data, { dtype: 'int32', ...options, shape: checked });
}

/** The numbers 0 ... n - 1 in random order, int32. Source: torch.randperm. */
export function randperm(n: number, options: RandomOptions = {}): Tensor {
  checkShape('randperm', [n]);
  backendFor('randperm', dtypeFor('randperm', options, 'int32'), options.backend);
  return tensor(permutation(options.generator ?? abi.generator, n), { dtype: 'int32', ...options });
}

/** Zeros (ones) of another tensor's shape, dtype and backend. Source: torch.zeros_like, torch.ones_like. */
export function zerosLike(x: Tensor): Tensor {
  return like('zerosLike', x, 0);
}
export function onesLike(x: Tensor): Tensor {
  return like('onesLike', x, 1);
}

function like(op: string, x: Tensor, value: number): Tensor {
  const { device, shape, dtype } = checkTensor(op, x);
  const t = blank(device, dtype, shape, 'activation');
  if (t.size > 0) device.fill(value, t.ref);
  return t;
}
