import { DTypeError } from './errors.js';

/** bool < int32 < float32 < float64: an op on two dtypes computes in the greater. */
export type DType = 'bool' | 'int32' | 'float32' | 'float64';

/** Host memory of each dtype. A bool is a byte, 0 or 1. */
export interface HostArrays {
  bool: Uint8Array;
  int32: Int32Array;
  float32: Float32Array;
  float64: Float64Array;
}
export type HostArray = HostArrays[DType];

/** All dtypes in promotion order. */
export const dtypes: readonly DType[] = ['bool', 'int32', 'float32', 'float64'];

const constructors: { [D in DType]: new (n: number | ArrayLike<number>) => HostArrays[D] } = {
  bool: Uint8Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** Bytes of one element. */
export const byteSize: Readonly<Record<DType, number>> = { bool: 1, int32: 4, float32: 4, float64: 8 };

export function isDType(x: unknown): x is DType {
  return typeof x === 'string' && Object.hasOwn(byteSize, x);
}

export function checkDType(op: string, x: unknown): DType {
  if (isDType(x)) return x;
  throw new DTypeError(
    op,
    `expected a dtype of ${dtypes.join(', ')}, got ${String(x)}; 64-bit integers and half floats exist in files only`,
  );
}

export function isFloat(dtype: DType): dtype is 'float32' | 'float64' {
  return dtype === 'float32' || dtype === 'float64';
}

const rank: Readonly<Record<DType, number>> = { bool: 0, int32: 1, float32: 2, float64: 3 };

/** The dtype in which an op on `a` and `b` computes. */
export function promote(a: DType, b: DType): DType {
  return rank[a] >= rank[b] ? a : b;
}

/**
 * The dtype of an op between a tensor and a plain number: a number never widens within its kind (float32 + 0.5 is
 * float32), but a fraction makes int32 and bool float32, and a whole number makes bool int32.
 */
export function promoteWithNumber(a: DType, x: number): DType {
  if (isFloat(a)) return a;
  if (!Number.isInteger(x)) return 'float32';
  return promote(a, 'int32');
}

/** Host memory for `size` elements, all zero. */
export function hostArray<D extends DType>(dtype: D, size: number): HostArrays[D] {
  return new constructors[dtype](size);
}

/** `data` as host memory of `dtype`: a copy. Floats are truncated toward zero for int32; anything not 0 is true. */
export function toHostArray<D extends DType>(dtype: D, data: ArrayLike<number>): HostArrays[D] {
  if (dtype !== 'bool') return new constructors[dtype](data);
  const out = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = data[i] !== 0 ? 1 : 0;
  return out as HostArrays[D];
}
