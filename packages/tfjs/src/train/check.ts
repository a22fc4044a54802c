import { BackendError } from '@konv/core-tensor';
import type { WasmMemory } from '@konv/wasm-kernels';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { TfjsModule } from './heap.js';

/** The version of TensorFlow.js whose internals this was written for and tested with. */
export const TESTED_VERSION = '4.22.0';

/** tfjs's compiled module with what is used of it, by its undocumented names. */
export interface OpenModule extends TfjsModule {
  readonly memory: WasmMemory;
}

/** Errors: a `BackendError` that names the package, its version and the one that was tested. */
export function checkVersions(found: { readonly [name: string]: string }): void {
  for (const [name, version] of Object.entries(found)) {
    if (version === TESTED_VERSION) continue;
    throw new BackendError(
      'enableWasmTraining',
      `expected ${name} ${TESTED_VERSION}, whose internals @konv/tfjs was tested with, got ${version}; ` +
        `install ${name}@${TESTED_VERSION}, or a version of @konv/tfjs that is made for ${version}`,
    );
  }
}

/** The memory, `malloc` and `free` of a backend. Errors: a `BackendError` that says which member is not what was tested. */
export function openModule(backend: BackendWasm): OpenModule {
  const wasm = backend.wasm as unknown as Record<string, unknown> | null | undefined;
  // The threaded build is given its memory, the others export theirs.
  const memory = wasm?.['wasmMemory'] ?? (wasm?.['asm'] as Record<string, unknown> | undefined)?.['memory'];
  const parts: readonly [string, unknown, boolean][] = [
    ['wasm.asm.memory', memory, isMemory(memory)],
    ['wasm._malloc', wasm?.['_malloc'], typeof wasm?.['_malloc'] === 'function'],
    ['wasm._free', wasm?.['_free'], typeof wasm?.['_free'] === 'function'],
    ['getMemoryOffset', backend.getMemoryOffset, typeof backend.getMemoryOffset === 'function'],
    ['makeOutput', backend.makeOutput, typeof backend.makeOutput === 'function'],
    ['disposeData', backend.disposeData, typeof backend.disposeData === 'function'],
    ['dataIdMap', backend.dataIdMap, typeof (backend.dataIdMap as unknown) === 'object' && backend.dataIdMap !== null],
  ];
  for (const [name, value, ok] of parts) {
    if (ok) continue;
    throw new BackendError(
      'enableWasmTraining',
      `expected a wasm backend as in TensorFlow.js ${TESTED_VERSION}, got one whose ${name} is ${kindOf(value)}; ` +
        `let the backend "wasm" be that of @tensorflow/tfjs-backend-wasm@${TESTED_VERSION}`,
    );
  }
  const module = wasm as unknown as TfjsModule;
  return { _malloc: (bytes) => module._malloc(bytes), _free: (address) => module._free(address), memory: memory as WasmMemory };
}

export function isShared(memory: WasmMemory): boolean {
  return typeof SharedArrayBuffer === 'function' && memory.buffer instanceof SharedArrayBuffer;
}

function isMemory(value: unknown): value is WasmMemory {
  const buffer = (value as WasmMemory | undefined)?.buffer;
  return buffer instanceof ArrayBuffer || (typeof SharedArrayBuffer === 'function' && (buffer as unknown) instanceof SharedArrayBuffer);
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
