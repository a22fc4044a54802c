import type { DType, HostArray } from '@konv/core-tensor';
import { decode64, decodeBool, decodeHalf, decodeU32, swapped, typed } from '../decode.js';
import type { Refuse } from '../refuse.js';

interface Row {
  /** Bytes of one element. */
  readonly size: number;
  /** What konv holds it as. */
  readonly dtype: DType;
  /** The values of little-endian bytes. Throws `Unfit` for values that konv cannot hold. */
  readonly decode: (bytes: Uint8Array) => HostArray;
}

/** By NumPy's kind and size. */
const rows: Readonly<Record<string, Row>> = {
  b1: { size: 1, dtype: 'bool', decode: decodeBool },
  u1: { size: 1, dtype: 'int32', decode: (b) => Int32Array.from(b) },
  i1: { size: 1, dtype: 'int32', decode: (b) => Int32Array.from(typed(Int8Array, b)) },
  u2: { size: 2, dtype: 'int32', decode: (b) => Int32Array.from(typed(Uint16Array, b)) },
  i2: { size: 2, dtype: 'int32', decode: (b) => Int32Array.from(typed(Int16Array, b)) },
  u4: { size: 4, dtype: 'int32', decode: decodeU32 },
  i4: { size: 4, dtype: 'int32', decode: (b) => typed(Int32Array, b) },
  u8: { size: 8, dtype: 'int32', decode: (b) => decode64(b, false) },
  i8: { size: 8, dtype: 'int32', decode: (b) => decode64(b, true) },
  f2: { size: 2, dtype: 'float32', decode: decodeHalf },
  f4: { size: 4, dtype: 'float32', decode: (b) => typed(Float32Array, b) },
  f8: { size: 8, dtype: 'float64', decode: (b) => typed(Float64Array, b) },
};

/** What the dtypes that are not read are; the first letter of the kind. */
const others: Readonly<Record<string, string>> = {
  O: 'Python objects, which are pickled and may run code',
  c: 'complex numbers',
  S: 'bytes',
  U: 'text',
  V: 'raw records',
  M: 'dates',
  m: 'time spans',
};

/** How elements with this `descr` are read. */
export function readerOf(descr: string, refuse: Refuse): Row {
  const order = descr.slice(0, 1);
  const code = descr.slice(1);
  const known = Object.hasOwn(rows, code) ? rows[code] : null;
  // One byte has no order, so any mark will do.
  if (known && (order === '<' || order === '>' || (order === '|' && known.size === 1))) {
    return order === '>' && known.size > 1 ? { ...known, decode: (b) => known.decode(swapped(b, known.size)) } : known;
  }
  const kind = code.slice(0, 1);
  const what = Object.hasOwn(others, kind) ? `, ${others[kind]}` : '';
  const shown = descr.length > 20 ? `${descr.slice(0, 20)}...` : descr;
  throw refuse(
    `a dtype of ${Object.keys(rows).join(', ')} with its byte order`,
    `'${shown}'${what}`,
    'convert it with astype before saving',
  );
}

/** How konv's dtypes are written. */
export const descrOf: Readonly<Record<DType, string>> = { bool: '|b1', int32: '<i4', float32: '<f4', float64: '<f8' };
