import type { WasmOptions } from '@konv/backend-wasm';
import { type Backend, backends, registerBackend, type Unavailable, unavailableBackends } from '@konv/core-tensor';

/**
 * Makes the WebAssembly backend, to be registered: `registerBackend(await wasm({ threads: 2 }))`. `ready()` does so by
 * itself where nobody has. Its code is loaded by this call: a program that never makes it does not carry it.
 */
export async function wasm(options?: WasmOptions): Promise<Backend | Unavailable> {
  const module = await import('@konv/backend-wasm');
  return module.wasm(options);
}

let registering: Promise<void> | null = null;

/** Registers wasm under its own name, unless that name is taken or it has been found not to run here. Calls at one time share one. */
export function registerWasm(): Promise<void> {
  registering ??= register().finally(() => {
    registering = null;
  });
  return registering;
}

async function register(): Promise<void> {
  const name = 'wasm';
  const known = () => backends().includes(name) || Object.hasOwn(unavailableBackends(), name);
  if (known()) return;
  try {
    const made = await wasm();
    // Somebody may have registered one meanwhile: theirs stays.
    if (!known()) registerBackend(made);
    else if (!('unavailable' in made)) made.dispose?.();
  } catch (e) {
    // Bytes that did not arrive, a memory that the engine refuses: another backend can still run the program.
    registerBackend({ name, unavailable: e instanceof Error ? e.message : String(e) });
  }
}
