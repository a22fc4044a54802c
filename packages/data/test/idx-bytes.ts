import { gzipSync } from 'node:zlib';

/** An IDX file: type byte, sizes, big-endian data as given. */
export function idx(type: number, shape: number[], data: Uint8Array | number[]): Uint8Array {
  const out = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(out.buffer);
  out[2] = type;
  out[3] = shape.length;
  shape.forEach((d, i) => {
    view.setUint32(4 + 4 * i, d);
  });
  out.set(data, 4 + 4 * shape.length);
  return out;
}

export function gz(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(gzipSync(bytes));
}

/** `n` images whose pixel k of image i is (7 i + k) % 256, and labels i % 10. */
export function images(n: number): Uint8Array {
  return idx(
    0x08,
    [n, 28, 28],
    Array.from({ length: n * 784 }, (_, j) => (7 * Math.floor(j / 784) + (j % 784)) % 256),
  );
}
export function labels(n: number): Uint8Array {
  return idx(
    0x08,
    [n],
    Array.from({ length: n }, (_, i) => i % 10),
  );
}
