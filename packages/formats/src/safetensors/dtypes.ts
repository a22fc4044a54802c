import type { DType, HostArray } from '@konv/core-tensor';

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

/** A value in a file that the dtype konv reads it as cannot hold. */
export class Unfit {
  readonly expected: string;
  readonly got: string;
  constructor(expected: string, got: string) {
    this.expected = expected;
    this.got = got;
  }
}

/** `bytes` at an address that is a multiple of `size`: itself, or a copy. */
function aligned(bytes: Uint8Array, size: number): Uint8Array {
  const plain = bytes.buffer instanceof ArrayBuffer;
  return plain && bytes.byteOffset % size === 0 ? bytes : bytes.slice();
}

type Typed<A> = { new (buffer: ArrayBufferLike, byteOffset: number, length: number): A; BYTES_PER_ELEMENT: number };

function typed<A>(type: Typed<A>, bytes: Uint8Array): A {
  const size = type.BYTES_PER_ELEMENT;
  const b = aligned(bytes, size);
  return new type(b.buffer, b.byteOffset, b.byteLength / size);
}

function decodeBool(bytes: Uint8Array): Uint8Array {
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] > 1) throw new Unfit('bools as bytes 0 or 1', `${bytes[i]} at element ${i}`);
  }
  return typed(Uint8Array, bytes);
}

/** float16: 1 sign, 5 exponent and 10 fraction bits. */
export function halfToFloat(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 31;
  const fraction = h & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function decodeHalf(bytes: Uint8Array): Float32Array {
  const halves = typed(Uint16Array, bytes);
  const out = new Float32Array(halves.length);
  for (let i = 0; i < out.length; i++) out[i] = halfToFloat(halves[i]);
  return out;
}

/** bfloat16 is the upper half of a float32. */
function decodeBrain(bytes: Uint8Array): Float32Array {
  const halves = typed(Uint16Array, bytes);
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < words.length; i++) words[i] = halves[i] << 16;
  return new Float32Array(words.buffer);
}

function decodeU32(bytes: Uint8Array): Int32Array {
  const words = typed(Int32Array, bytes);
  for (let i = 0; i < words.length; i++) {
    if (words[i] < 0) throw new Unfit('values that fit int32', `${words[i] >>> 0} at element ${i}`);
  }
  return words;
}

function decode64(bytes: Uint8Array, signed: boolean): Int32Array {
  const words = typed(Int32Array, bytes);
  const out = new Int32Array(words.length / 2);
  for (let i = 0; i < out.length; i++) {
    const low = words[2 * i];
    const high = words[2 * i + 1];
    // The high word of a number that fits repeats the sign of the low one.
    if (high !== low >> 31 || (!signed && high !== 0)) {
      const value = (BigInt(high) << 32n) | BigInt(low >>> 0);
      const got = signed ? value : BigInt.asUintN(64, value);
      throw new Unfit('values that fit int32', `${got} at element ${i}`);
    }
    out[i] = low;
  }
  return out;
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
