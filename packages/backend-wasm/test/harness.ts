import { contiguousStrides, hostArray, sizeOf } from '@konv/core-tensor';
import type { Backend, DType, HostArray, Shape, TensorRef } from '@konv/core-tensor';
import { wasm } from '../src/index.js';

/** A backend of one thread, for calls as core's dispatch makes them. */
export async function singleThreaded(): Promise<Backend> {
  const made = await wasm({ threads: 1 });
  if ('unavailable' in made) throw new Error(made.unavailable);
  return made;
}

/** What fills memory that no kernel has written: in the results it shows at once. */
export const POISON = { bool: 113, int32: -1234567, float32: -7.5e33, float64: -7.5e33 } satisfies Record<DType, number>;

export interface Window {
  readonly strides: readonly number[];
  readonly offset: number;
}

/** A window of a poisoned buffer that goes on for some elements behind it. */
export function poisoned(backend: Backend, dtype: DType, shape: Shape, window?: Window): TensorRef {
  const strides = window?.strides ?? contiguousStrides(shape);
  const offset = window?.offset ?? 3;
  const size = shape.reduce((last, d, i) => last + (d - 1) * strides[i], offset) + 5;
  const buffer = backend.alloc({ dtype, shape: [size], role: 'activation' });
  backend.write(hostArray(dtype, size).fill(POISON[dtype]), whole({ buffer, dtype, shape, strides, offset }));
  return { buffer, dtype, shape, strides, offset };
}

/** A window with these values, in row-major order. */
export function filled(backend: Backend, dtype: DType, shape: Shape, values: ArrayLike<number>, window?: Window): TensorRef {
  const ref = poisoned(backend, dtype, shape, window);
  const all = contents(backend, ref);
  positions(ref).forEach((at, i) => {
    all[at] = values[i];
  });
  backend.write(all, whole(ref));
  return ref;
}

function whole(ref: TensorRef): TensorRef {
  return { ...ref, shape: [ref.buffer.size], strides: [1], offset: 0 };
}

/** The whole buffer behind a window. */
export function contents(backend: Backend, ref: TensorRef): HostArray {
  return backend.readSync?.(whole(ref)) as HostArray;
}

/** Where a window's elements stand in its buffer, in row-major order. */
export function positions({ shape, strides, offset }: Pick<TensorRef, 'shape' | 'strides' | 'offset'>): number[] {
  return Array.from({ length: sizeOf(shape) }, (_, i) => {
    let at = offset;
    for (let axis = shape.length - 1, rest = i; axis >= 0; rest = Math.floor(rest / shape[axis]), axis--)
      at += (rest % shape[axis]) * strides[axis];
    return at;
  });
}

/** A window's values in row-major order. */
export function valuesOf(backend: Backend, ref: TensorRef): number[] {
  const all = contents(backend, ref);
  return positions(ref).map((at) => all[at]);
}

/** Marsaglia's xorshift32: the same numbers in every run. */
export class Rng {
  constructor(private state: number) {}
  next(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) / 2 ** 32;
  }
}
