import { FormatError, MAX_SIZE, showShape } from '@konv/core-tensor';

export interface IdxArrays {
  uint8: Uint8Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  float32: Float32Array;
  float64: Float64Array;
}
export type IdxDType = keyof IdxArrays;

/** The third byte of a file. */
const types: ReadonlyMap<number, readonly [IdxDType, number]> = new Map([
  [0x08, ['uint8', 1]],
  [0x09, ['int8', 1]],
  [0x0b, ['int16', 2]],
  [0x0c, ['int32', 4]],
  [0x0d, ['float32', 4]],
  [0x0e, ['float64', 8]],
]);

export interface IdxHeader {
  readonly dtype: IdxDType;
  /** Bytes of one element. */
  readonly size: number;
  readonly shape: readonly number[];
  /** Where the data begins and ends. */
  readonly start: number;
  readonly end: number;
}

export type Refuse = (expected: string, got: string, remedy: string, cause?: unknown) => FormatError;

/** Makes this source's errors. */
export function refuser(name: string | undefined): Refuse {
  const file = name === undefined ? '' : `${name}: `;
  return (expected, got, remedy, cause) =>
    new FormatError('idx', `${file}expected ${expected}, got ${got}; ${remedy}`, cause === undefined ? undefined : { cause });
}

export const AGAIN = 'download the file again';

export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(' ');

/** The header at the start of `bytes`; null where they end before it does. Refuses what cannot become one. */
export function readHeader(bytes: Uint8Array, refuse: Refuse): IdxHeader | null {
  if (bytes.length < 4) return null;
  const type = types.get(bytes[2]);
  const rank = bytes[3];
  if (bytes[0] !== 0 || bytes[1] !== 0 || type === undefined || rank === 0) {
    throw refuse(
      'an IDX file (00 00, a type of 08 09 0b 0c 0d 0e, a rank above 0)',
      hex(bytes.subarray(0, 4)),
      'check that this is the right file',
    );
  }
  const start = 4 + 4 * rank;
  if (bytes.length < start) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const n = shape.reduce((a, d) => a * d, 1);
  // Infinity times 0 is NaN, hence the negation.
  if (!(n <= MAX_SIZE) || shape.some((d) => d > MAX_SIZE)) {
    throw refuse('at most 2^31 - 1 elements', `shape ${showShape(shape)}`, `the header may be damaged: ${AGAIN}`);
  }
  const [dtype, size] = type;
  return { dtype, size, shape, start, end: start + n * size };
}
