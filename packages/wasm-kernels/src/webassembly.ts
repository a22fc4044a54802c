/**
 * The part of the WebAssembly API that konv uses. Node's types do not declare it and the DOM library would declare far too
 * much; these types are structural, so that whatever the surroundings call a memory fits.
 */
export interface WasmMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  /** Adds pages of 64 KiB; throws a RangeError where there is no room. Returns the number of pages before. */
  grow(pages: number): number;
}

/** A compiled binary; opaque. Workers can be sent one. */
export type WasmModule = object;

export interface WasmGlobal {
  value: number;
}

export interface WebAssemblyApi {
  validate(binary: Uint8Array<ArrayBuffer>): boolean;
  compile(binary: Uint8Array<ArrayBuffer>): Promise<WasmModule>;
  readonly Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => WasmMemory;
  readonly Instance: new (
    module: WasmModule,
    imports: { readonly env: { readonly memory: WasmMemory } },
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

/** Undefined where the engine has none. */
export const webAssembly: WebAssemblyApi | undefined = (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;

/** As `webAssembly`, where it is known to be there: after `bestLevel()` has said so. */
export function requireWebAssembly(): WebAssemblyApi {
  if (!webAssembly) throw new Error('expected an engine with WebAssembly, got one without; ask bestLevel() first');
  return webAssembly;
}
