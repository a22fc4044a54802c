import { FormatError } from '@konv/core-tensor';

/** Makes an error of a file: `[op] file: expected ..., got ...; remedy`. */
export type Refuse = (expected: string, got: string, remedy: string, cause?: unknown) => FormatError;

/** Makes the errors of one file; `name` says which one. */
export function refuser(op: string, name?: string): Refuse {
  const file = name === undefined ? '' : `${name}: `;
  return (expected, got, remedy, cause) =>
    new FormatError(op, `${file}expected ${expected}, got ${got}; ${remedy}`, cause === undefined ? undefined : { cause });
}

/** The remedy for what no writer writes. */
export const AGAIN = 'save or download the file again';

/** A value of a file, short enough for a message. */
export function describe(x: unknown): string {
  if (x === null || x === undefined) return String(x);
  if (typeof x === 'object') return Array.isArray(x) ? `an array of ${x.length}` : 'an object';
  const text = JSON.stringify(x);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** Refuses names that no file or no JavaScript object can hold safely. Returns the name quoted. */
export function checkName(name: string, refuse: Refuse): string {
  const shown = describe(name);
  if (name === '__proto__') throw refuse('a name that is safe as a key', shown, 'rename the entry');
  // UTF-8 cannot hold half of a surrogate pair.
  if (/\p{Surrogate}/u.test(name)) throw refuse('a name in well-formed Unicode', shown, 'rename the entry');
  return shown;
}

/** The bytes of an ArrayBuffer or Uint8Array. */
export function asBytes(bytes: unknown, refuse: Refuse, load: string): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  // A buffer of another realm (a worker, a frame) is no instance of this one's.
  if (Object.prototype.toString.call(bytes) === '[object ArrayBuffer]') return new Uint8Array(bytes as ArrayBuffer);
  throw refuse('an ArrayBuffer or Uint8Array', bytes === null ? 'null' : typeof bytes, `use ${load} for paths and URLs`);
}

/** Refuses what is not an options object and names that it does not know. */
export function checkOptions(options: unknown, known: readonly string[], refuse: Refuse): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw refuse('options in an object', describe(options), `write { ${known[0]}: ... }`);
  }
  const odd = Object.keys(options).find((name) => !known.includes(name));
  if (odd !== undefined) throw refuse(`options among ${known.join(', ')}`, odd, 'leave it out');
}
