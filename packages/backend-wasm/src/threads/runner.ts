import { BackendError } from '@konv/core-tensor';
import type { KernelExports, WasmGlobal } from '@konv/wasm-kernels';
import type { KernelHeap } from '../kernel-heap.js';

/** Runs kernels over their work items, on one thread or several. */
export interface Runner {
  /** Threads that share the work, the calling one among them. */
  readonly threads: number;
  /**
   * Calls `kernel(...given, begin, end)` until every item of [0, items) is done; returns then. The calls may come in any
   * order and on any thread. Each has `scratchBytes` of memory of its thread's own at the address in the instance's `scratch`.
   *
   * @param given numbers: integers up to 2^32 (addresses) or floats
   * @param grain items that a thread takes at a time; work of no more than this stays on the calling thread
   * @throws BackendError when a kernel traps or a thread is lost: the outputs are unusable then, all other memory is not
   */
  run(kernel: string, given: readonly number[], items: number, grain: number, scratchBytes: number): void;
  /** Ends the threads. */
  dispose(): void;
}

type Kernel = (...given: number[]) => void;

/** Scratch memory that each thread keeps even when the heap is full, so that elementwise ops and reductions go on. */
const KEPT_BYTES = 16_384;

/** Everything that is the calling thread's own: its instance, and the scratch memory of all threads. */
export class Caller {
  /** Address of thread 0's scratch memory, and bytes from one thread's to the next one's. */
  scratchAddress: number;
  scratchStride = KEPT_BYTES;
  readonly #kept: number;
  readonly #exports: Readonly<Record<string, unknown>>;
  readonly #scratch: WasmGlobal | undefined;
  readonly #heap: KernelHeap;
  readonly #threads: number;
  readonly #endRelief: () => boolean;

  constructor(heap: KernelHeap, exported: Readonly<Record<string, unknown>>, threads: number) {
    this.#heap = heap;
    this.#exports = exported;
    this.#scratch = exported['scratch'] as WasmGlobal | undefined;
    this.#threads = threads;
    this.#kept = heap.allocScratch(KEPT_BYTES * threads);
    this.scratchAddress = this.#kept;
    this.#point();
    this.#endRelief = heap.onFull(() => this.#releaseScratch());
  }

  /** Makes room for a job's scratch; the room is kept for later ones. Throws a `HeapFullError`. */
  prepare(scratchBytes: number): void {
    if (scratchBytes <= this.scratchStride) return;
    this.#releaseScratch();
    // No two threads write in one pair of cache lines.
    const stride = Math.ceil(scratchBytes / 128) * 128 + 128;
    const address = this.#heap.allocScratch(stride * this.#threads);
    this.scratchAddress = address;
    this.scratchStride = stride;
    this.#point();
  }

  /** The kernel in this thread's instance. */
  kernel(name: string): Kernel {
    const kernel = this.#exports[name];
    if (typeof kernel !== 'function')
      throw new BackendError(name, 'expected the name of a kernel, got one that the module does not export');
    return kernel as Kernel;
  }

  dispose(): void {
    // Twice is once.
    if (!this.#endRelief()) return;
    this.#releaseScratch();
    this.#heap.free(this.#kept);
  }

  #point(): void {
    // An address is unsigned, the global is an i32: the same bits.
    if (this.#scratch) this.#scratch.value = this.scratchAddress | 0;
  }

  #releaseScratch(): void {
    if (this.scratchAddress === this.#kept) return;
    this.#heap.free(this.scratchAddress);
    this.scratchAddress = this.#kept;
    this.scratchStride = KEPT_BYTES;
    this.#point();
  }
}

/** A kernel that traps is a mistake of ours: no input is meant to make it so. */
export function trapped(kernel: string, thread: number, reason: string, cause?: unknown): BackendError {
  return new BackendError(
    kernel,
    `expected the kernel to run to its end, got "${reason}" on thread ${thread}; the result is lost, other tensors are not; ` +
      'please report the op and its shapes, and use another backend for it meanwhile',
    { cause },
  );
}

/** Everything on the calling thread. */
export class SingleRunner implements Runner {
  readonly threads = 1;
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  run(kernel: string, given: readonly number[], items: number, _grain: number, scratchBytes: number): void {
    this.#caller.prepare(scratchBytes);
    const call = this.#caller.kernel(kernel);
    try {
      call(...given, 0, items);
    } catch (error) {
      throw trapped(kernel, 0, String(error), error);
    }
  }

  dispose(): void {
    this.#caller.dispose();
  }
}

/** Everything on the calling thread, in an instance over the heap's memory: scratch memory comes from the heap. */
export function singleThread(heap: KernelHeap, exported: KernelExports): Runner {
  return new SingleRunner(new Caller(heap, exported as unknown as Readonly<Record<string, unknown>>, 1));
}
