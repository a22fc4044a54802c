/** Operands of kernels that are called directly: windows of buffers with other numbers around them. */
import {
  type Backend,
  contiguousStrides,
  type DType,
  type HostArray,
  hostArray,
  type Shape,
  sizeOf,
  type TensorRef,
} from '@konv/core-tensor';

const PAD = 5;
/** What stands around a window. */
const AROUND = 7;

export function place(backend: Backend, data: HostArray, shape: Shape, dtype: DType, offset = 0): TensorRef {
  const around = offset > 0 ? PAD : 0;
  const all = hostArray(dtype, offset + data.length + around).fill(dtype === 'bool' ? 1 : AROUND);
  all.set(data as never, offset);
  const buffer = backend.alloc({ dtype, shape: [all.length], role: 'activation' });
  backend.write(all, { buffer, dtype, shape: [all.length], strides: [1], offset: 0 });
  return { buffer, dtype, shape, strides: contiguousStrides(shape), offset };
}

/** A fresh buffer, or a window of one that holds `AROUND`. */
export function room(backend: Backend, shape: Shape, dtype: DType, offset = 0): TensorRef {
  if (offset > 0) return place(backend, hostArray(dtype, sizeOf(shape)), shape, dtype, offset);
  return { buffer: backend.alloc({ dtype, shape, role: 'activation' }), dtype, shape, strides: contiguousStrides(shape), offset: 0 };
}

/** All of the buffer behind a window, what is around it too. */
export function contents(backend: Backend, { buffer, dtype }: TensorRef): Promise<HostArray> {
  return backend.read({ buffer, dtype, shape: [buffer.size], strides: [1], offset: 0 });
}

export function free(backend: Backend, ...refs: readonly TensorRef[]): void {
  for (const { buffer } of refs) backend.free(buffer);
}

/** Marsaglia's xorshift32: numbers in [0, 1). */
export function numbersFrom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
