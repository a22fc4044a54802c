import {
  checkShape,
  type DType,
  DTypeError,
  type HostArray,
  hostArray,
  isDType,
  sameShape,
  type Shape,
  ShapeError,
  showShape,
  sizeOf,
} from '@konv/core-tensor';

/**
 * Values in host memory with a shape: what datasets hand out. It belongs to no backend and needs no freeing;
 * `tensor(x.data, { shape: x.shape, dtype: x.dtype })` puts it on one, and a DataLoader does so with whole batches.
 */
export interface HostTensor {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Row-major. */
  readonly data: HostArray;
}

export function isHostTensor(x: unknown): x is HostTensor {
  if (typeof x !== 'object' || x === null) return false;
  const { dtype, shape, data } = x as Partial<HostTensor>;
  return isDType(dtype) && Array.isArray(shape) && ArrayBuffer.isView(data);
}

/** The dtype of a typed array: floats keep theirs, whole numbers of at most 32 bits with a sign are int32. */
export function dtypeOfArray(x: ArrayBufferView): DType {
  if (x instanceof Float32Array) return 'float32';
  if (x instanceof Float64Array) return 'float64';
  if (x instanceof Int32Array || x instanceof Int16Array || x instanceof Int8Array) return 'int32';
  if (x instanceof Uint8Array || x instanceof Uint8ClampedArray || x instanceof Uint16Array) return 'int32';
  throw new DTypeError('collate', `expected an array that fits a dtype, got ${x.constructor.name}; use Int32Array or Float32Array`);
}

/** The samples, all of one dtype and shape, along a new first dimension. */
export function stackHost(xs: readonly HostTensor[]): HostTensor {
  const { dtype, shape } = xs[0];
  const size = sizeOf(shape);
  xs.forEach((x, k) => {
    if (!sameShape(x.shape, shape)) {
      throw new ShapeError(
        'collate',
        `expected samples of one shape ${showShape(shape)}, got ${showShape(x.shape)} at position ${k}; pad or crop them, or pass collate`,
      );
    }
    if (x.dtype !== dtype)
      throw new DTypeError('collate', `expected samples of one dtype ${dtype}, got ${x.dtype} at position ${k}; convert them`);
    if (x.data.length !== size) {
      throw new ShapeError(
        'collate',
        `expected ${size} values for shape ${showShape(shape)}, got ${x.data.length} at position ${k}; check the dataset`,
      );
    }
  });
  const all = checkShape('collate', [xs.length, ...shape]);
  const data = hostArray(dtype, sizeOf(all));
  xs.forEach((x, k) => {
    data.set(x.data, k * size);
  });
  return { dtype, shape: all, data };
}
