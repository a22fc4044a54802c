import { type Backend, registerBackend, useBackend } from '@konv/core-tensor';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { engine } from '@tensorflow/tfjs-core';
import { tfjs } from '../src/backend/index.js';

/** The backend on tfjs's wasm, made current. */
export async function install(): Promise<Backend> {
  const backend = await tfjs('wasm');
  if ('unavailable' in backend) throw new Error(backend.unavailable);
  registerBackend(backend);
  useBackend(backend.name);
  return backend;
}

/** What tfjs holds: by this it is seen whether anything was left behind. */
export function tfjsHolds(): number {
  return (engine().findBackend('wasm') as BackendWasm).numDataIds();
}
