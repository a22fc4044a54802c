import { checkEntry, type Entries, type HostEntry, pairs } from '../entries.js';
import { checkName, refuser } from '../refuse.js';
import { storedAs, storedDTypes } from './dtypes.js';
import { MAX_HEADER_BYTES, METADATA, type Metadata } from './header.js';

const refuse = refuser('safetensors');

function checkNamed(name: unknown, entry: HostEntry): void {
  if (typeof name !== 'string') throw refuse('names that are strings', typeof name, 'name the tensors');
  const shown = checkName(name, refuse);
  if (name === METADATA) throw refuse('tensors under other names', shown, 'pass metadata as an option');
  checkEntry(shown, entry, refuse, 'saveSafetensors');
}

/** By Unicode code points, which is the order of UTF-8 bytes; JavaScript's own compares UTF-16 halves. */
export function compareNames(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length) {
    const p = a.codePointAt(i) as number;
    const q = b.codePointAt(i) as number;
    if (p !== q) return p - q;
    i += p > 0xffff ? 2 : 1;
  }
  return a.length - b.length;
}

function metadataText(metadata: Readonly<Metadata>): string {
  const fields = pairs(metadata, refuse).sort(([a], [b]) => compareNames(a, b));
  for (const [key, value] of fields) {
    const shown = checkName(key, refuse);
    if (typeof value !== 'string') throw refuse('metadata of strings', `${typeof value} for ${shown}`, 'use JSON.stringify');
    if (/\p{Surrogate}/u.test(value))
      throw refuse('metadata in well-formed Unicode', `half a surrogate pair for ${shown}`, 'mend the text');
  }
  return `{${fields.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join(',')}}`;
}

/**
 * The bytes of a safetensors file. Order and padding are the reference writer's: dtypes by descending alignment, then
 * names; the header padded with spaces to 8 bytes. Metadata keys are sorted, so equal inputs give equal bytes.
 *
 * Errors: `FormatError` for data that does not match dtype and shape, `__metadata__` or `__proto__` as a name, metadata
 * that are not strings. Source: https://github.com/huggingface/safetensors.
 */
export function serializeSafetensors(entries: Entries<HostEntry>, metadata?: Readonly<Metadata>): Uint8Array {
  const list = pairs(entries, refuse);
  for (const [name, entry] of list) checkNamed(name, entry);
  list.sort(([a, x], [b, y]) => storedDTypes[storedAs[y.dtype]].rank - storedDTypes[storedAs[x.dtype]].rank || compareNames(a, b));

  const fields: string[] = metadata === undefined ? [] : [`"${METADATA}":${metadataText(metadata)}`];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of list) {
    const end = offset + data.byteLength;
    const info = `{"dtype":"${storedAs[dtype]}","shape":[${shape.join(',')}],"data_offsets":[${offset},${end}]}`;
    fields.push(`${JSON.stringify(name)}:${info}`);
    offset = end;
  }
  const text = new TextEncoder().encode(`{${fields.join(',')}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > MAX_HEADER_BYTES) throw refuse(`a header of at most ${MAX_HEADER_BYTES} bytes`, `${length}`, 'store less metadata');

  const out = new Uint8Array(8 + length + offset);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.fill(0x20, 8, 8 + length);
  out.set(text, 8);
  let at = 8 + length;
  for (const [, { data }] of list) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return out;
}
