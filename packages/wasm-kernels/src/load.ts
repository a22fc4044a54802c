import { compileBinary, fromBase64, type SimdLevel } from './binary.js';
import type { Kernels } from './generated/kernels.js';
import { requireWebAssembly, type WasmGlobal, type WasmMemory, type WasmModule } from './webassembly.js';

/** The exports of an instance: every kernel, and the address of its own scratch memory. */
export type KernelExports = Kernels & {
  /** Byte address of this instance's scratch memory; its owner sets it. See assembly/scratch.ts. */
  readonly scratch: WasmGlobal;
};

/** The binary of a level, built for shared memory. Each level is a module of its own, so that a program loads one. */
export async function kernelBinary(level: SimdLevel): Promise<Uint8Array<ArrayBuffer>> {
  const { base64 } = level === 'relaxed' ? await import('./generated/relaxed.js') : await import('./generated/simd.js');
  return fromBase64(base64);
}

/** The binary at a URL: fetched, or read where it is a file. Errors: an `Error` that names the URL and what came. */
export async function fetchKernels(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  if (url.protocol === 'file:' && typeof process === 'object') {
    const { readFile } = process.getBuiltinModule('node:fs/promises');
    return new Uint8Array(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`expected the kernels at ${url.href}, got status ${response.status}; copy the .wasm files there`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Compiles the kernels of a level for a shared or an unshared memory; without `url` those that the package carries. */
export async function compileKernels(level: SimdLevel, shared: boolean, url?: URL): Promise<WasmModule> {
  return compileBinary(url ? await fetchKernels(url) : await kernelBinary(level), shared);
}

/** An instance over the caller's memory. Instances of one memory are independent but for what they write there. */
export function instantiateKernels(module: WasmModule, memory: WasmMemory): KernelExports {
  return new (requireWebAssembly().Instance)(module, { env: { memory } }).exports as unknown as KernelExports;
}
