import { type DType, type HostArray, registerBackend, type Shape, type Tensor, tensor } from '@konv/core-tensor';
import { type WebglBackend, webgl, type WebglOptions } from '../src/index.js';

/** Whether this is a place with WebGL2: the same spec files also run in Node, which has none. */
export const hasWebgl = 'OffscreenCanvas' in globalThis;

let count = 0;

/** A backend of its own context, registered under a name of its own. */
export async function makeWebgl(options: WebglOptions = {}): Promise<WebglBackend> {
  const backend = await webgl({ name: `webgl-${++count}`, ...options });
  if ('unavailable' in backend) throw new Error(backend.unavailable);
  registerBackend(backend);
  return backend;
}

export function on(backend: WebglBackend, values: ArrayLike<number> | HostArray, shape: Shape, dtype: DType = 'float32'): Tensor {
  const data = dtype === 'float32' ? Float32Array.from(values) : dtype === 'int32' ? Int32Array.from(values) : Uint8Array.from(values);
  return tensor(data, { shape, dtype, backend: backend.name });
}

/** 0, 1, 2, ... scaled. */
export const ramp = (n: number, scale = 1): Float32Array => Float32Array.from({ length: n }, (_, i) => i * scale);

/** The draws that `fn` makes. */
export async function drawsOf(backend: WebglBackend, fn: () => unknown): Promise<number> {
  const before = backend.statistics().draws;
  await fn();
  return backend.statistics().draws - before;
}
