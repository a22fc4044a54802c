export { wasm } from './create.js';
export type { WasmOptions } from './options.js';
