/**
 * From the bytes of files to the values that konv holds. All take little-endian bytes and give a view of them where
 * layout and alignment allow, else a copy.
 */

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

export function typed<A>(type: Typed<A>, bytes: Uint8Array): A {
  const size = type.BYTES_PER_ELEMENT;
  const b = aligned(bytes, size);
  return new type(b.buffer, b.byteOffset, b.byteLength / size);
}

export function decodeBool(bytes: Uint8Array): Uint8Array {
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] > 1) throw new Unfit('bools as bytes 0 or 1', `${bytes[i]} at element ${i}`);
  }
  return typed(Uint8Array, bytes);
}

/** The number whose float16 has the bits `h`: 1 for the sign, 5 for the exponent, 10 for the fraction. */
export function halfToFloat(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 31;
  const fraction = h & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function decodeHalf(bytes: Uint8Array): Float32Array {
  const halves = typed(Uint16Array, bytes);
  const out = new Float32Array(halves.length);
  for (let i = 0; i < out.length; i++) out[i] = halfToFloat(halves[i]);
  return out;
}

/** bfloat16 is the upper half of a float32. */
export function decodeBrain(bytes: Uint8Array): Float32Array {
  const halves = typed(Uint16Array, bytes);
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < words.length; i++) words[i] = halves[i] << 16;
  return new Float32Array(words.buffer);
}

export function decodeU32(bytes: Uint8Array): Int32Array {
  const words = typed(Int32Array, bytes);
  for (let i = 0; i < words.length; i++) {
    if (words[i] < 0) throw new Unfit('values that fit int32', `${words[i] >>> 0} at element ${i}`);
  }
  return words;
}

export function decode64(bytes: Uint8Array, signed: boolean): Int32Array {
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

/** A copy with the bytes of every element in the other order. */
export function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i += size) for (let k = 0; k < size; k++) out[i + k] = bytes[i + size - 1 - k];
  return out;
}
