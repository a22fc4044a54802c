import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../src/npz/crc32.js';

/** One file of an archive. What is left out is as it should be; the directory and the header in front may differ. */
export interface ZipFile {
  name: string | Uint8Array;
  plain: Uint8Array;
  method?: number;
  /** The bytes as they stand; by default `plain`, deflated for method 8. */
  packed?: Uint8Array;
  flags?: number;
  crc?: number;
  size?: number;
  packedSize?: number;
  /** Where the directory says that the header is. */
  offset?: number;
  disk?: number;
  /** Extra fields of the directory. */
  extra?: Uint8Array;
  /** The header in front of the file. */
  local?: { name?: string; flags?: number; method?: number; crc?: number; size?: number; packedSize?: number; extra?: Uint8Array };
  /** Between this file and the next. */
  after?: Uint8Array;
}

export interface Archive {
  before?: Uint8Array;
  gap?: Uint8Array;
  comment?: Uint8Array;
  count?: number;
  disk?: number;
  size?: number;
  offset?: number;
  /** With 64-bit end records, whose fields may be changed; the 32-bit ones are then full. */
  wide?: { count?: bigint; size?: bigint; offset?: bigint; here?: bigint; place?: bigint };
}

const u16 = (...values: number[]): number[] => values.flatMap((v) => [v & 255, (v >> 8) & 255]);
const u32 = (...values: number[]): number[] => values.flatMap((v) => [v & 255, (v >>> 8) & 255, (v >>> 16) & 255, (v >>> 24) & 255]);
const u64 = (...values: bigint[]): number[] => values.flatMap((v) => [...u32(Number(v & 0xffffffffn)), ...u32(Number(v >> 32n))]);

/** The extra field of 64-bit values. */
export const wide = (...values: bigint[]): Uint8Array => Uint8Array.from([...u16(1, 8 * values.length), ...u64(...values)]);

/** What stands behind a file whose header came too early to know. */
export function descriptor(file: { crc: number; packed: number; size: number }, signed: boolean, sizes64: boolean): Uint8Array {
  const sizes = sizes64 ? u64(BigInt(file.packed), BigInt(file.size)) : u32(file.packed, file.size);
  return Uint8Array.from([...(signed ? u32(0x08074b50) : []), ...u32(file.crc), ...sizes]);
}

/** The bytes of an archive, without any check. */
export function zip(files: readonly ZipFile[], archive: Archive = {}): Uint8Array {
  const out: number[] = [...(archive.before ?? [])];
  const directory: number[] = [];
  for (const file of files) {
    const { plain, method = 0, flags = 0, extra = [], local = {} } = file;
    const packed = file.packed ?? (method === 8 ? deflateRawSync(plain) : plain);
    const crc = file.crc ?? crc32(plain);
    const size = file.size ?? plain.length;
    const packedSize = file.packedSize ?? packed.length;
    const name = typeof file.name === 'string' ? new TextEncoder().encode(file.name) : file.name;
    const localName = local.name === undefined ? name : new TextEncoder().encode(local.name);
    const offset = file.offset ?? out.length;
    out.push(...u32(0x04034b50), ...u16(20, local.flags ?? flags, local.method ?? method, 0, 33));
    out.push(...u32(local.crc ?? crc, local.packedSize ?? packedSize, local.size ?? size));
    out.push(...u16(localName.length, local.extra?.length ?? 0), ...localName, ...(local.extra ?? []), ...packed, ...(file.after ?? []));
    directory.push(...u32(0x02014b50), ...u16(20, 20, flags, method, 0, 33), ...u32(crc, packedSize, size));
    directory.push(...u16(name.length, extra.length, 0, file.disk ?? 0, 0), ...u32(0, offset), ...name, ...extra);
  }
  out.push(...(archive.gap ?? []));
  const at = out.length;
  out.push(...directory);
  const end = { count: archive.count ?? files.length, size: archive.size ?? directory.length, offset: archive.offset ?? at };
  if (archive.wide) {
    const w = archive.wide;
    const place = out.length;
    const count = w.count ?? BigInt(end.count);
    out.push(...u32(0x06064b50), ...u64(44n), ...u16(45, 45), ...u32(0, 0));
    out.push(...u64(w.here ?? count, count, w.size ?? BigInt(end.size), w.offset ?? BigInt(end.offset)));
    out.push(...u32(0x07064b50, 0), ...u64(w.place ?? BigInt(place)), ...u32(1));
    Object.assign(end, { count: 0xffff, size: 0xffffffff, offset: 0xffffffff });
  }
  out.push(...u32(0x06054b50), ...u16(archive.disk ?? 0, 0, end.count, end.count), ...u32(end.size, end.offset));
  out.push(...u16(archive.comment?.length ?? 0), ...(archive.comment ?? []));
  return Uint8Array.from(out);
}
