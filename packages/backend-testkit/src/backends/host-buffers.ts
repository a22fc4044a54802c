import {
  type Backend,
  type BackendBuffer,
  BackendError,
  byteSize,
  type Capabilities,
  type DType,
  type HostArray,
  hostArray,
  INTERFACE_VERSION,
  type MemoryInfo,
  type Shape,
  sizeOf,
  type TensorRef,
} from '@konv/core-tensor';

/** A buffer that is a typed array. */
export interface HostBuffer extends BackendBuffer {
  data: HostArray;
  freed: boolean;
}

/** What the test backends share: memory on the host, counted. */
export abstract class HostBuffers implements Pick<Backend, 'alloc' | 'free' | 'write' | 'read' | 'readSync' | 'sync' | 'memory'> {
  readonly interfaceVersion: number = INTERFACE_VERSION;
  readonly capabilities: Capabilities = {
    dtypes: ['bool', 'int32', 'float32', 'float64'],
    syncRead: true,
    strictNumerics: true,
    maxExactInt: 2 ** 31 - 1,
    limits: { maxBufferBytes: 2 ** 31, maxTotalBytes: 2 ** 34 },
  };
  #tensors = 0;
  #bytes = 0;

  alloc({ dtype, shape }: { dtype: DType; shape: Shape }): BackendBuffer {
    const size = sizeOf(shape);
    const data = hostArray(dtype, size);
    // Poison: a kernel that reads or leaves what it should have written shows it.
    data.fill(dtype === 'bool' ? 1 : dtype === 'int32' ? -0x5a5a5a : Number.NaN);
    this.#tensors++;
    this.#bytes += size * byteSize[dtype];
    const buffer: HostBuffer = { dtype, size, version: 0, data, freed: false };
    return buffer;
  }

  free(buffer: BackendBuffer): void {
    const b = buffer as HostBuffer;
    if (b.freed) throw new BackendError('free', 'expected each buffer to be freed once, got a second call');
    b.freed = true;
    this.#tensors--;
    this.#bytes -= b.size * byteSize[b.dtype];
  }

  write(data: HostArray, out: TensorRef): void {
    hostData(out).set(data, out.offset);
  }

  readSync(x: TensorRef): HostArray {
    return hostData(x).slice(x.offset, x.offset + sizeOf(x.shape));
  }

  async read(x: TensorRef): Promise<HostArray> {
    return this.readSync(x);
  }

  async sync(): Promise<void> {}

  memory(): MemoryInfo {
    return { tensors: this.#tensors, bytes: this.#bytes };
  }
}

/** The memory behind a ref; a freed buffer is an error of core's. */
export function hostData(ref: TensorRef): HostArray {
  const b = ref.buffer as HostBuffer;
  if (b.freed) throw new BackendError('kernel', 'expected live operands, got a freed buffer');
  return b.data;
}

/** Positions of all elements of a window, in row-major order. */
export function positions(ref: TensorRef): Int32Array {
  const out = new Int32Array(sizeOf(ref.shape));
  const index = new Array<number>(ref.shape.length).fill(0);
  let at = ref.offset;
  for (let i = 0; i < out.length; i++) {
    out[i] = at;
    for (let axis = ref.shape.length - 1; axis >= 0; axis--) {
      at += ref.strides[axis];
      if (++index[axis] < ref.shape[axis]) break;
      at -= ref.strides[axis] * ref.shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}
