/**
 * Philox 4x32 with 10 rounds: 128 random bits for every (counter, key), with no state between them, so that any part of a
 * stream can be made by itself. Not PyTorch's CPU numbers.
 *
 * Source: J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
const MULTIPLIER_0 = 0xd2511f53 | 0;
const MULTIPLIER_1 = 0xcd9e8d57 | 0;
/** What the key grows by each round: the golden ratio and sqrt(3) - 1, in 32 bits. */
const WEYL_0 = 0x9e3779b9 | 0;
const WEYL_1 = 0xbb67ae85 | 0;
const ROUNDS = 10;

/** The upper 32 bits of a b, both as 32 bits of whatever sign. Nothing leaves 32 bits on the way, which is what makes it fast. */
function high(a: number, b: number): number {
  const ah = a >>> 16;
  const al = a & 0xffff;
  const bh = b >>> 16;
  const bl = b & 0xffff;
  const first = (Math.imul(ah, bl) + (Math.imul(al, bl) >>> 16)) | 0;
  const second = (Math.imul(al, bh) + (first & 0xffff)) | 0;
  return (Math.imul(ah, bh) + (first >>> 16) + (second >>> 16)) | 0;
}

/** Four 32-bit words into `out` for the counter's four words and the key's two. */
export function philox4x32(counter: ArrayLike<number>, key: ArrayLike<number>, out: Uint32Array): void {
  let c0 = counter[0] | 0;
  let c1 = counter[1] | 0;
  let c2 = counter[2] | 0;
  let c3 = counter[3] | 0;
  let k0 = key[0] | 0;
  let k1 = key[1] | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = high(MULTIPLIER_0, c0);
    const high1 = high(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/**
 * out[i] = 0 with probability `p`, else 1: 16 bits < (1 - p) 2^16, so p counts in steps of 2^-16. Bits of value i: half
 * i % 8 (the lower half of a word first) of the block with counter (i / 8, 0, 0, 0).
 */
export function fillPhiloxMask(key: ArrayLike<number>, out: Uint8Array, p: number): void {
  const threshold = Math.round((1 - p) * 2 ** 16);
  const counter = new Uint32Array(4);
  const words = new Uint32Array(4);
  const n = out.length;
  for (let i = 0; i < n; i += 8) {
    // 2^35 values are more than a tensor can hold: one word counts them.
    counter[0] = i / 8;
    philox4x32(counter, key, words);
    const m = Math.min(8, n - i);
    for (let j = 0; j < m; j++) {
      const word = words[j >> 1];
      out[i + j] = ((j & 1) === 0 ? word & 0xffff : word >>> 16) < threshold ? 1 : 0;
    }
  }
}
