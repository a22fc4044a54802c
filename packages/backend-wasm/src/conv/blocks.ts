import { kBlock } from '../matmul.js';

/** Floats of a packed block: 640 KB, which leaves room beside it in a second-level cache of 1 MB. */
const BLOCK_FLOATS = 160_000;
const LEAST = 64;
const MOST = 1024;

/** Columns of a packed block of `k` rows. */
export function columnsFor(k: number): number {
  return Math.max(LEAST, Math.min(MOST, Math.floor(BLOCK_FLOATS / kBlock(k) / 8) * 8));
}

/** Multiply-adds below which a second thread costs more than it brings. */
const THREADS_FROM = 200_000;

/** Items that a thread takes at a time: all of them where the work is small. */
export function grainOf(multiplyAdds: number, items: number): number {
  return multiplyAdds < THREADS_FROM ? items : 1;
}
