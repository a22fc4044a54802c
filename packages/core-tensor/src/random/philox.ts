/**
 * Philox 4x32 with 10 rounds: 128 random bits for every (counter, key), with no state between them, so that any part of a
 * stream can be made by itself. Not PyTorch's CPU numbers.
 *
 * Source: J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
/** What the key grows by each round: the golden ratio and sqrt(3) - 1, in 32 bits. */
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** The upper 32 bits of a b, for whole numbers in [0, 2^32). */
function high(a: number, b: number): number {
  const ah = a >>> 16;
  const al = a & 0xffff;
  const bh = b >>> 16;
  const bl = b & 0xffff;
  const low = Math.imul(al, bl) >>> 16;
  const first = (Math.imul(ah, bl) >>> 0) + low;
  const second = (Math.imul(al, bh) >>> 0) + (first % 65536);
  return (Math.imul(ah, bh) + Math.floor(first / 65536) + Math.floor(second / 65536)) >>> 0;
}

/** Four 32-bit words into `out` for the counter's four words and the key's two. */
export function philox4x32(counter: ArrayLike<number>, key: ArrayLike<number>, out: Uint32Array): void {
  let c0 = counter[0] >>> 0;
  let c1 = counter[1] >>> 0;
  let c2 = counter[2] >>> 0;
  let c3 = counter[3] >>> 0;
  let k0 = key[0] >>> 0;
  let k1 = key[1] >>> 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = high(MULTIPLIER_0, c0);
    const high1 = high(MULTIPLIER_1, c2);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/**
 * out[i] = 0 with probability `p`, else 1: word i of the stream of `key` < (1 - p) 2^32. Four values a block of counter
 * (i / 4, 0, 0, 0).
 */
export function fillPhiloxMask(key: ArrayLike<number>, out: Uint8Array, p: number): void {
  const threshold = Math.round((1 - p) * 2 ** 32);
  const counter = new Uint32Array(4);
  const words = new Uint32Array(4);
  const n = out.length;
  for (let i = 0; i < n; i += 4) {
    // 2^34 values are more than a tensor can hold: one word counts them.
    counter[0] = i / 4;
    philox4x32(counter, key, words);
    const m = Math.min(4, n - i);
    for (let j = 0; j < m; j++) out[i + j] = words[j] < threshold ? 1 : 0;
  }
}
