import { BackendError, byteSize, hostArray, sizeOf } from '@konv/core-tensor';
import type { BackendBuffer, DType, HostArray, MemoryInfo, Shape, TensorRef } from '@konv/core-tensor';

/** A buffer of this backend: a typed array of exactly `size` elements. */
export interface CpuBuffer extends BackendBuffer {
  data: HostArray;
}

export type FloatArray = Float32Array | Float64Array;

/** The array behind a ref; the window begins at `ref.offset`. */
export function dataOf(ref: TensorRef): HostArray {
  return (ref.buffer as CpuBuffer).data;
}

/** As `dataOf`, for families that are only called on floats. */
export function floatsOf(ref: TensorRef): FloatArray {
  return (ref.buffer as CpuBuffer).data as FloatArray;
}

/** As `dataOf`, for indices. */
export function intsOf(ref: TensorRef): Int32Array {
  return (ref.buffer as CpuBuffer).data as Int32Array;
}

export interface MemoryLimits {
  readonly maxBufferBytes: number;
  readonly maxTotalBytes: number;
}

/** Freed arrays are kept for reuse up to this many bytes: V8 zero-fills new ones, and large ones cost page faults. */
const POOL_BYTES = 96 * 2 ** 20;

/** Live buffers, counted exactly, and a bounded pool of freed arrays by (dtype, size). */
export class Memory {
  private tensors = 0;
  private bytes = 0;
  private pooledBytes = 0;
  private readonly live = new Set<CpuBuffer>();
  private readonly pool = new Map<string, HostArray[]>();

  constructor(
    private readonly backend: string,
    private readonly limits: MemoryLimits,
  ) {}

  alloc(dtype: DType, shape: Shape): CpuBuffer {
    const size = sizeOf(shape);
    const bytes = size * byteSize[dtype];
    if (bytes > this.limits.maxBufferBytes) {
      throw this.full(`expected a buffer of at most ${this.limits.maxBufferBytes} bytes`, bytes, dtype, shape);
    }
    if (this.bytes + bytes > this.limits.maxTotalBytes) {
      throw this.full(`expected at most ${this.limits.maxTotalBytes} bytes in all`, bytes, dtype, shape);
    }
    const data = this.takePooled(dtype, size) ?? this.create(dtype, size, bytes, shape);
    const buffer: CpuBuffer = { dtype, size, version: 0, data };
    this.live.add(buffer);
    this.tensors++;
    this.bytes += bytes;
    return buffer;
  }

  /** Gives a buffer back. Its array may be handed out again at once. */
  free(buffer: CpuBuffer): void {
    if (!this.live.delete(buffer)) {
      throw new BackendError('free', `expected a live buffer of "${this.backend}", got one that was already freed or is not its own; free each buffer once`);
    }
    const { data } = buffer;
    this.tensors--;
    this.bytes -= data.byteLength;
    // An empty array in place of the old one: a kernel that still sees the buffer reads undefined, not another's values.
    buffer.data = hostArray(buffer.dtype, 0);
    this.putPooled(buffer.dtype, data);
  }

  info(): MemoryInfo {
    return { tensors: this.tensors, bytes: this.bytes };
  }

  dispose(): void {
    for (const buffer of this.live) buffer.data = hostArray(buffer.dtype, 0);
    this.live.clear();
    this.dropPool();
    this.tensors = 0;
    this.bytes = 0;
  }

  private create(dtype: DType, size: number, bytes: number, shape: Shape): HostArray {
    try {
      return hostArray(dtype, size);
    } catch (first) {
      if (!(first instanceof RangeError)) throw first;
      this.dropPool();
    }
    try {
      return hostArray(dtype, size);
    } catch (cause) {
      throw this.full('expected room on the heap', bytes, dtype, shape, cause);
    }
  }

  private takePooled(dtype: DType, size: number): HostArray | undefined {
    const data = this.pool.get(`${dtype} ${size}`)?.pop();
    if (data) this.pooledBytes -= data.byteLength;
    return data;
  }

  private putPooled(dtype: DType, data: HostArray): void {
    if (data.byteLength === 0 || data.byteLength > POOL_BYTES) return;
    const key = `${dtype} ${data.length}`;
    const sameSize = this.pool.get(key);
    // Re-inserted so that the map's order is the order of last use, oldest first.
    if (sameSize) this.pool.delete(key);
    this.pool.set(key, sameSize ?? []);
    this.pool.get(key)?.push(data);
    this.pooledBytes += data.byteLength;
    for (const [oldKey, arrays] of this.pool) {
      if (this.pooledBytes <= POOL_BYTES) break;
      for (const old of arrays) this.pooledBytes -= old.byteLength;
      this.pool.delete(oldKey);
    }
  }

  private dropPool(): void {
    this.pool.clear();
    this.pooledBytes = 0;
  }

  private full(expected: string, bytes: number, dtype: DType, shape: Shape, cause?: unknown): BackendError {
    return new BackendError(
      'alloc',
      `${expected}, got a request for ${bytes} bytes (${dtype} [${shape.join(', ')}]) on "${this.backend}", which holds ` +
        `${this.tensors} tensors in ${this.bytes} bytes; dispose tensors, run steps inside scope(), or use smaller batches`,
      cause === undefined ? undefined : { cause },
    );
  }
}
