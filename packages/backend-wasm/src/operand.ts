import { byteSize, contiguousStrides, sizeOf } from '@konv/core-tensor';
import type { BackendBuffer, DType, Shape, TensorRef } from '@konv/core-tensor';
import type { KernelHeap } from './kernel-heap.js';

/** A buffer at an address of a heap: `size` elements from there. */
export interface PlacedBuffer extends BackendBuffer {
  address: number;
}

/** An operand of a family: elements of a memory that the caller looks after. Row-major without `strides` (in elements). */
export function operandAt(address: number, dtype: DType, shape: Shape, strides: readonly number[] = contiguousStrides(shape)): TensorRef {
  const buffer: PlacedBuffer = { dtype, size: sizeOf(shape), version: 0, address };
  return { buffer, dtype, shape, strides, offset: 0 };
}

/** Byte address of a ref's first element. */
export function addressOf(ref: TensorRef): number {
  return (ref.buffer as PlacedBuffer).address + ref.offset * byteSize[ref.dtype];
}

/** A ref's address, or 0 for none: how kernels are told that an operand is absent. */
export function optionalAddress(ref: TensorRef | null): number {
  return ref === null ? 0 : addressOf(ref);
}

/** The heap as elements of a ref's dtype, and the position of its first: valid until the next allocation. */
export function heapOf(heap: KernelHeap, ref: TensorRef): { data: Uint8Array | Int32Array | Float32Array; at: number } {
  const address = addressOf(ref);
  if (ref.dtype === 'bool') return { data: heap.u8, at: address };
  return { data: ref.dtype === 'int32' ? heap.i32 : heap.f32, at: address / 4 };
}
