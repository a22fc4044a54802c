import { BackendError, byteSize, sizeOf } from '@konv/core-tensor';
import type { DType, HostArray, MemoryInfo, Shape, TensorRef } from '@konv/core-tensor';
import type { Heap } from './heap/heap.js';
import { addressOf, type PlacedBuffer } from './operand.js';

/** A buffer of this backend. */
export interface WasmBuffer extends PlacedBuffer {
  /** The memory that counts it; null once freed. */
  owner: Memory | null;
}

/** The tensors on the heap, counted exactly; temporaries of kernels are not among them. */
export class Memory {
  private tensors = 0;
  private bytes = 0;
  private disposed = false;

  constructor(
    private readonly backend: string,
    private readonly heap: Heap,
  ) {}

  alloc(dtype: DType, shape: Shape): WasmBuffer {
    const size = sizeOf(shape);
    const bytes = size * byteSize[dtype];
    if (this.disposed) {
      throw new BackendError('alloc', `expected a backend in use, got "${this.backend}" after its dispose(); make another one`);
    }
    const address = this.heap.alloc(bytes);
    this.tensors++;
    this.bytes += bytes;
    return { dtype, size, version: 0, address, owner: this };
  }

  free(buffer: WasmBuffer): void {
    if (buffer.owner !== this) {
      throw new BackendError(
        'free',
        `expected a live buffer of "${this.backend}", got one that was freed already or is not its own; free each buffer once`,
      );
    }
    this.heap.free(buffer.address);
    buffer.owner = null;
    if (this.disposed) return;
    this.tensors--;
    this.bytes -= buffer.size * byteSize[buffer.dtype];
  }

  dispose(): void {
    this.disposed = true;
    this.tensors = 0;
    this.bytes = 0;
  }

  info(): MemoryInfo {
    return { tensors: this.tensors, bytes: this.bytes };
  }

  /** The elements of a contiguous ref, as a window of the heap: valid until the next allocation. */
  window(x: TensorRef): HostArray {
    const begin = addressOf(x);
    const size = sizeOf(x.shape);
    if (x.dtype === 'bool') return this.heap.u8.subarray(begin, begin + size);
    const at = begin / 4;
    return (x.dtype === 'int32' ? this.heap.i32 : this.heap.f32).subarray(at, at + size);
  }

  write(data: HostArray, out: TensorRef): void {
    const to = this.window(out);
    to.set(data.length === to.length ? data : data.subarray(0, to.length));
  }

  /** A copy: later writes to the buffer do not reach it. */
  read(x: TensorRef): HostArray {
    const window = this.window(x);
    const copy =
      window instanceof Uint8Array
        ? new Uint8Array(window.length)
        : window instanceof Int32Array
          ? new Int32Array(window.length)
          : new Float32Array(window.length);
    copy.set(window);
    return copy;
  }
}
