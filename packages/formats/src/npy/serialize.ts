import type { HostEntry } from '../entries.js';
import { checkEntry } from '../entries.js';
import { type Refuse, refuser } from '../refuse.js';
import { descrOf } from './dtypes.js';

const ALIGNMENT = 64;
/** NumPy leaves room for the digits of the first size, so that a file can grow in place. */
const GROWTH_DIGITS = 21;

/** A Python tuple. */
function tuple(shape: readonly number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
}

/** Everything before the data, version 1.0, ends at a multiple of 64. */
function headerBytes({ dtype, shape }: HostEntry, refuse: Refuse): Uint8Array {
  const growth = shape.length === 0 ? '' : ' '.repeat(GROWTH_DIGITS - String(shape[0]).length);
  const text = `{'descr': '${descrOf[dtype]}', 'fortran_order': False, 'shape': ${tuple(shape)}, }${growth}`;
  const length = text.length + 1;
  // As NumPy does, 64 more where 0 would do.
  const padding = ALIGNMENT - ((10 + length) % ALIGNMENT);
  if (length + padding > 0xffff) throw refuse('a shape of fewer sizes', `${shape.length}`, 'reshape it first');
  const out = new Uint8Array(10 + length + padding).fill(0x20);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, (length + padding) & 0xff, (length + padding) >> 8]);
  for (let i = 0; i < text.length; i++) out[10 + i] = text.charCodeAt(i);
  out[out.length - 1] = 0x0a;
  return out;
}

/** What a file of this entry consists of: its header, and a view of the entry's own bytes. */
export function npyParts(shown: string, entry: HostEntry, refuse: Refuse, save: string): [header: Uint8Array, data: Uint8Array] {
  checkEntry(shown, entry, refuse, save);
  const { buffer, byteOffset, byteLength } = entry.data;
  return [headerBytes(entry, refuse), new Uint8Array(buffer, byteOffset, byteLength)];
}

/**
 * The bytes of an .npy file, version 1.0, those that NumPy 1.24 writes for the array: float32, float64, int32 and bool as
 * <f4, <f8, <i4 and |b1, in C order.
 *
 * Errors: `FormatError` for data that does not match dtype and shape.
 * Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
 */
export function serializeNpy(entry: HostEntry): Uint8Array {
  const [header, data] = npyParts('the array', entry, refuser('npy'), 'saveNpy');
  const out = new Uint8Array(header.length + data.length);
  out.set(header);
  out.set(data, header.length);
  return out;
}
