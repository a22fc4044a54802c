import type { Backend, BackendBuffer, BufferRole } from './backend.js';
import { byteSize, type DType } from './dtype.js';
import { BackendError } from './errors.js';
import { type Shape, sizeOf } from './shape.js';

/**
 * A reference-counted buffer. Every tensor, view, saved tensor of the tape and pending read holds one reference; the
 * last one to let go frees the buffer.
 */
export class Storage {
  readonly backend: Backend;
  readonly buffer: BackendBuffer;
  /** How often an in-place op has rewritten the gradient history of a tensor on this storage. */
  rebases = 0;
  #refs = 1;

  constructor(backend: Backend, buffer: BackendBuffer) {
    this.backend = backend;
    this.buffer = buffer;
  }

  static alloc(backend: Backend, dtype: DType, shape: Shape, role: BufferRole): Storage {
    const bytes = sizeOf(shape) * byteSize[dtype];
    const { maxBufferBytes } = backend.capabilities.limits;
    if (bytes > maxBufferBytes) {
      throw new BackendError(
        'alloc',
        `expected at most ${maxBufferBytes} bytes in one buffer of "${backend.name}", got ${bytes} for shape ` +
          `[${shape.join(', ')}] ${dtype}; use smaller batches or split the tensor`,
      );
    }
    return new Storage(backend, backend.alloc({ dtype, shape, role }));
  }

  get alive(): boolean {
    return this.#refs > 0;
  }

  get refs(): number {
    return this.#refs;
  }

  retain(): this {
    this.#refs++;
    return this;
  }

  release(): void {
    if (--this.#refs === 0) this.backend.free(this.buffer);
  }
}
