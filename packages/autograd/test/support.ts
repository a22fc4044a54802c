import '@konv/autograd';
import { cpuJs } from '@konv/backend-cpu-js';
import { backends, memory, noGrad, registerBackend, scope, type Shape, sizeOf, type Tensor, tensor } from '@konv/core-tensor';
import { expect } from 'vitest';

if (!backends().includes('cpu-js')) registerBackend(cpuJs());

let seed = 1;

/** Distinct values between low and high, in no order, the same in every run of a file. */
export function values(n: number, low = -1, high = 1): Float64Array {
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    out[i] = low + ((high - low) * (seed + 0.5)) / 2 ** 32;
  }
  return out;
}

/** A float64 leaf that requires grad. */
export function leaf(shape: Shape, low = -1, high = 1): Tensor {
  return tensor(values(sizeOf(shape), low, high), { shape, dtype: 'float64', requiresGrad: true });
}

/** The same with gaps and reversed axes in memory: every second element of a transposed, wider tensor. */
export function stridedLeaf(shape: Shape, low = -1, high = 1): Tensor {
  const view = noGrad(() =>
    scope(() => {
      const wide = [...shape].reverse().map((d, i) => (i === 0 ? 2 * d + 1 : d));
      const base = tensor(values(sizeOf(wide), low, high), { shape: wide, dtype: 'float64' });
      return base.slice([1, null, 2]).permute(shape.map((_, i) => shape.length - 1 - i));
    }),
  );
  view.requiresGrad = true;
  return view;
}

/** `fn` with the same constants at every call. */
export function frozen<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
  const start = seed;
  return (...args) => {
    seed = start;
    return fn(...args);
  };
}

export function constant(shape: Shape, low = -1, high = 1): Tensor {
  return tensor(values(sizeOf(shape), low, high), { shape, dtype: 'float64' });
}

export function int32(data: number[], shape: Shape = [data.length]): Tensor {
  return tensor(data, { shape, dtype: 'int32' });
}

export function f64(data: number[] | number[][] | number, requiresGrad = false): Tensor {
  return tensor(data, { dtype: 'float64', requiresGrad });
}

/** Runs `fn` and checks that as many storages live afterwards as before. */
export async function balanced(fn: () => void | Promise<void>): Promise<void> {
  const before = memory().tensors;
  await fn();
  expect(memory().tensors).toBe(before);
}
