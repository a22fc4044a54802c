import { AGAIN, type Refuse } from './header.js';

/** No gzip stream grows by more than this factor: DEFLATE codes at most 258 bytes in 2 bits. */
const MAX_RATIO = 1032;
/** More of the plain bytes than any IDX header has. */
const HEAD_BYTES = 4 + 4 * 255;

/**
 * The plain bytes of a gzip file, whose own header says how many there are: `announce` is given the first ones and
 * returns the total, or null while there are too few. Stops at the first byte too many; allocates no more than
 * announced, and nothing for a size that so few bytes cannot hold.
 */
export async function gunzip(bytes: Uint8Array, announce: (head: Uint8Array) => number | null, refuse: Refuse): Promise<Uint8Array> {
  const plain = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
  const reader = new Blob([plain]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  let out = new Uint8Array(HEAD_BYTES);
  let filled = 0;
  let total: number | null = null;
  try {
    for (;;) {
      const { done, value } = await next(reader, refuse);
      if (done) break;
      let chunk = value;
      if (total === null) {
        // The header may arrive in pieces.
        const piece = chunk.subarray(0, HEAD_BYTES - filled);
        out.set(piece, filled);
        filled += piece.length;
        chunk = chunk.subarray(piece.length);
        total = announce(out.subarray(0, filled));
        if (total === null) continue;
        checkTotal(total, bytes.length, refuse);
        if (filled <= total) out = grown(out.subarray(0, filled), total);
      }
      if (filled + chunk.length > total) throw refuse(`${total} bytes`, 'more', `there are trailing bytes: ${AGAIN}`);
      out.set(chunk, filled);
      filled += chunk.length;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
  if (total === null || filled < total)
    throw refuse(`${total ?? 'a header and its'} bytes`, `${filled}`, `the file is truncated: ${AGAIN}`);
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
    throw refuse('a whole gzip file', code ?? message ?? String(cause), `it is truncated or corrupt: ${AGAIN}`, cause);
  }
}

function checkTotal(total: number, compressed: number, refuse: Refuse): void {
  if (total <= compressed * MAX_RATIO) return;
  throw refuse(`${total} bytes`, `${compressed} of gzip, which cannot hold them`, `the file is truncated or corrupt: ${AGAIN}`);
}

function grown(head: Uint8Array, total: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(total);
  out.set(head);
  return out;
}
