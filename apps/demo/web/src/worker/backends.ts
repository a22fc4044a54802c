import { type Backend, backends, registerBackend, type Unavailable } from '@konv/core-tensor';
import type { BackendName } from '../model/settings.js';

export class NoBackend extends Error {}

/** What a backend is registered as: wasm by its number of threads, so that two can live at a time. */
export const registeredName = (name: BackendName, threads: number): string => (name === 'wasm' ? `wasm-${threads}` : name);

/** Loads a backend's code and registers it. Returns the name to be used. Errors: `NoBackend` with the reason. */
export async function openBackend(name: BackendName, threads: number): Promise<string> {
  const registered = registeredName(name, threads);
  if (backends().includes(registered)) return registered;
  const made = await make(name, threads, registered);
  if ('unavailable' in made) throw new NoBackend(made.unavailable);
  if (!backends().includes(registered)) registerBackend(made);
  return registered;
}

async function make(name: BackendName, threads: number, registered: string): Promise<Backend | Unavailable> {
  switch (name) {
    case 'cpu-js': {
      const { cpuJs } = await import('@konv/backend-cpu-js');
      return cpuJs();
    }
    case 'wasm': {
      const { wasm } = await import('@konv/backend-wasm');
      return wasm({ name: registered, threads });
    }
    case 'webgl': {
      const { webgl } = await import('@konv/backend-webgl');
      return webgl();
    }
  }
}
