import type { SimdLevel } from './binary.js';

/**
 * The binaries as files of their own, for those who would rather have them fetched (and cached, and compressed) than carried
 * as text: `wasm({ kernelUrls })` of @konv/backend-wasm. Bundlers that know `new URL(..., import.meta.url)` copy the files.
 */
export const kernelUrls: Readonly<Record<SimdLevel, URL>> = {
  simd: new URL('../dist/simd.wasm', import.meta.url),
  relaxed: new URL('../dist/relaxed.wasm', import.meta.url),
};
