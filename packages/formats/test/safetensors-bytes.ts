/** A file from a header text (or bytes) and `dataBytes` bytes of data, without any check. */
export function file(header: unknown, dataBytes: number | Uint8Array = 0, length?: bigint): Uint8Array {
  const text =
    header instanceof Uint8Array ? header : new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const data = typeof dataBytes === 'number' ? new Uint8Array(dataBytes) : dataBytes;
  const out = new Uint8Array(8 + text.length + data.length);
  new DataView(out.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  out.set(text, 8);
  out.set(data, 8 + text.length);
  return out;
}

/** The header of one tensor `x`. */
export function one(dtype: string, shape: unknown, bytes: number): Record<string, unknown> {
  return { x: { dtype, shape, data_offsets: [0, bytes] } };
}

/** Little-endian bytes of a typed array. */
export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
