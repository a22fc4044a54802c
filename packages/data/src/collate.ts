import {
  type Backend,
  BackendError,
  checkShape,
  type DType,
  DTypeError,
  fromHost,
  isKonvError,
  isTensor,
  KonvError,
  ShapeError,
  showShape,
  sizeOf,
  stack,
  type Tensor,
} from '@konv/core-tensor';
import { dtypeOfArray, type HostTensor, isHostTensor, stackHost } from './host-tensor.js';

type AnyArray = Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint8Array | Uint8ClampedArray | Uint16Array;

/** What a batch of samples of type T is: tensors, in the tuples and objects of the samples. */
export type Collated<T> = T extends Tensor | HostTensor | AnyArray | number | boolean
  ? Tensor
  : T extends string
    ? string[]
    : T extends object
      ? { -readonly [K in keyof T]: Collated<T[K]> }
      : unknown;

/**
 * One batch of several samples. Tensors, HostTensors and typed arrays gain a first dimension N; numbers become [N],
 * int32 where all of the batch are whole and fit, else float32; booleans [N] bool; texts an array; tuples and plain
 * objects are collated member by member. To have whole numbers as float32, wrap them: `Float32Array.of(x)`.
 *
 * Host values come out as HostTensors, which the DataLoader puts on the backend.
 * Errors: `ShapeError` for samples of different shapes, `DTypeError` for different or unknown types.
 * Source: torch.utils.data.default_collate.
 */
export function defaultCollate(samples: readonly unknown[]): unknown {
  const [first] = samples;
  if (isTensor(first)) return stack(sameKind(samples, isTensor, 'tensors'));
  if (isHostTensor(first)) return stackHost(sameKind(samples, isHostTensor, 'host tensors'));
  if (ArrayBuffer.isView(first)) {
    const arrays = sameKind(samples, (x): x is AnyArray => ArrayBuffer.isView(x), 'typed arrays');
    return stackHost(arrays.map((data) => ({ dtype: dtypeOfArray(data), shape: [data.length], data: data as never })));
  }
  if (typeof first === 'number') return numbers(sameKind(samples, (x): x is number => typeof x === 'number', 'numbers'));
  if (typeof first === 'boolean') {
    const values = sameKind(samples, (x): x is boolean => typeof x === 'boolean', 'booleans');
    return { dtype: 'bool', shape: [values.length], data: Uint8Array.from(values, Number) } satisfies HostTensor;
  }
  if (typeof first === 'string') return sameKind(samples, (x): x is string => typeof x === 'string', 'texts').slice();
  if (Array.isArray(first)) {
    const tuples = sameKind(samples, (x): x is unknown[] => Array.isArray(x) && x.length === first.length, `arrays of ${first.length}`);
    return first.map((_, k) => defaultCollate(tuples.map((t) => t[k])));
  }
  if (isPlain(first)) {
    const keys = Object.keys(first);
    const objects = sameKind(
      samples,
      (x): x is Record<string, unknown> => isPlain(x) && keys.every((k) => k in x),
      `objects with ${keys.join(', ')}`,
    );
    return Object.fromEntries(keys.map((k) => [k, defaultCollate(objects.map((o) => o[k]))]));
  }
  throw new DTypeError(
    'collate',
    `expected samples of tensors, arrays, numbers or tuples of them, got ${nameOf(first)}; pass collate to the DataLoader`,
  );
}

function isPlain(x: unknown): x is Record<string, unknown> {
  if (typeof x !== 'object' || x === null) return false;
  const proto = Object.getPrototypeOf(x);
  return proto === Object.prototype || proto === null;
}

function nameOf(x: unknown): string {
  if (x === null || typeof x !== 'object') return x === null ? 'null' : typeof x;
  return isTensor(x) ? 'a tensor' : Array.isArray(x) ? `an array of ${x.length}` : (x.constructor?.name ?? 'an object');
}

function sameKind<T>(samples: readonly unknown[], is: (x: unknown) => x is T, kind: string): readonly T[] {
  const odd = samples.findIndex((x) => !is(x));
  if (odd < 0) return samples as readonly T[];
  throw new DTypeError(
    'collate',
    `expected ${kind} in all samples of a batch, got ${nameOf(samples[odd])} at position ${odd}; make the samples alike or pass collate`,
  );
}

function numbers(values: readonly number[]): HostTensor {
  const whole = values.every((x) => (x | 0) === x);
  const shape = [values.length];
  return whole ? { dtype: 'int32', shape, data: Int32Array.from(values) } : { dtype: 'float32', shape, data: Float32Array.from(values) };
}

function place(backend: Backend, x: HostTensor): Tensor {
  const { dtype, data } = x;
  const shape = checkShape('DataLoader', x.shape);
  checkDType(backend, dtype);
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError('DataLoader', `expected ${sizeOf(shape)} values for shape ${showShape(shape)}, got ${data.length}; check collate`);
  }
  return fromHost(backend, data, shape, dtype);
}

function checkDType(backend: Backend, dtype: DType): void {
  const { dtypes } = backend.capabilities;
  if (dtypes.includes(dtype)) return;
  throw new BackendError(
    'DataLoader',
    `expected samples of ${dtypes.join(', ')} for "${backend.name}", got ${dtype}; convert them in the dataset`,
  );
}

/** The same structure with every HostTensor as a tensor on `backend()`, which is asked for only if there is one. */
export function placeAll(value: unknown, backend: () => Backend): unknown {
  if (isTensor(value)) return value;
  if (isHostTensor(value)) return place(backend(), value);
  if (Array.isArray(value)) return value.map((v) => placeAll(v, backend));
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, placeAll(v, backend)]));
  return value;
}

/** An error of sample `i`: konv's own keep their class, others become the cause. */
export function sampleError(i: number, e: unknown): unknown {
  if (isKonvError(e)) return e.prefix(`sample ${i} of the dataset`);
  return new KonvError('DataLoader', `expected sample ${i} of the dataset, got ${String(e)}; see the cause, and check dataset.get(${i})`, {
    cause: e,
  });
}
