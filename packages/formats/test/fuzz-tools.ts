import { isKonvError } from '@konv/core-tensor';
import fc from 'fast-check';

/** The same files in every run; fast-check prints the seed with what failed. Another: KONV_FUZZ_SEED=7 npm test. */
export const SEED = Number(process.env.KONV_FUZZ_SEED ?? 20260801);

const NAMES = ['Uint8Array', 'Int8Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float32Array', 'Float64Array'] as const;
type Constructors = Record<string, new (...args: unknown[]) => { byteLength: number }>;

/**
 * The bytes of all typed arrays with memory of their own that are made while `run` runs, `slice` and `from` included: the
 * constructors are replaced meanwhile.
 */
export async function allocated(run: () => unknown): Promise<number> {
  let bytes = 0;
  const globals = globalThis as unknown as Constructors;
  const prototype = Object.getPrototypeOf(Uint8Array.prototype);
  const { slice } = prototype;
  const real = Object.fromEntries(NAMES.map((name) => [name, globals[name]]));
  for (const name of NAMES) {
    globals[name] = new Proxy(real[name], {
      construct(target, args, self) {
        // Counted before it is made: what is too much for the machine counts, too.
        if (typeof args[0] === 'number') bytes += args[0] * (target as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
        const made = Reflect.construct(target, args, self);
        const view = args[0] instanceof ArrayBuffer || Object.prototype.toString.call(args[0]) === '[object SharedArrayBuffer]';
        if (typeof args[0] !== 'number' && !view) bytes += made.byteLength;
        return made;
      },
    });
  }
  prototype.slice = function (...args: [number?, number?]) {
    const made = slice.apply(this, args);
    bytes += made.byteLength;
    return made;
  };
  try {
    await run();
  } finally {
    Object.assign(globals, real);
    prototype.slice = slice;
  }
  return bytes;
}

/** A valid file with some bytes changed, some put in or taken out, or its end cut off. */
export function mutated(valid: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const file = fc.constantFrom(...valid);
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
  const flips = fc.tuple(file, fc.array(fc.tuple(place, fc.nat(7)), { minLength: 1, maxLength: 4 })).map(([bytes, at]) => {
    const out = bytes.slice();
    for (const [p, bit] of at) out[index(p, out.length)] ^= 1 << bit;
    return out;
  });
  const changes = fc.tuple(file, fc.array(fc.tuple(place, fc.array(byte, { minLength: 1, maxLength: 8 })), { minLength: 1, maxLength: 3 }));
  const written = changes.map(([bytes, edits]) => {
    const out = bytes.slice();
    for (const [p, values] of edits) out.set(values.slice(0, out.length - index(p, out.length)), index(p, out.length));
    return out;
  });
  const splices = fc.tuple(file, place, fc.nat(24), fc.uint8Array({ maxLength: 24 })).map(([bytes, p, remove, insert]) => {
    const at = index(p, bytes.length + 1);
    return Uint8Array.from([...bytes.subarray(0, at), ...insert, ...bytes.subarray(at + remove)]);
  });
  const crossed = fc.tuple(file, file, place, place).map(([a, b, p, q]) => {
    return Uint8Array.from([...a.subarray(0, index(p, a.length)), ...b.subarray(index(q, b.length))]);
  });
  const cut = fc.tuple(file, place).map(([bytes, p]) => bytes.slice(0, index(p, bytes.length)));
  return fc.oneof({ arbitrary: flips, weight: 3 }, { arbitrary: written, weight: 3 }, splices, crossed, cut);
}

function index(place: number, length: number): number {
  return Math.min(Math.floor(place * length), length - 1);
}

/** `expect` for what is asked a hundred thousand times. */
export function must(ok: boolean, what: string, got: unknown): void {
  if (!ok) throw new Error(`expected ${what}, got ${String(got)}`);
}

/** Calls `read`: whether it read. Whatever it throws must be a FormatError of this form, and nothing is polluted. */
export async function readsOrRefuses(read: () => unknown): Promise<boolean> {
  const started = performance.now();
  try {
    await read();
    return true;
  } catch (e) {
    if (!isKonvError(e)) throw e;
    must(e.name === 'FormatError', 'a FormatError', e.name);
    must(/^\[\w+\] .*expected .*, got .*; ./s.test(e.message) && e.message.length < 700, 'a message of one form', e.message);
    return false;
  } finally {
    must(Object.keys(Object.prototype).length === 0, 'a clean Object.prototype', Object.keys(Object.prototype));
    must(performance.now() - started < 1000, 'less than a second', performance.now() - started);
  }
}

/** A tensor of a file of `bytes` bytes: as many values as its shape says, none of them made up. */
export function mustFit({ shape, data }: { shape: readonly number[]; data: { length: number } }, bytes: number): void {
  const n = shape.reduce((a, b) => a * b, 1);
  must(data.length === n && n <= bytes, `${n} values in a file of ${bytes} bytes`, data.length);
}
