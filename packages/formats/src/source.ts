import { FormatError } from '@konv/core-tensor';

/** Where bytes come from. A string is a path, or a URL if it begins with a scheme; in a browser always a URL. */
export type Source = string | URL | ArrayBuffer | Uint8Array | Blob | Response;

export interface Bytes {
  readonly bytes: Uint8Array;
  /** What errors call the source; undefined for bytes without a name. */
  readonly name: string | undefined;
}

const SCHEME = /^[a-z][a-z0-9+.-]+:/i;

/** Whether this runs where files have paths. */
function hasFiles(): boolean {
  return typeof process === 'object' && process !== null && typeof process.versions?.node === 'string';
}

/**
 * All bytes of a source. Errors: `FormatError` naming it, with the system's error as its cause, where it cannot be read.
 */
export async function readSource(op: string, source: Source): Promise<Bytes> {
  if (typeof source === 'string') {
    // A single letter before the colon is a drive.
    if (SCHEME.test(source) || !hasFiles()) return fetchBytes(op, source);
    return { bytes: await readPath(op, source), name: source };
  }
  if (source instanceof URL) return source.protocol === 'file:' && hasFiles() ? readFileUrl(op, source) : fetchBytes(op, source.href);
  if (source instanceof Uint8Array) return { bytes: source, name: undefined };
  if (typeof Blob === 'function' && source instanceof Blob) {
    return { bytes: new Uint8Array(await source.arrayBuffer()), name: (source as { name?: string }).name };
  }
  if (typeof Response === 'function' && source instanceof Response) return bodyOf(op, source, source.url || undefined);
  if (Object.prototype.toString.call(source) === '[object ArrayBuffer]') {
    return { bytes: new Uint8Array(source as ArrayBuffer), name: undefined };
  }
  const got = source === null ? 'null' : typeof source;
  throw new FormatError(op, `expected a path, URL, ArrayBuffer, Uint8Array, Blob or Response, got ${got}; pass one of these`);
}

async function readFileUrl(op: string, url: URL): Promise<Bytes> {
  const { fileURLToPath } = process.getBuiltinModule('node:url');
  return { bytes: await readPath(op, fileURLToPath(url)), name: url.href };
}

async function readPath(op: string, path: string): Promise<Uint8Array> {
  const { readFile } = process.getBuiltinModule('node:fs/promises');
  try {
    const b = await readFile(path);
    return new Uint8Array(b.buffer, b.byteOffset, b.byteLength);
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? String(cause);
    throw new FormatError(op, `expected a readable file at "${path}", got ${code}; check the path`, { cause });
  }
}

async function fetchBytes(op: string, href: string): Promise<Bytes> {
  if (href.startsWith('file:') && hasFiles()) return readFileUrl(op, new URL(href));
  let response: Response;
  try {
    response = await fetch(href);
  } catch (cause) {
    throw new FormatError(op, `expected an answer from ${href}, got ${(cause as Error).message}; check the address`, {
      cause,
    });
  }
  return bodyOf(op, response, href);
}

async function bodyOf(op: string, response: Response, name: string | undefined): Promise<Bytes> {
  const shown = name ?? 'the response';
  if (!response.ok) throw new FormatError(op, `expected ${shown} to be found, got status ${response.status}; check the address`);
  try {
    return { bytes: new Uint8Array(await response.arrayBuffer()), name };
  } catch (cause) {
    throw new FormatError(op, `expected the whole of ${shown}, got ${(cause as Error).message}; load it again`, {
      cause,
    });
  }
}
