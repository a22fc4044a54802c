import {
  BackendError,
  type BackendBuffer,
  type BufferRole,
  byteSize,
  type DType,
  type MemoryInfo,
  type Shape,
  sizeOf,
} from '@konv/core-tensor';
import type { GlBuffer } from './buffer.js';
import { letGo } from './lazy/node.js';

/** Counts buffers. Textures come when they are written: what the GPU holds is the pool's account. */
export class Memory {
  readonly #name: string;
  readonly #maxTotalBytes: number;
  #tensors = 0;
  #bytes = 0;

  constructor(name: string, maxTotalBytes: number) {
    this.#name = name;
    this.#maxTotalBytes = maxTotalBytes;
  }

  alloc(dtype: DType, shape: Shape, role: BufferRole, dry: boolean): GlBuffer {
    const size = sizeOf(shape);
    const bytes = size * byteSize[dtype];
    if (this.#bytes + bytes > this.#maxTotalBytes) {
      throw new BackendError(
        'alloc',
        `expected at most ${this.#maxTotalBytes} bytes in all tensors of "${this.#name}", got ${this.#bytes} in ${this.#tensors} tensors ` +
          `and ${bytes} more for shape [${shape.join(', ')}] ${dtype}; dispose tensors, use scopes or a smaller batch`,
      );
    }
    this.#tensors++;
    this.#bytes += bytes;
    return { dtype, size, version: 0, texture: null, pending: null, bytes, shape, role, dry };
  }

  free(given: BackendBuffer): void {
    const buffer = given as GlBuffer;
    this.#tensors--;
    this.#bytes -= buffer.bytes;
    buffer.texture?.release();
    buffer.texture = null;
    if (buffer.pending) letGo(buffer.pending);
    buffer.pending = null;
  }

  info(): MemoryInfo {
    return { tensors: this.#tensors, bytes: this.#bytes };
  }
}
