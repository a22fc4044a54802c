// Stands in for the heap and the threads until they land.
import type { KernelExports, KernelName, WasmMemory } from '@konv/wasm-kernels';

const PAGE = 65536;
const CONTROL = 65536;
const SLACK = 128;

export class Heap {
  private top = CONTROL;
  private readonly bins = new Map<number, number[]>();
  private readonly sizes = new Map<number, number>();
  private views: { buffer: unknown; f32: Float32Array; i32: Int32Array; u8: Uint8Array } | null = null;

  constructor(readonly memory: WasmMemory) {}

  alloc(bytes: number): number {
    const size = 2 ** Math.ceil(Math.log2(bytes + SLACK + 64));
    const bin = this.bins.get(size);
    const old = bin?.pop();
    if (old !== undefined) return old;
    const address = this.top;
    this.top += size;
    const missing = this.top - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
    this.sizes.set(address, size);
    return address;
  }

  free(address: number): void {
    const size = this.sizes.get(address) as number;
    const bin = this.bins.get(size);
    if (bin) bin.push(address);
    else this.bins.set(size, [address]);
  }

  get f32(): Float32Array {
    return this.derive().f32;
  }
  get i32(): Int32Array {
    return this.derive().i32;
  }
  get u8(): Uint8Array {
    return this.derive().u8;
  }

  private derive() {
    const { buffer } = this.memory;
    if (this.views?.buffer !== buffer) {
      this.views = { buffer, f32: new Float32Array(buffer), i32: new Int32Array(buffer), u8: new Uint8Array(buffer) };
    }
    return this.views as NonNullable<typeof this.views>;
  }
}

export class Runner {
  readonly threads = 1;
  private scratchBytes = 0;
  private scratchAddress = 0;

  constructor(
    private readonly heap: Heap,
    private readonly kernels: KernelExports,
  ) {}

  run(kernel: KernelName, given: readonly number[], items: number, _grain: number, scratchBytes: number): void {
    if (scratchBytes > this.scratchBytes) {
      if (this.scratchBytes > 0) this.heap.free(this.scratchAddress);
      this.scratchAddress = this.heap.alloc(scratchBytes);
      this.scratchBytes = scratchBytes;
      this.kernels.scratch.value = this.scratchAddress;
    }
    (this.kernels[kernel] as (...numbers: number[]) => void)(...given, 0, items);
  }

  dispose(): void {}
}
