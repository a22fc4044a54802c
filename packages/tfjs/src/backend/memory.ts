import { type BackendBuffer, BackendError, byteSize, type DType, type HostArray, hostArray } from '@konv/core-tensor';
import { type MemoryInfo, type Shape, sizeOf, type TensorRef } from '@konv/core-tensor';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { SharedDType } from '../dtypes.js';
import type { Block, Engine } from './engine.js';
import { Work } from './work.js';

/** A buffer of this backend. Its content, of tfjs's memory, is made at the first write. */
export interface TfjsBuffer<Content> extends BackendBuffer {
  readonly dtype: SharedDType;
  content: Content | null;
  /** Null once freed. */
  owner: object | null;
}

export interface MemoryLimits {
  readonly maxBufferBytes: number;
  readonly maxTotalBytes: number;
}

/** Live buffers, counted exactly. */
export abstract class Accounts<Content> {
  private tensors = 0;
  private bytes = 0;
  private readonly live = new Set<TfjsBuffer<Content>>();

  constructor(
    protected readonly backend: string,
    private readonly limits: MemoryLimits,
  ) {}

  /** Gives a buffer's content back to tfjs. */
  protected abstract release(content: Content): void;

  alloc(dtype: DType, shape: Shape): TfjsBuffer<Content> {
    const size = sizeOf(shape);
    const bytes = size * byteSize[dtype];
    const { maxBufferBytes, maxTotalBytes } = this.limits;
    if (bytes > maxBufferBytes || this.bytes + bytes > maxTotalBytes) {
      throw new BackendError(
        'alloc',
        `expected at most ${maxBufferBytes} bytes a buffer and ${maxTotalBytes} in all, got a request for ${bytes} ` +
          `(${dtype} [${shape.join(', ')}]) on "${this.backend}", which holds ${this.tensors} tensors in ${this.bytes} bytes; ` +
          'dispose tensors, run steps inside scope(), or use smaller batches',
      );
    }
    const buffer: TfjsBuffer<Content> = { dtype: dtype as SharedDType, size, version: 0, content: null, owner: this };
    this.live.add(buffer);
    this.tensors++;
    this.bytes += bytes;
    return buffer;
  }

  free(of: BackendBuffer): void {
    const buffer = of as TfjsBuffer<Content>;
    if (buffer.owner !== this) {
      throw new BackendError(
        'free',
        `expected a live buffer of "${this.backend}", got one that was freed already or is not its own; free each buffer once`,
      );
    }
    this.live.delete(buffer);
    this.tensors--;
    this.bytes -= buffer.size * byteSize[buffer.dtype];
    buffer.owner = null;
    this.empty(buffer);
  }

  protected empty(buffer: TfjsBuffer<Content>): void {
    if (buffer.content !== null) this.release(buffer.content);
    buffer.content = null;
  }

  info(): MemoryInfo {
    return { tensors: this.tensors, bytes: this.bytes };
  }

  dispose(): void {
    for (const buffer of this.live) this.empty(buffer);
    this.live.clear();
    this.tensors = 0;
    this.bytes = 0;
  }

  /** Whether a contiguous ref is all of its buffer, whose memory may then be replaced. */
  isWhole(ref: TensorRef): boolean {
    return ref.offset === 0 && sizeOf(ref.shape) === ref.buffer.size;
  }
}

const bufferOf = (ref: TensorRef): TfjsBuffer<Block> => ref.buffer as TfjsBuffer<Block>;

/** Buffers over memory of a tfjs backend that the host reads and writes. */
export class Memory extends Accounts<Block> {
  constructor(
    backend: string,
    readonly engine: Engine,
    limits: MemoryLimits,
  ) {
    super(backend, limits);
  }

  protected release(block: Block): void {
    this.engine.free(block);
  }

  private blockOf(buffer: TfjsBuffer<Block>): Block {
    return (buffer.content ??= this.engine.allocate(buffer.dtype, buffer.size));
  }

  /** Makes the blocks of all operands first: an array taken before an allocation might be stale after it. */
  arrays<const R extends readonly TensorRef[]>(...refs: R): { [I in keyof R]: HostArray } {
    for (const ref of refs) if (ref.buffer.size > 0) this.blockOf(bufferOf(ref));
    return refs.map((ref) => this.values(ref)) as { [I in keyof R]: HostArray };
  }

  /** The array of the whole buffer behind a ref; the window begins at `ref.offset`. */
  values(ref: TensorRef): HostArray {
    const buffer = bufferOf(ref);
    if (buffer.size === 0) return hostArray(buffer.dtype, 0);
    return this.engine.values(this.blockOf(buffer), buffer.dtype, buffer.size);
  }

  /** A contiguous ref as an operand of tfjs's kernels, in any shape of as many elements. */
  lend(ref: TensorRef, shape: Shape = ref.shape): TensorInfo {
    const buffer = bufferOf(ref);
    return this.engine.lend(this.blockOf(buffer), buffer.dtype, shape, ref.offset);
  }

  /** Puts a kernel's result in place of the buffer's memory. */
  replace(ref: TensorRef, block: Block): void {
    const buffer = bufferOf(ref);
    this.empty(buffer);
    buffer.content = block;
  }

  /** Runs `fn` and gives back what it borrowed and made. */
  work(fn: (work: Work) => void): void {
    const work = new Work(this);
    try {
      fn(work);
    } finally {
      work.end();
    }
  }
}
