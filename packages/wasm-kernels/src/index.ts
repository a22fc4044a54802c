export { bestLevel, forUnsharedMemory, type SimdLevel } from './binary.js';
export { type KernelName, kernelNames, type Kernels, mapKinds } from './generated/kernels.js';
export { compileKernels, instantiateKernels, kernelBinary, type KernelExports } from './load.js';
export { requireWebAssembly, webAssembly, type WasmGlobal, type WasmMemory, type WasmModule, type WebAssemblyApi } from './webassembly.js';
