import { AGAIN, type Refuse } from '../refuse.js';

// Of ZIP only DEFLATE itself is hard, and Node and browsers both have it: as a stream, so that a bomb is left at its first
// byte too many, which a library that returns the whole result finds out last. The archive around it is read strictly
// (npz/directory.ts), as the libraries for it do not: no checksums, no overlaps, the last of two equal names.

/** No stream grows by more than this factor: DEFLATE codes at most 258 bytes in 2 bits. */
export const MAX_RATIO = 1032;

function stream(bytes: Uint8Array): ReadableStream<Uint8Array<ArrayBuffer>> {
  const plain = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
  return new Blob([plain]).stream() as ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * The `total` plain bytes of a raw DEFLATE stream. `check` is given the first bytes as they come, until it returns true:
 * only then is the whole allocated, which at that moment is known to be plausible. Stops at the first byte too many.
 */
export async function inflate(
  bytes: Uint8Array,
  total: number,
  headBytes: number,
  check: (head: Uint8Array) => boolean,
  refuse: Refuse,
): Promise<Uint8Array> {
  if (total > bytes.length * MAX_RATIO) {
    throw refuse(`${total} bytes`, `${bytes.length} of DEFLATE, which cannot hold them`, AGAIN);
  }
  const reader = stream(bytes).pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  let out = new Uint8Array(Math.min(total, headBytes));
  let filled = 0;
  let checked = false;
  try {
    for (;;) {
      const { done, value } = await next(reader, refuse);
      if (done) break;
      let chunk = value;
      if (filled + chunk.length > total) throw refuse(`${total} bytes`, 'more', `the archive is corrupt: ${AGAIN}`);
      if (!checked) {
        // The head may arrive in pieces.
        const piece = chunk.subarray(0, out.length - filled);
        out.set(piece, filled);
        filled += piece.length;
        chunk = chunk.subarray(piece.length);
        checked = check(out.subarray(0, filled));
        if (!checked) continue;
        const whole = new Uint8Array(total);
        whole.set(out.subarray(0, filled));
        out = whole;
      }
      out.set(chunk, filled);
      filled += chunk.length;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
  if (filled < total) throw refuse(`${total} bytes`, `${filled}`, `the file is truncated: ${AGAIN}`);
  return out;
}

async function next(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  refuse: Refuse,
): Promise<Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>> {
  try {
    return await reader.read();
  } catch (cause) {
    const { code, message } = cause as { code?: string; message?: string };
    throw refuse('a whole DEFLATE stream', code ?? message ?? String(cause), `it is truncated or corrupt: ${AGAIN}`, cause);
  }
}

/** A raw DEFLATE stream of the parts, one after another. */
export async function deflate(parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const plain = parts.map((p) => (p.buffer instanceof ArrayBuffer ? (p as Uint8Array<ArrayBuffer>) : p.slice()));
  const compressed = new Blob(plain).stream().pipeThrough(new CompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(compressed as unknown as ReadableStream).arrayBuffer());
}
