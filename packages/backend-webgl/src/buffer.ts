import { type BackendBuffer, type BufferRole, isContiguous, type Shape, sizeOf, type TensorRef } from '@konv/core-tensor';
import type { Texture } from './gl/texture.js';
import type { Op } from './lazy/node.js';

/**
 * A buffer is a texture, or an expression of others that nobody has needed yet, or neither before the first write.
 * Kernels never change a texture that somebody else holds: they make a new one and rebind the buffer.
 */
export interface GlBuffer extends BackendBuffer {
  texture: Texture | null;
  pending: Op | null;
  readonly bytes: number;
  readonly shape: Shape;
  readonly role: BufferRole;
  /** Made while programs are only being collected: there is nothing in it. */
  readonly dry: boolean;
}

export function bufferOf(ref: TensorRef): GlBuffer {
  return ref.buffer as GlBuffer;
}

/** Texels that hold that many elements. */
export function texelsFor(elements: number): number {
  return (elements + 3) >> 2;
}

/** Whether the window is its whole buffer, in order. */
export function isWhole(ref: TensorRef): boolean {
  return ref.offset === 0 && sizeOf(ref.shape) === ref.buffer.size && isContiguous(ref.shape, ref.strides);
}

/** Axes of size 1 dropped, and those merged that are adjacent in memory. At least one axis is left. */
export function mergeAxes(shape: Shape, strides: readonly number[]): { shape: number[]; strides: number[] } {
  const sizes: number[] = [];
  const steps: number[] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    const last = sizes.length - 1;
    if (shape[axis] === 1) continue;
    if (last >= 0 && steps[last] === strides[axis] * shape[axis]) {
      sizes[last] *= shape[axis];
      steps[last] = strides[axis];
    } else {
      sizes.push(shape[axis]);
      steps.push(strides[axis]);
    }
  }
  return sizes.length === 0 ? { shape: [1], strides: [0] } : { shape: sizes, strides: steps };
}
