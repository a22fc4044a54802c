import { readSource, type Source } from '../source.js';
import { gunzip } from './gunzip.js';
import { isGzip, readHeader, refuser } from './header.js';
import { type Idx, parseIdx } from './parse.js';

/**
 * Reads an IDX file from a path, URL, Blob, Response or bytes, plain or gz: the content says which.
 *
 * Never inflates more than the file's own header announces. Errors: `FormatError` naming the source where it cannot be
 * read, is truncated, corrupt, of another format or too large.
 */
export async function readIdx(source: Source): Promise<Idx> {
  const { bytes, name } = await readSource('readIdx', source);
  return decodeIdx(bytes, name);
}

/** `parseIdx` for bytes that may be gz. */
export async function decodeIdx(bytes: Uint8Array, name: string | undefined): Promise<Idx> {
  if (!isGzip(bytes)) return parseIdx(bytes, { name });
  const refuse = refuser(name);
  const plain = await gunzip(bytes, (head) => readHeader(head, refuse)?.end ?? null, refuse);
  return parseIdx(plain, { name });
}
