import type { KernelName, Kernels } from '@konv/wasm-kernels';
import type { KernelHeap } from './kernel-heap.js';
import type { Runner } from './threads/runner.js';

/** What a kernel is given: its arguments but for the last two, the range of work items. */
export type KernelArguments<K extends KernelName> = Parameters<Kernels[K]> extends [...infer Given, number, number] ? Given : never;

/** How a kernel's work may be spread. */
export interface Spread {
  /** Work items in all. */
  readonly items: number;
  /** Items that a thread takes at a time; work of no more than this stays on the calling thread. Default: all. */
  readonly grain?: number;
  /** Bytes of scratch that each thread needs: the kernel's header says how many. */
  readonly scratch?: number;
}

/** What every family works with: a memory, whoever owns it, and the kernels over it. */
export class Engine<H extends KernelHeap = KernelHeap> {
  constructor(
    readonly heap: H,
    private readonly runner: Runner,
    /** Kernels that trade accuracy for speed (Winograd) are not to be used. */
    readonly strictNumerics: boolean,
  ) {}

  get threads(): number {
    return this.runner.threads;
  }

  /** Runs a kernel over all of its items, and returns when they are done. */
  run<K extends KernelName>(kernel: K, given: KernelArguments<K>, { items, grain = items, scratch = 0 }: Spread): void {
    if (items > 0) this.runner.run(kernel, given as readonly number[], items, grain, scratch);
  }

  /** Memory for the length of `use`: packed operands, partial sums. */
  temporary<T>(bytes: number, use: (address: number) => T): T {
    const address = this.heap.allocScratch(bytes);
    try {
      return use(address);
    } finally {
      this.heap.free(address);
    }
  }

  dispose(): void {
    this.runner.dispose();
  }
}
