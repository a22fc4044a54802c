import { BackendError } from '@konv/core-tensor';
import { requireWebAssembly, type WasmMemory } from '@konv/wasm-kernels';
import { Allocator, type Region } from './allocator.js';
import { HeapFullError } from './heap-full.js';
import { type KernelHeap, READ_AHEAD_BYTES } from '../kernel-heap.js';

export const PAGE_BYTES = 65536;

/** The bottom of the memory, never handed out: static data of kernels (lower half), control words of threads (upper half). */
export const CONTROL_BYTES = 65536;

/**
 * One page less than 4 GiB: every address, size and end then fits in 32 bits. What an engine may refuse to reserve
 * (32-bit systems, phones) is asked for in halves.
 */
const MAX_PAGES = [65535, 32768, 16384, 8192, 4096];
const FIRST_PAGES = 32;
/** Growth is by at least 1 MiB or a sixteenth: the number of growths is logarithmic, the waste bounded. */
const GROWTH_PAGES = 16;
const GROWTH_FRACTION = 1 / 16;

export interface HeapOptions {
  /** Backed by a SharedArrayBuffer, so that threads can work in it. */
  readonly shared: boolean;
  /** The memory never grows beyond this; default and maximum 4 GiB less 64 KiB. */
  readonly maxBytes?: number;
  /** All tensors together never have more bytes than this; default: no limit but `maxBytes`. */
  readonly maxTotalBytes?: number;
}

/**
 * The memory of a backend: a `WebAssembly.Memory` that grows as needed, and an allocator over it. The read-ahead behind the
 * last block lies at the memory's end; that of all others are the blocks behind them.
 *
 * Addresses are bytes from the start of the memory, plain numbers between 0 and 2^32. A kernel takes them as i32: handing
 * over the number is enough, since the conversion at the boundary is modulo 2^32. In JS only `>>> 2` and arithmetic
 * on numbers may touch them; `| 0` makes those above 2^31 negative.
 */
export class Heap implements KernelHeap {
  readonly memory: WasmMemory;
  readonly shared: boolean;
  /** The footprint's upper bound. */
  readonly maxBytes: number;
  readonly maxTotalBytes: number;
  readonly #allocator: Allocator;
  readonly #whenFull = new Set<() => void>();
  #pages: number;
  #f32!: Float32Array;
  #i32!: Int32Array;
  #u8!: Uint8Array;

  static create(options: HeapOptions): Heap {
    const most = Math.min(MAX_PAGES[0], Math.floor((options.maxBytes ?? Infinity) / PAGE_BYTES));
    const tries = [most, ...MAX_PAGES.filter((pages) => pages < most)];
    const smallest = 2 + READ_AHEAD_BYTES / PAGE_BYTES;
    if (most < smallest) {
      throw new BackendError('alloc', `expected maxBytes of at least ${3 * PAGE_BYTES}, got ${options.maxBytes}; leave it out or raise it`);
    }
    const { Memory: WebAssemblyMemory } = requireWebAssembly();
    let cause: unknown;
    for (const maximum of tries) {
      const initial = Math.min(FIRST_PAGES, maximum);
      try {
        return new Heap(new WebAssemblyMemory({ initial, maximum, shared: options.shared }), initial, maximum, options);
      } catch (error) {
        cause = error;
      }
    }
    throw new BackendError(
      'alloc',
      `expected address space of ${MAX_PAGES.at(-1)! * PAGE_BYTES} bytes for the heap, got a refusal from the engine; ` +
        'close other pages or programs, or use the backend "cpu-js"',
      { cause },
    );
  }

  private constructor(memory: WasmMemory, initial: number, maximum: number, options: HeapOptions) {
    this.memory = memory;
    this.shared = options.shared;
    this.maxBytes = maximum * PAGE_BYTES;
    this.maxTotalBytes = Math.min(options.maxTotalBytes ?? Infinity, this.maxBytes);
    this.#pages = initial;
    this.#allocator = new Allocator({ start: CONTROL_BYTES, end: initial * PAGE_BYTES - READ_AHEAD_BYTES }, (bytes) => this.#grow(bytes));
    this.#deriveViews();
  }

  /** The largest block that an empty heap can have. */
  get maxBlockBytes(): number {
    return this.maxBytes - CONTROL_BYTES - READ_AHEAD_BYTES;
  }

  /** Live tensors: blocks from `alloc`. Exact. */
  get liveBlocks(): number {
    return this.#allocator.liveBlocks;
  }

  /** The bytes that were asked for them, without rounding. Exact. */
  get liveBytes(): number {
    return this.#allocator.liveBytes;
  }

  /** Bytes asked of `allocScratch`. */
  get scratchBytes(): number {
    return this.#allocator.scratchBytes;
  }

  /** Size of the memory. It never shrinks: WebAssembly cannot. */
  get footprint(): number {
    return this.#pages * PAGE_BYTES;
  }

  /** Uninitialised memory of `bytes`, 0 included, at a multiple of 64. Throws a `HeapFullError`; nothing has changed then. */
  alloc(bytes: number): number {
    if (this.#allocator.liveBytes + bytes > this.maxTotalBytes) throw this.#full(bytes, this.maxTotalBytes);
    const address = this.#allocator.alloc(bytes);
    return address >= 0 ? address : this.#allocAfterRelief(bytes, () => this.#allocator.alloc(bytes));
  }

  /** As `alloc`, for the runtime's own needs: not counted among the tensors. */
  allocScratch(bytes: number): number {
    const address = this.#allocator.allocScratch(bytes);
    return address >= 0 ? address : this.#allocAfterRelief(bytes, () => this.#allocator.allocScratch(bytes));
  }

  /** Gives a block back, exactly once. */
  free(address: number): void {
    if (this.#allocator.free(address)) return;
    throw new BackendError(
      'free',
      `expected the address of a live block, got ${address}, which was freed already or never allocated; free once`,
    );
  }

  /**
   * Calls `relieve` when the heap is full, before that becomes an error: give back what can be made again (scratch, packed
   * weights). Returns a function that ends this.
   */
  onFull(relieve: () => void): () => boolean {
    this.#whenFull.add(relieve);
    return () => this.#whenFull.delete(relieve);
  }

  /** Views of the whole memory, indexed by `address >>> 2` or `address`. Do not keep them across an `alloc`. */
  get f32(): Float32Array {
    if (this.#f32.length === 0) this.#deriveViews();
    return this.#f32;
  }

  get i32(): Int32Array {
    if (this.#i32.length === 0) this.#deriveViews();
    return this.#i32;
  }

  get u8(): Uint8Array {
    if (this.#u8.length === 0) this.#deriveViews();
    return this.#u8;
  }

  /**
   * Makes the views see memory that somebody else has grown. The heap's own growth does it by itself; and a growth by
   * others detaches unshared views (length 0: the getters see it) and leaves shared ones valid for every block.
   */
  ensureViews(): void {
    if (this.#u8.buffer !== this.memory.buffer) this.#deriveViews();
  }

  #deriveViews(): void {
    // Typed arrays take both kinds of buffer; their constructors are typed for one at a time.
    const buffer = this.memory.buffer as ArrayBuffer;
    this.#f32 = new Float32Array(buffer);
    this.#i32 = new Int32Array(buffer);
    this.#u8 = new Uint8Array(buffer);
  }

  #grow(bytes: number): Region | null {
    const needed = Math.ceil(bytes / PAGE_BYTES);
    const room = this.maxBytes / PAGE_BYTES - this.memory.buffer.byteLength / PAGE_BYTES;
    if (needed > room) return null;
    const wished = Math.max(needed, GROWTH_PAGES, Math.ceil(this.#pages * GROWTH_FRACTION));
    return this.#growBy(Math.min(wished, room)) ?? this.#growBy(needed);
  }

  #growBy(pages: number): Region | null {
    let before: number;
    try {
      before = this.memory.grow(pages);
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
    // Somebody else's pages lie between, if there are more than we knew of: then the new region begins behind them.
    const start = before === this.#pages ? before * PAGE_BYTES - READ_AHEAD_BYTES : before * PAGE_BYTES;
    this.#pages = before + pages;
    this.#deriveViews();
    return { start, end: this.#pages * PAGE_BYTES - READ_AHEAD_BYTES };
  }

  #allocAfterRelief(bytes: number, retry: () => number): number {
    for (const relieve of this.#whenFull) relieve();
    const address = retry();
    if (address < 0) throw this.#full(bytes, this.maxBytes);
    return address;
  }

  #full(asked: number, limit: number): HeapFullError {
    const { liveBlocks, liveBytes, footprint } = this;
    return new HeapFullError({ asked, liveBlocks, liveBytes, largestFree: this.#allocator.largestFree(), footprint, limit });
  }
}
