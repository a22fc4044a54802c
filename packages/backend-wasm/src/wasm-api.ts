/**
 * The few parts of the WebAssembly API that are used here. Neither ES2022's library nor Node's types declare it, and the
 * DOM library, which does, would let `document` compile. Structural: the real objects fit.
 */
export interface WasmMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  /** Grows by `pages` of 64 KiB and returns how many there were; throws a RangeError where the engine has no more. */
  grow(pages: number): number;
}

/** A compiled module: opaque, can be posted to workers. */
export type WasmModule = object;

/** A kernel is a function of numbers; a mutable global is an object with a `value`. */
export type WasmExports = Readonly<Record<string, unknown>>;

interface WasmApi {
  readonly Memory: new (descriptor: { initial: number; maximum: number; shared?: boolean }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: WasmExports };
  instantiate(module: WasmModule, imports: object): Promise<{ readonly exports: WasmExports }>;
  validate(bytes: Uint8Array): boolean;
}

/** Undefined in an engine without WebAssembly. */
export const wasmApi = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;

export const PAGE_BYTES = 65536;
