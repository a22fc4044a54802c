import { BackendError } from '@konv/core-tensor';
import { type KernelHeap, READ_AHEAD_BYTES } from '@konv/backend-wasm/families';
import type { WasmMemory } from '@konv/wasm-kernels';

/** The part of tfjs's compiled module that this needs: its memory is its own, so that only its `malloc` may divide it. */
export interface TfjsModule {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** Scratch blocks begin at multiples of this; tfjs's `malloc` keeps 8 or 16. */
const ALIGNMENT = 64;

/**
 * tfjs's heap, as konv's kernel families see it. Nothing is kept of it but views, which are made anew whenever tfjs's memory
 * has moved: any `malloc` may grow it, tfjs's own ones too.
 */
export class TfjsHeap implements KernelHeap {
  readonly #module: TfjsModule;
  readonly #whenFull = new Set<() => void>();
  #buffer: ArrayBuffer | SharedArrayBuffer | null = null;
  #f32!: Float32Array;
  #i32!: Int32Array;
  #u8!: Uint8Array;

  constructor(
    module: TfjsModule,
    readonly memory: WasmMemory,
  ) {
    this.#module = module;
  }

  get f32(): Float32Array {
    this.#follow();
    return this.#f32;
  }

  get i32(): Int32Array {
    this.#follow();
    return this.#i32;
  }

  get u8(): Uint8Array {
    this.#follow();
    return this.#u8;
  }

  /** Size of the memory. */
  get footprint(): number {
    return this.memory.buffer.byteLength;
  }

  /** Whether kernels may read on behind this address as far as they do. */
  readsSafely(end: number): boolean {
    return end + READ_AHEAD_BYTES <= this.footprint;
  }

  allocScratch(bytes: number): number {
    const whole = bytes + ALIGNMENT + READ_AHEAD_BYTES;
    let block = this.#malloc(whole);
    if (block === 0) {
      for (const relieve of this.#whenFull) relieve();
      block = this.#malloc(whole);
      if (block === 0) throw this.full(bytes);
    }
    // The block's own address stands in the four bytes below the one that is handed out.
    const address = block - (block % ALIGNMENT) + ALIGNMENT;
    this.i32[address / 4 - 1] = block;
    return address;
  }

  free(address: number): void {
    this.#module._free(this.i32[address / 4 - 1] >>> 0);
  }

  onFull(relieve: () => void): () => boolean {
    this.#whenFull.add(relieve);
    return () => this.#whenFull.delete(relieve);
  }

  /** What is thrown where `malloc` has no room. */
  full(bytes: number): BackendError {
    const size = (this.footprint / 2 ** 20).toFixed(0);
    return new BackendError(
      'alloc',
      `expected room for ${bytes} bytes on the heap of TensorFlow.js's wasm backend, got none (it has ${size} MiB, of 4096 at the ` +
        'most); dispose tensors, run steps inside tf.tidy(), or use smaller batches',
    );
  }

  /** `malloc` says 0 where there is no room, and an address above 2^31 as a negative number. */
  #malloc(bytes: number): number {
    return bytes < 2 ** 32 ? this.#module._malloc(bytes) >>> 0 : 0;
  }

  #follow(): void {
    const { buffer } = this.memory;
    if (buffer === this.#buffer) return;
    // Typed arrays take both kinds of buffer; their constructors are typed for one at a time.
    const bytes = buffer as ArrayBuffer;
    this.#buffer = buffer;
    this.#f32 = new Float32Array(bytes);
    this.#i32 = new Int32Array(bytes);
    this.#u8 = new Uint8Array(bytes);
  }
}
