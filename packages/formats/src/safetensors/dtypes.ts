import type { DType, HostArray } from '@konv/core-tensor';
import { decode64, decodeBool, decodeBrain, decodeHalf, decodeU32, typed } from '../decode.js';

/** The dtype names of the format that konv reads. */
export type StoredDType = 'BOOL' | 'U8' | 'I8' | 'I16' | 'U16' | 'F16' | 'BF16' | 'I32' | 'U32' | 'F32' | 'F64' | 'I64' | 'U64';

interface Row {
  /** Bytes of one element. */
  readonly size: number;
  /** What konv holds it as. */
  readonly dtype: DType;
  /** The place in the writer's order: greater first, so that every tensor starts aligned. */
  readonly rank: number;
  /** The values of `bytes`, a view where the layout allows it. Throws `Unfit` for values that konv cannot hold. */
  readonly decode: (bytes: Uint8Array) => HostArray;
}

/** In the order of the reference writer's alignment. */
export const storedDTypes: Readonly<Record<StoredDType, Row>> = {
  BOOL: { size: 1, dtype: 'bool', rank: 0, decode: decodeBool },
  U8: { size: 1, dtype: 'int32', rank: 1, decode: (b) => Int32Array.from(b) },
  I8: { size: 1, dtype: 'int32', rank: 2, decode: (b) => Int32Array.from(typed(Int8Array, b)) },
  I16: { size: 2, dtype: 'int32', rank: 3, decode: (b) => Int32Array.from(typed(Int16Array, b)) },
  U16: { size: 2, dtype: 'int32', rank: 4, decode: (b) => Int32Array.from(typed(Uint16Array, b)) },
  F16: { size: 2, dtype: 'float32', rank: 5, decode: decodeHalf },
  BF16: { size: 2, dtype: 'float32', rank: 6, decode: decodeBrain },
  I32: { size: 4, dtype: 'int32', rank: 7, decode: (b) => typed(Int32Array, b) },
  U32: { size: 4, dtype: 'int32', rank: 8, decode: decodeU32 },
  F32: { size: 4, dtype: 'float32', rank: 9, decode: (b) => typed(Float32Array, b) },
  F64: { size: 8, dtype: 'float64', rank: 10, decode: (b) => typed(Float64Array, b) },
  I64: { size: 8, dtype: 'int32', rank: 11, decode: (b) => decode64(b, true) },
  U64: { size: 8, dtype: 'int32', rank: 12, decode: (b) => decode64(b, false) },
};

export function isStoredDType(x: unknown): x is StoredDType {
  return typeof x === 'string' && Object.hasOwn(storedDTypes, x);
}

/** How konv's dtypes are written. */
export const storedAs: Readonly<Record<DType, StoredDType>> = {
  bool: 'BOOL',
  int32: 'I32',
  float32: 'F32',
  float64: 'F64',
};
