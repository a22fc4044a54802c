export { wasm, type WasmOptions } from './create.js';
