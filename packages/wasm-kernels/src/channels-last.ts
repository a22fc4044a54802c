import { compileBinary, fromBase64, type SimdLevel } from './binary.js';
import type { ChannelsLastKernels } from './generated/channels-last.js';
import { requireWebAssembly, type WasmMemory, type WasmModule } from './webassembly.js';

export type { ChannelsLastKernels };

/** As `compileKernels`: kernels over images `[batch, height, width, channels]`, which konv's own backends do not need. */
export async function compileChannelsLast(level: SimdLevel, shared: boolean): Promise<WasmModule> {
  const { base64 } =
    level === 'relaxed' ? await import('./generated/channels-last-relaxed.js') : await import('./generated/channels-last-simd.js');
  return compileBinary(fromBase64(base64), shared);
}

/** An instance over the caller's memory. These kernels need no scratch memory. */
export function instantiateChannelsLast(module: WasmModule, memory: WasmMemory): ChannelsLastKernels {
  return new (requireWebAssembly().Instance)(module, { env: { memory } }).exports as unknown as ChannelsLastKernels;
}
