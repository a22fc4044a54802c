import { MAX_HEADER_BYTES, type NpyArray, PREFIX_BYTES, readNpy, readNpyHeader } from '../npy/parse.js';
import { AGAIN, asBytes, checkName, describe, type Refuse, refuser } from '../refuse.js';
import { crc32 } from './crc32.js';
import { inflate } from './deflate.js';
import { readDirectory, type ZipEntry } from './directory.js';

export interface NpzOptions {
  /** What errors call the file. */
  readonly name?: string;
  /** The most that the compressed arrays may take together when inflated, in bytes. Default: 2^30. */
  readonly maxBytes?: number;
}

const SUFFIX = '.npy';
const MAX_BYTES = 2 ** 30;

/**
 * Reads a NumPy archive (.npz), as `numpy.savez` and `numpy.savez_compressed` write it: a ZIP of .npy files, stored or
 * deflated, with checksums. The arrays by name, without the names' `.npy`; no prototype, so that no name can collide with
 * one of Object's. Names are keys and nothing else, whatever path they look like. Dtypes as in `parseNpy`.
 *
 * Memory: stored arrays as in `parseNpy`; deflated ones what their directory entry and their own header both say, at
 * most 1032 times the file and `maxBytes`, before anything is inflated.
 *
 * Errors: `FormatError` for anything that is not such an archive: what is truncated, encrypted, otherwise compressed,
 * overlapping, of a wrong checksum or there twice, and files that are no arrays. Source: numpy.load.
 */
export async function parseNpz(bytes: ArrayBuffer | Uint8Array, options: NpzOptions = {}): Promise<Record<string, NpyArray>> {
  const { name, maxBytes = MAX_BYTES } = options;
  const refuse = refuser('npz', name);
  if (typeof maxBytes !== 'number' || !(maxBytes >= 0)) {
    throw refuse('maxBytes to be a number >= 0', String(maxBytes), 'leave it out for 2^30');
  }
  const file = asBytes(bytes, refuse, 'loadNpz');
  const entries = named(readDirectory(file, refuse), refuse);
  checkInflated(entries, maxBytes, refuse);
  const out: Record<string, NpyArray> = Object.create(null);
  for (const [key, entry] of entries) {
    const inner = refuser('npz', name === undefined ? describe(key) : `${name}: ${describe(key)}`);
    const plain = await plainBytes(file, entry, inner);
    const crc = crc32(plain);
    if (crc !== entry.crc) throw inner(`a checksum of ${hex(entry.crc)}`, hex(crc), `the file is corrupt: ${AGAIN}`);
    out[key] = readNpy(plain, inner);
  }
  return out;
}

const hex = (x: number): string => `0x${x.toString(16).padStart(8, '0')}`;

function named(entries: readonly ZipEntry[], refuse: Refuse): Map<string, ZipEntry> {
  const out = new Map<string, ZipEntry>();
  for (const entry of entries) {
    const key = entry.name.endsWith(SUFFIX) ? entry.name.slice(0, -SUFFIX.length) : entry.name;
    const shown = checkName(key, refuse);
    if (out.has(key)) throw refuse('every name once', `${shown} with and without ${SUFFIX}`, 'rename one');
    out.set(key, entry);
  }
  return out;
}

function checkInflated(entries: Map<string, ZipEntry>, maxBytes: number, refuse: Refuse): void {
  let total = 0;
  for (const { deflated, size } of entries.values()) if (deflated) total += size;
  if (total <= maxBytes) return;
  throw refuse(`at most ${maxBytes} bytes when inflated`, `${total}`, 'pass a greater maxBytes if you trust the file');
}

async function plainBytes(file: Uint8Array, entry: ZipEntry, refuse: Refuse): Promise<Uint8Array> {
  const { start, end, size, deflated } = entry;
  const packed = file.subarray(start, end);
  if (!deflated) {
    if (packed.length !== size) throw refuse(`${size} stored bytes`, `${packed.length}`, AGAIN);
    return packed;
  }
  const announced = (head: Uint8Array): boolean => {
    const header = readNpyHeader(head, refuse);
    if (header && header.end !== size) throw refuse(`an array of ${size} bytes, as in the directory`, `one of ${header.end}`, AGAIN);
    return header !== null;
  };
  return inflate(packed, size, PREFIX_BYTES + MAX_HEADER_BYTES, announced, refuse);
}
