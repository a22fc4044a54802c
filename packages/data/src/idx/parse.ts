import { showShape } from '@konv/core-tensor';
import { AGAIN, type IdxArrays, type IdxDType, type IdxHeader, isGzip, readHeader, type Refuse, refuser } from './header.js';

export interface Idx<D extends IdxDType = IdxDType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  /** Row-major. A view of the file's bytes for one-byte types, else a copy. */
  readonly data: IdxArrays[D];
}

const constructors = {
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/**
 * Reads an IDX file, the format of MNIST: 00 00, a type byte, the rank, big-endian u32 sizes, big-endian data.
 *
 * Types: 08 uint8, 09 int8, 0b int16, 0c int32, 0d float32, 0e float64. For gz use `readIdx`.
 * Errors: `FormatError`, with `name` in the message, for anything else, missing and trailing bytes included; nothing is
 * allocated before. Source: http://yann.lecun.com/exdb/mnist, "The IDX file format".
 */
export function parseIdx(bytes: ArrayBuffer | Uint8Array, options: { name?: string } = {}): Idx {
  const refuse = refuser(options.name);
  const file = bytes instanceof Uint8Array ? bytes : asBytes(bytes, refuse);
  if (isGzip(file)) throw refuse('an IDX file', 'gzip', 'use await readIdx(bytes)');
  const header = readHeader(file, refuse);
  if (header === null) throw refuse('an IDX header', `${file.length} bytes`, `the file is truncated: ${AGAIN}`);
  return decode(file, header, refuse);
}

function asBytes(bytes: unknown, refuse: Refuse): Uint8Array {
  if (Object.prototype.toString.call(bytes) === '[object ArrayBuffer]') return new Uint8Array(bytes as ArrayBuffer);
  throw refuse('an ArrayBuffer or Uint8Array', bytes === null ? 'null' : typeof bytes, 'use await readIdx(source) for paths and URLs');
}

/** The values of a whole file whose header has been read. */
export function decode(file: Uint8Array, header: IdxHeader, refuse: Refuse): Idx {
  const { dtype, size, shape, start, end } = header;
  if (file.length !== end) {
    const what = file.length < end ? 'the file is truncated' : 'there are trailing bytes';
    throw refuse(`${end} bytes for ${dtype} ${showShape(shape)}`, `${file.length}`, `${what}: ${AGAIN}`);
  }
  const bytes = file.subarray(start, end);
  if (size === 1) return { dtype, shape, data: new constructors[dtype](bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length) };
  return { dtype, shape, data: new constructors[dtype](swapped(bytes, size)) };
}

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A copy with the bytes of every element in this machine's order. */
function swapped(bytes: Uint8Array, size: number): ArrayBuffer {
  const out = new Uint8Array(bytes);
  if (!littleEndian) return out.buffer;
  for (let i = 0; i < out.length; i += size) {
    for (let a = i, b = i + size - 1; a < b; a++, b--) {
      const x = out[a];
      out[a] = out[b];
      out[b] = x;
    }
  }
  return out.buffer;
}
