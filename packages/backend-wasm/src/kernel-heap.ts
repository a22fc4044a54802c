/**
 * What families need of the memory that operands lie in: this backend's own `Heap`, or one that belongs to somebody else.
 *
 * Addresses are bytes from its start, plain numbers between 0 and 2^32. Whatever a family is given, and every block from
 * `allocScratch`, must have `READ_AHEAD_BYTES` of readable memory behind it: kernels read past operands, never write there.
 */
export interface KernelHeap {
  /** Views of the whole memory, indexed by `address / 4` or `address`. Stale after any allocation, which may move it: ask again. */
  readonly f32: Float32Array;
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
  /** Uninitialised memory of `bytes`, 0 included, at a multiple of 64. Throws where there is no room, and nothing has changed then. */
  allocScratch(bytes: number): number;
  /** Gives a block back, exactly once. */
  free(address: number): void;
  /** Calls `relieve` when there is no room, before that becomes an error. Returns a function that ends this; false: it had ended. */
  onFull(relieve: () => void): () => boolean;
}

/**
 * Bytes that must be readable behind every operand. SIMD packers read beyond the end of their operand, and ignore what they
 * find there.
 */
export const READ_AHEAD_BYTES = 4096;
