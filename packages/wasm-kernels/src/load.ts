import { type SimdLevel, forUnsharedMemory } from './binary.js';
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
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

/** Compiles the kernels of a level for a shared or an unshared memory. */
export async function compileKernels(level: SimdLevel, shared: boolean): Promise<WasmModule> {
  const binary = await kernelBinary(level);
  return requireWebAssembly().compile(shared ? binary : forUnsharedMemory(binary));
}

/** An instance over the caller's memory. Instances of one memory are independent but for what they write there. */
export function instantiateKernels(module: WasmModule, memory: WasmMemory): KernelExports {
  return new (requireWebAssembly().Instance)(module, { env: { memory } }).exports as unknown as KernelExports;
}
