import { BackendError, byteSize, dtypes, hostArray, sizeOf } from '@konv/core-tensor';
import type { BackendBuffer, DType, HostArray, MemoryInfo, Shape, TensorRef } from '@konv/core-tensor';

/** A buffer of this backend: a typed array of exactly `size` elements. */
export interface CpuBuffer extends BackendBuffer {
  data: HostArray;
  /** The backend's memory that it counts in; null once freed. */
  owner: Memory | null;
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
/** Smaller ones are made faster than looked up. */
const POOLED_FROM = 1024;

const empty: { readonly [D in DType]: HostArray } = {
  bool: hostArray('bool', 0),
  int32: hostArray('int32', 0),
  float32: hostArray('float32', 0),
  float64: hostArray('float64', 0),
};

/** A number, not a string: made at every alloc. */
function poolKey(dtype: DType, size: number): number {
  return size * dtypes.length + dtypes.indexOf(dtype);
}

/** Live buffers, counted exactly, and a bounded pool of freed arrays by (dtype, size). */
export class Memory {
  private tensors = 0;
  private bytes = 0;
  private pooledBytes = 0;
  /** By `poolKey`, the size that was freed least recently first. */
  private readonly pool = new Map<number, HostArray[]>();

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
    const buffer: CpuBuffer = { dtype, size, version: 0, data, owner: this };
    this.tensors++;
    this.bytes += bytes;
    return buffer;
  }

  /** Gives a buffer back. Its array may be handed out again at once. */
  free(buffer: CpuBuffer): void {
    if (buffer.owner !== this) {
      throw new BackendError(
        'free',
        `expected a live buffer of "${this.backend}", got one that was freed already or is not its own; free each buffer once`,
      );
    }
    const { data } = buffer;
    this.tensors--;
    this.bytes -= data.byteLength;
    buffer.owner = null;
    // An empty array in place of the old one: a kernel that still sees the buffer reads undefined, not another's values.
    buffer.data = empty[buffer.dtype];
    this.putPooled(buffer.dtype, data);
  }

  info(): MemoryInfo {
    return { tensors: this.tensors, bytes: this.bytes };
  }

  dispose(): void {
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
    if (size * byteSize[dtype] < POOLED_FROM) return undefined;
    const data = this.pool.get(poolKey(dtype, size))?.pop();
    if (data) this.pooledBytes -= data.byteLength;
    return data;
  }

  private putPooled(dtype: DType, data: HostArray): void {
    if (data.byteLength < POOLED_FROM || data.byteLength > POOL_BYTES) return;
    const key = poolKey(dtype, data.length);
    const sameSize = this.pool.get(key) ?? [];
    // Taken out and put back: the map's order is the order of last use.
    this.pool.delete(key);
    this.pool.set(key, sameSize);
    sameSize.push(data);
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
