import { BackendError } from '@konv/core-tensor';

/** What a heap was asked for and what it held when there was no room. All in bytes but `liveBlocks`. */
export interface HeapFacts {
  readonly asked: number;
  readonly liveBlocks: number;
  readonly liveBytes: number;
  readonly largestFree: number;
  readonly footprint: number;
  /** What the heap may grow to, or how much all tensors may have together: whichever was in the way. */
  readonly limit: number;
}

/** No room for a tensor. Nothing has changed: what is alive stays readable, and after some `free` there is room again. */
export class HeapFullError extends BackendError {
  readonly facts: HeapFacts;

  constructor(facts: HeapFacts, options?: ErrorOptions) {
    const { asked, liveBlocks, liveBytes, largestFree, footprint, limit } = facts;
    super(
      'alloc',
      `expected room for ${amount(asked)}, got a heap of ${amount(footprint)} (limit ${amount(limit)}) with ${liveBlocks} live ` +
        `tensors in ${amount(liveBytes)}, the largest free piece has ${amount(largestFree)}; dispose tensors, run steps inside ` +
        'scope(), or use smaller batches',
      options,
    );
    this.facts = facts;
  }
}

function amount(bytes: number): string {
  return bytes < 10_000 ? `${bytes} bytes` : `${bytes} bytes (${(bytes / 2 ** 20).toFixed(1)} MiB)`;
}
