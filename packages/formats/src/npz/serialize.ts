import { type Entries, type HostEntry, pairs } from '../entries.js';
import { npyParts } from '../npy/serialize.js';
import { checkName, checkOptions, describe, refuser } from '../refuse.js';
import { crc32 } from './crc32.js';
import { deflate } from './deflate.js';
import { CENTRAL, CENTRAL_BYTES, DEFLATED, END, END_BYTES, FLAG_UTF8, FULL_16, FULL_32, LOCAL, LOCAL_BYTES, STORED } from './fields.js';

export interface NpzSaveOptions {
  /** Deflate the arrays, as `numpy.savez_compressed` does. Default: false. */
  readonly compressed?: boolean;
}

const refuse = refuser('npz');
/** What Python's zipfile says of a file that it is given by name: 1 January 1980, a Unix file of mode 600. */
const DATE = 0x21;
const UNIX = 3;
const MODE = 0o600 << 16;
/** The version that knows DEFLATE. */
const VERSION = 20;

interface Packed {
  readonly name: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly size: number;
  readonly parts: readonly Uint8Array[];
  readonly packed: number;
}

/**
 * The bytes of an .npz archive with an .npy file for each array, in the order given. Equal inputs give equal bytes: those
 * of Python's zipfile, but for what a compressor decides. (`numpy.savez` repeats each size in 64 bits, and how depends on
 * the version of Python.)
 *
 * Errors: `FormatError` for data that does not match dtype and shape, for `__proto__` as a name, for an archive of 4 GiB.
 * Source: numpy.savez, numpy.savez_compressed.
 */
export async function serializeNpz(entries: Entries<HostEntry>, options: NpzSaveOptions = {}): Promise<Uint8Array> {
  const { compressed = false } = checkedOptions(options);
  const list = pairs(entries, refuse).map(([name, entry]) => {
    if (typeof name !== 'string') throw refuse('names that are strings', typeof name, 'name the arrays');
    return { name, parts: npyParts(checkName(name, refuse), entry, refuse, 'saveNpz') };
  });
  const packed: Packed[] = [];
  for (const { name, parts } of list) packed.push(await pack(`${name}.npy`, parts, compressed));
  const names = packed.reduce((n, p) => n + p.name.length, 0);
  const files = packed.reduce((n, p) => n + LOCAL_BYTES + p.name.length + p.packed, 0);
  const total = files + packed.length * CENTRAL_BYTES + names + END_BYTES;
  if (total >= FULL_32) throw refuse('an archive below 4 GiB', `${total} bytes`, 'save the arrays in several, or as safetensors');
  if (packed.length >= FULL_16) throw refuse(`fewer than ${FULL_16} arrays`, `${packed.length}`, 'save them in several');
  return write(packed, files, total);
}

/** Refuses options that are none; `saveNpz` asks before it reads any tensor. */
export function checkedOptions(options: NpzSaveOptions): NpzSaveOptions {
  checkOptions(options, ['compressed'], refuse);
  const { compressed } = options;
  if (compressed === undefined || typeof compressed === 'boolean') return options;
  throw refuse('compressed to be true or false', describe(compressed), 'leave it out for the default');
}

async function pack(name: string, plain: readonly Uint8Array[], compressed: boolean): Promise<Packed> {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length >= FULL_16) throw refuse('a name of less than 64 KiB', `${bytes.length} bytes`, 'shorten it');
  const parts = compressed ? [await deflate(plain)] : plain;
  return {
    name: bytes,
    flags: bytes.some((b) => b > 0x7f) ? FLAG_UTF8 : 0,
    method: compressed ? DEFLATED : STORED,
    crc: plain.reduce((crc, part) => crc32(part, crc), 0),
    size: plain.reduce((n, part) => n + part.length, 0),
    parts,
    packed: parts.reduce((n, part) => n + part.length, 0),
  };
}

function write(packed: readonly Packed[], files: number, total: number): Uint8Array {
  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  let at = 0;
  const u16 = (...values: number[]): void => {
    for (const value of values) view.setUint16((at += 2) - 2, value, true);
  };
  const u32 = (...values: number[]): void => {
    for (const value of values) view.setUint32((at += 4) - 4, value, true);
  };
  const raw = (bytes: Uint8Array): void => {
    out.set(bytes, at);
    at += bytes.length;
  };
  const offsets: number[] = [];
  for (const { name, flags, method, crc, size, parts, packed: length } of packed) {
    offsets.push(at);
    u32(LOCAL);
    u16(VERSION, flags, method, 0, DATE);
    u32(crc, length, size);
    u16(name.length, 0);
    raw(name);
    for (const part of parts) raw(part);
  }
  packed.forEach(({ name, flags, method, crc, size, packed: length }, k) => {
    u32(CENTRAL);
    u16(VERSION | (UNIX << 8), VERSION, flags, method, 0, DATE);
    u32(crc, length, size);
    u16(name.length, 0, 0, 0, 0);
    u32(MODE, offsets[k]);
    raw(name);
  });
  const directory = at - files;
  u32(END);
  u16(0, 0, packed.length, packed.length);
  u32(directory, files);
  u16(0);
  return out;
}
