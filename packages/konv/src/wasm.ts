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

/** Registers wasm under its own name, unless that name is taken or it has been found not to run here. */
export async function registerWasm(): Promise<void> {
  const name = 'wasm';
  if (backends().includes(name) || name in unavailableBackends()) return;
  try {
    registerBackend(await wasm());
  } catch (e) {
    // Bytes that did not arrive, a memory that the engine refuses: another backend can still run the program.
    registerBackend({ name, unavailable: e instanceof Error ? e.message : String(e) });
  }
}
