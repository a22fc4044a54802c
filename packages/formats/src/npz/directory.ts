import { AGAIN, checkName, describe, type Refuse } from '../refuse.js';
import {
  CENTRAL,
  CENTRAL_BYTES,
  DEFLATED,
  DESCRIPTOR,
  END,
  END_64,
  END_64_BYTES,
  END_64_LOCATOR,
  END_64_LOCATOR_BYTES,
  END_BYTES,
  Fields,
  FLAG_DESCRIPTOR,
  FLAG_ENCRYPTED,
  FLAG_UTF8,
  FULL_16,
  FULL_32,
  LOCAL,
  LOCAL_BYTES,
  STORED,
} from './fields.js';

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly deflated: boolean;
  readonly crc: number;
  /** The plain size. */
  readonly size: number;
  /** Where its bytes stand, as they are stored. */
  readonly start: number;
  readonly end: number;
}

interface Listed {
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

const REPACK = 'save the arrays anew with numpy.savez';

/**
 * The files of a ZIP archive, in the order of its directory, which follows the files without a gap: every byte of the file
 * belongs to one record, so that nothing is hidden, shared or read twice. Sizes of 64 bits are read; encryption, other
 * methods than stored and deflated, archives in parts and two files of one name are refused. Nothing is allocated but
 * names.
 */
export function readDirectory(bytes: Uint8Array, refuse: Refuse): ZipEntry[] {
  const fields = new Fields(bytes, refuse);
  const { count, from, to } = directoryRange(fields);
  const listed: Listed[] = [];
  const names = new Set<string>();
  let at = from;
  for (let k = 0; k < count; k++) {
    const { entry, next } = readListed(fields, at, to);
    if (names.has(entry.name)) throw refuse('every name once', `${describe(entry.name)} twice`, REPACK);
    names.add(entry.name);
    listed.push(entry);
    at = next;
  }
  if (at !== to) throw refuse(`a directory of ${count} files to end at byte ${to}`, `byte ${at}`, AGAIN);
  return locate(fields, listed, from);
}

/** Where the directory stands, by the record at the end of the file. */
function directoryRange(fields: Fields): { count: number; from: number; to: number } {
  const { bytes, refuse } = fields;
  const at = endRecord(fields);
  const small = { disk: fields.u16(at + 4), first: fields.u16(at + 6), here: fields.u16(at + 8), count: fields.u16(at + 10) };
  let [count, size, from] = [small.count, fields.u32(at + 12), fields.u32(at + 16)];
  if (small.disk !== 0 || small.first !== 0 || small.here !== count) {
    throw refuse('an archive in one part', `part ${small.disk} with ${small.here} of ${count} files`, REPACK);
  }
  let to = at;
  if (count === FULL_16 || size === FULL_32 || from === FULL_32) {
    const locator = at - END_64_LOCATOR_BYTES;
    fields.record(locator, END_64_LOCATOR_BYTES, bytes.length, END_64_LOCATOR, 'the locator of a 64-bit end record');
    to = fields.u64(locator + 8, 'the place of the 64-bit end record');
    fields.record(to, END_64_BYTES, locator, END_64, 'a 64-bit end record');
    if (to + END_64_BYTES !== locator) throw refuse('a 64-bit end record of 56 bytes', `${locator - to}`, REPACK);
    count = fields.u64(to + 32, 'a number of files');
    size = fields.u64(to + 40, 'a size of the directory');
    from = fields.u64(to + 48, 'a place of the directory');
    if (fields.u64(to + 24, 'a number of files') !== count) throw refuse('an archive in one part', 'several', REPACK);
  }
  if (from + size !== to) {
    throw refuse(`the directory to end at byte ${to}`, `${size} bytes from byte ${from}`, `the archive is truncated or corrupt: ${AGAIN}`);
  }
  if (count * CENTRAL_BYTES > size) throw refuse(`a directory of ${count} files`, `${size} bytes`, AGAIN);
  return { count, from, to };
}

/** The last record, which may end in a comment: searched from the end, as far as a comment can reach. */
function endRecord(fields: Fields): number {
  const { bytes, refuse } = fields;
  const last = bytes.length - END_BYTES;
  for (let at = last; at >= Math.max(0, last - FULL_16); at--) {
    if (fields.u32(at) === END && at + END_BYTES + fields.u16(at + 20) === bytes.length) return at;
  }
  const start = bytes.length >= 4 ? fields.u32(0) : 0;
  const remedy = start === LOCAL || start === END ? `the file is truncated: ${AGAIN}` : 'this is probably no .npz file';
  throw refuse("a ZIP archive's end record", `none in ${bytes.length} bytes`, remedy);
}

function readListed(fields: Fields, at: number, to: number): { entry: Listed; next: number } {
  const { refuse, bytes } = fields;
  fields.record(at, CENTRAL_BYTES, to, CENTRAL, 'a directory record');
  const nameEnd = at + CENTRAL_BYTES + fields.u16(at + 28);
  const extraEnd = nameEnd + fields.u16(at + 30);
  const next = extraEnd + fields.u16(at + 32);
  if (next > to) throw refuse(`a directory record within its ${to} bytes`, `one that ends at byte ${next}`, AGAIN);
  const [flags, method] = [fields.u16(at + 8), fields.u16(at + 10)];
  const nameBytes = bytes.subarray(at + CENTRAL_BYTES, nameEnd);
  const name = decodeName(nameBytes, flags, refuse);
  const shown = checkName(name, refuse);
  if (flags & FLAG_ENCRYPTED) throw refuse(`${shown} to be open`, 'an encrypted file', REPACK);
  if (method !== STORED && method !== DEFLATED) throw refuse(`${shown} to be stored or deflated`, `method ${method}`, REPACK);
  if (fields.u16(at + 34) !== 0) throw refuse('an archive in one part', `${shown} in part ${fields.u16(at + 34)}`, REPACK);
  const [size, packed, offset] = fields.widened(nameEnd, extraEnd, [
    { value: fields.u32(at + 24), what: `a size of ${shown}` },
    { value: fields.u32(at + 20), what: `a packed size of ${shown}` },
    { value: fields.u32(at + 42), what: `a place of ${shown}` },
  ]);
  return { entry: { name, nameBytes, flags, method, crc: fields.u32(at + 16), size, packed, offset }, next };
}

function decodeName(bytes: Uint8Array, flags: number, refuse: Refuse): string {
  // A name without the mark of UTF-8 is in whatever code page its writer had; their ASCII is the same.
  if (!(flags & FLAG_UTF8) && bytes.some((b) => b > 0x7f)) throw refuse('names in ASCII or UTF-8', 'other bytes', REPACK);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.slice());
  } catch {
    throw refuse('names in ASCII or UTF-8', 'other bytes', REPACK);
  }
}

/** Finds each file's bytes and checks what stands before and after them. */
function locate(fields: Fields, listed: readonly Listed[], directory: number): ZipEntry[] {
  const { refuse } = fields;
  const found = new Map<Listed, ZipEntry>();
  let at = 0;
  for (const entry of [...listed].sort((a, b) => a.offset - b.offset)) {
    const shown = describe(entry.name);
    if (entry.offset !== at) {
      const what = entry.offset < at ? 'an overlap' : 'a gap';
      throw refuse(`${shown} to start at byte ${at}`, `${entry.offset}, ${what}`, REPACK);
    }
    const start = readLocal(fields, entry, directory);
    const end = start + entry.packed;
    if (end > directory) {
      throw refuse(`${shown} to end before the directory at byte ${directory}`, `byte ${end}`, `the file is truncated: ${AGAIN}`);
    }
    at = entry.flags & FLAG_DESCRIPTOR ? readDescriptor(fields, entry, end, directory) : end;
    const { name, crc, size, method } = entry;
    found.set(entry, { name, crc, size, deflated: method === DEFLATED, start, end });
  }
  if (at !== directory) throw refuse(`the directory at byte ${at}`, `byte ${directory}, a gap`, REPACK);
  return listed.map((entry) => found.get(entry) as ZipEntry);
}

/** Checks the header in front of a file against the directory; returns where the file's bytes begin. */
function readLocal(fields: Fields, entry: Listed, directory: number): number {
  const { refuse, bytes } = fields;
  const { offset: at, nameBytes } = entry;
  const shown = describe(entry.name);
  fields.record(at, LOCAL_BYTES, directory, LOCAL, `the header of ${shown}`);
  const nameEnd = at + LOCAL_BYTES + fields.u16(at + 26);
  const start = nameEnd + fields.u16(at + 28);
  if (start > directory) throw refuse(`the header of ${shown} before the directory`, `one that ends at byte ${start}`, AGAIN);
  const name = bytes.subarray(at + LOCAL_BYTES, nameEnd);
  const same = (what: string, expected: number, got: number): void => {
    if (got !== expected) throw refuse(`${what} ${expected} of ${shown} as in the directory`, `${got} in its header`, AGAIN);
  };
  if (name.length !== nameBytes.length || name.some((b, i) => b !== nameBytes[i])) {
    throw refuse(`the header of ${shown}`, 'one of another name', AGAIN);
  }
  same('flags', entry.flags, fields.u16(at + 6));
  same('method', entry.method, fields.u16(at + 8));
  if (entry.flags & FLAG_DESCRIPTOR) return start;
  same('checksum', entry.crc, fields.u32(at + 14));
  const [size, packed] = fields.widened(nameEnd, start, [
    { value: fields.u32(at + 22), what: `a size of ${shown}` },
    { value: fields.u32(at + 18), what: `a packed size of ${shown}` },
  ]);
  same('size', entry.size, size);
  same('packed size', entry.packed, packed);
  return start;
}

/** Checks what a writer that could not go back put after a file's bytes; returns where it ends. */
function readDescriptor(fields: Fields, entry: Listed, at: number, directory: number): number {
  const { refuse } = fields;
  // With or without a signature, with sizes of 32 or 64 bits; only one of the four can fit all three values.
  for (const from of [at + 4, at]) {
    if (from !== at && (from > directory || fields.u32(at) !== DESCRIPTOR)) continue;
    for (const wide of [true, false]) {
      const end = from + (wide ? 20 : 12);
      if (end > directory || fields.u32(from) !== entry.crc) continue;
      const high = wide ? fields.u32(from + 8) + fields.u32(from + 16) : 0;
      const packed = fields.u32(from + 4);
      const size = fields.u32(from + (wide ? 12 : 8));
      if (high === 0 && packed === entry.packed && size === entry.size) return end;
    }
  }
  throw refuse(`a data descriptor after ${describe(entry.name)}, as in the directory`, 'another', AGAIN);
}
