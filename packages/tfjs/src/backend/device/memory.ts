import { type HostArray, hostArray, sizeOf, type TensorRef } from '@konv/core-tensor';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { Accounts, type MemoryLimits, type TfjsBuffer } from '../memory.js';
import type { DeviceEngine } from './engine.js';
import { DeviceWork } from './work.js';

const bufferOf = (ref: TensorRef): TfjsBuffer<TensorInfo> => ref.buffer as TfjsBuffer<TensorInfo>;

/** Buffers over memory that only kernels write: a buffer holds one reference to a tensor of its content, `[size]`. */
export class DeviceMemory extends Accounts<TensorInfo> {
  constructor(
    backend: string,
    readonly engine: DeviceEngine,
    limits: MemoryLimits,
  ) {
    super(backend, limits);
  }

  protected release(content: TensorInfo): void {
    this.engine.release(content);
  }

  /** The whole buffer's content, `[size]`; the buffer's own. Never written: zeros. */
  content(ref: TensorRef): TensorInfo {
    const buffer = bufferOf(ref);
    return (buffer.content ??= this.engine.upload(hostArray(buffer.dtype, buffer.size), [buffer.size], buffer.dtype));
  }

  /** Takes over the reference that is `content`. */
  replace(ref: TensorRef, content: TensorInfo): void {
    const buffer = bufferOf(ref);
    this.empty(buffer);
    buffer.content = content;
  }

  /** Runs `fn` and gives back what it made in between. */
  work<T>(fn: (work: DeviceWork) => T): T {
    const work = new DeviceWork(this);
    try {
      return fn(work);
    } finally {
      work.end();
    }
  }

  write(data: HostArray, out: TensorRef): void {
    const size = sizeOf(out.shape);
    if (size === 0) return;
    this.work((work) => work.store(work.upload(data.length === size ? data : data.subarray(0, size), [size], bufferOf(out).dtype), out));
  }

  /** Kernels are called now, so that what is read is of now. */
  async read(x: TensorRef): Promise<HostArray> {
    const size = sizeOf(x.shape);
    if (size === 0) return hostArray(x.dtype, 0);
    const info = this.work((work) => work.own(work.load(x)));
    try {
      return await this.engine.read(info);
    } finally {
      this.engine.release(info);
    }
  }

  /** What a device does is done in order, so a read of anything comes last. */
  async sync(): Promise<void> {
    const last = this.engine.upload(new Float32Array(1), [1], 'float32');
    const made = this.work((work) => work.own(work.call('Neg', { x: last })));
    try {
      await this.engine.read(made);
    } finally {
      this.engine.release(made);
      this.engine.release(last);
    }
  }

  override dispose(): void {
    super.dispose();
    this.engine.dispose();
  }
}
