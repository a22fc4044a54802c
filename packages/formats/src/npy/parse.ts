import { contiguousStrides, type HostArray, MAX_SIZE, showShape, sizeOf } from '@konv/core-tensor';
import { Unfit } from '../decode.js';
import type { HostEntry } from '../entries.js';
import { AGAIN, asBytes, type Refuse, refuser } from '../refuse.js';
import { readerOf } from './dtypes.js';
import { parseFields } from './literal.js';

/** An array of a file, in host memory. */
export interface NpyArray extends HostEntry {
  /** The dtype in the file, NumPy's `descr`: '>i8' where `dtype` is int32. */
  readonly stored: string;
}

/** Everything before the data. */
export interface NpyHeader {
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the data begins, and where it must end. */
  readonly start: number;
  readonly end: number;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Magic, version, and the longer form of the length. */
export const PREFIX_BYTES = 12;
/** NumPy's limit; a plain array of 64 axes needs a tenth of it. */
export const MAX_HEADER_BYTES = 10_000;

/**
 * Where the header ends, from the first bytes of a file: as many as PREFIX_BYTES, if it has them. Errors: what is no
 * .npy file, a version that is not 1.0, 2.0 or 3.0, a header longer than any is.
 */
function headerRange(bytes: Uint8Array, refuse: Refuse): { from: number; to: number } {
  const wrong = MAGIC.findIndex((byte, i) => bytes[i] !== byte);
  if (wrong >= 0) {
    const got = wrong < bytes.length ? `${bytes[wrong]} as byte ${wrong}` : `${bytes.length} bytes`;
    throw refuse('the mark \\x93NUMPY at the start', got, 'this is probably no .npy file');
  }
  const [major, minor] = [bytes[6], bytes[7]];
  const from = major === 1 ? 10 : PREFIX_BYTES;
  if (bytes.length < from) throw refuse(`at least ${from} bytes`, `${bytes.length}`, `the file is truncated: ${AGAIN}`);
  if (major < 1 || major > 3 || minor !== 0) throw refuse('version 1.0, 2.0 or 3.0', `${major}.${minor}`, AGAIN);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER_BYTES) throw refuse(`a header of at most ${MAX_HEADER_BYTES} bytes`, `${length}`, AGAIN);
  return { from, to: from + length };
}

/** Reads and checks everything before the data, or returns null while `bytes`, the first ones of a file, are too few. */
export function readNpyHeader(bytes: Uint8Array, refuse: Refuse): NpyHeader | null {
  if (bytes.length < PREFIX_BYTES) return null;
  const { from, to } = headerRange(bytes, refuse);
  if (bytes.length < to) return null;
  // Version 3 says UTF-8, the others Latin-1; nothing beyond ASCII is known in any.
  const { descr, fortranOrder, shape } = parseFields(String.fromCharCode(...bytes.subarray(from, to)), refuse);
  const { size } = readerOf(descr, refuse);
  return { descr, fortranOrder, shape, start: to, end: to + size * checkSizes(shape, refuse) };
}

function checkSizes(shape: readonly number[], refuse: Refuse): number {
  let n = 1;
  for (const d of shape) {
    if (!Number.isSafeInteger(d) || d < 0) throw refuse('whole sizes >= 0', `shape ${showShape(shape)}`, AGAIN);
    n *= d;
    if (d > MAX_SIZE || n > MAX_SIZE) {
      throw refuse('at most 2^31 - 1 elements', `shape ${showShape(shape)}`, 'split the array before saving');
    }
  }
  return n;
}

/**
 * Reads a NumPy array file (.npy), version 1.0, 2.0 or 3.0, either byte order, C or Fortran order.
 *
 * f4, f8, i4 and b1 as float32, float64, int32 and bool; f2 as float32; u1, i1, u2 and i2 as int32; u4, i8 and u8 as
 * int32 when every value fits. The data is row-major: a view of the file's bytes where order and alignment allow, else a
 * copy. Everything is checked before anything is allocated; a file at most quadruples in memory (u1).
 *
 * Errors: `FormatError` for anything that is not such a file, bytes after the data included; `name` says in the message
 * which one. Objects, text, complex numbers and records are refused, and nothing in a file is ever run.
 * Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
 */
export function parseNpy(bytes: ArrayBuffer | Uint8Array, options: { name?: string } = {}): NpyArray {
  const refuse = refuser('npy', options.name);
  return readNpy(asBytes(bytes, refuse, 'loadNpy'), refuse);
}

/** `parseNpy` for bytes within another file, whose errors `refuse` makes. */
export function readNpy(file: Uint8Array, refuse: Refuse): NpyArray {
  const header = readNpyHeader(file, refuse);
  if (!header) {
    const { to } = headerRange(file, refuse);
    throw refuse(`a header that ends at byte ${to}`, `a file of ${file.length} bytes`, `the file is truncated: ${AGAIN}`);
  }
  const { descr, fortranOrder, start, end } = header;
  if (file.length !== end) {
    const remedy = file.length < end ? `the file is truncated: ${AGAIN}` : `there are trailing bytes: ${AGAIN}`;
    throw refuse(`${end - start} bytes of data for '${descr}' ${showShape(header.shape)}`, `${file.length - start}`, remedy);
  }
  const { dtype, decode } = readerOf(descr, refuse);
  const shape = header.shape.map((d) => d + 0);
  try {
    const data = decode(file.subarray(start, end));
    return { dtype, shape, data: fortranOrder ? rowMajor(data, shape) : data, stored: descr };
  } catch (e) {
    if (!(e instanceof Unfit)) throw e;
    throw refuse(`'${descr}' to hold ${e.expected}`, e.got, 'convert the array before saving');
  }
}

/** Values whose first index runs fastest, in the order in which the last does. */
function rowMajor<A extends HostArray>(data: A, shape: readonly number[]): A {
  const rank = shape.length;
  if (rank < 2 || sizeOf(shape) === 0) return data;
  const out = data.slice() as A;
  const strides = contiguousStrides([...shape].reverse()).reverse();
  const index = new Array<number>(rank).fill(0);
  let from = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = data[from];
    for (let axis = rank - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}
