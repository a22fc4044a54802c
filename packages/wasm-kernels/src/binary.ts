import { requireWebAssembly, type WasmModule, webAssembly } from './webassembly.js';

/** What the engine must know: 128-bit SIMD, or relaxed SIMD with its fused multiply-add on top. */
export type SimdLevel = 'simd' | 'relaxed';

const header = [0, 97, 115, 109, 1, 0, 0, 0];
/** A function without arguments that returns a v128: `code` is its body. */
const probe = (...code: number[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array([...header, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, code.length + 4, 1, code.length + 2, 0, ...code, 11]);

const zero = [65, 0, 253, 15]; // i32.const 0, i8x16.splat
const probes: Record<SimdLevel, Uint8Array<ArrayBuffer>> = {
  simd: probe(...zero),
  relaxed: probe(...zero, ...zero, ...zero, 253, 133, 2), // f32x4.relaxed_madd
};

/** The highest level that this engine validates; null where it has no SIMD. */
export function bestLevel(): SimdLevel | null {
  if (webAssembly?.validate(probes.relaxed)) return 'relaxed';
  return webAssembly?.validate(probes.simd) ? 'simd' : null;
}

/** A binary from its text in a generated module. */
export function fromBase64(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

/** Compiles a binary, which is built for shared memory, for that or for unshared memory. */
export function compileBinary(binary: Uint8Array<ArrayBuffer>, shared: boolean): Promise<WasmModule> {
  return requireWebAssembly().compile(shared ? binary : forUnsharedMemory(binary));
}

const IMPORT_SECTION = 2;
const SHARED_WITH_MAXIMUM = 3;
const UNSHARED_WITH_MAXIMUM = 1;

/** Position of the limits byte of the imported memory. */
function limitsAt(binary: Uint8Array): number {
  let at = header.length;
  const leb = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = binary[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < binary.length) {
    const id = binary[at++];
    const end = leb() + at;
    if (id === IMPORT_SECTION) {
      for (let count = leb(); count > 0; count--) {
        for (let names = 2; names > 0; names--) {
          const length = leb();
          at += length;
        }
        const kind = binary[at++];
        if (kind === 2) return at;
        // A function's type, a global's type and mutability; no kernel binary imports tables.
        leb();
        if (kind === 3) at++;
      }
    }
    at = end;
  }
  throw new Error('expected a binary that imports its memory, got one that does not');
}

/**
 * The binary for an unshared memory: it is built for a shared one, and the two differ in one byte, the limits of its memory
 * import (3: shared with a maximum, 1: unshared). Atomic instructions are valid on both. A copy; `binary` stays as it is.
 */
export function forUnsharedMemory(binary: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const patched = binary.slice();
  const at = limitsAt(patched);
  if (patched[at] !== SHARED_WITH_MAXIMUM) throw new Error(`expected limits ${SHARED_WITH_MAXIMUM} at byte ${at}, got ${patched[at]}`);
  patched[at] = UNSHARED_WITH_MAXIMUM;
  return patched;
}
