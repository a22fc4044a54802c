import { FormatError } from '@konv/core-tensor';

export const LOAD = 'loadLayersModel';
export const SAVE = 'saveLayersModel';

/** An error of a file: `[loadLayersModel] expected ..., got ...; remedy`. */
export function refuse(expected: string, got: string, remedy: string, cause?: unknown): FormatError {
  return new FormatError(LOAD, `expected ${expected}, got ${got}; ${remedy}`, cause === undefined ? undefined : { cause });
}

/** The remedy for what no writer writes. */
export const AGAIN = 'save or download the model again';

/** A value of a file, short enough for a message. */
export function describe(x: unknown): string {
  if (x === undefined) return 'nothing';
  const text = typeof x === 'object' && x !== null && !Array.isArray(x) ? 'an object' : JSON.stringify(x);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

export type Json = Record<string, unknown>;

export function isRecord(x: unknown): x is Json {
  return typeof x === 'object' && x !== null && !Array.isArray(x);
}

/** What a layer asks for that konv has not; collected, so that one error names all of them. */
export class Uncovered extends Error {}

/** `"a", "b"`, at most twelve of them. */
export function quoted(names: readonly string[]): string {
  const shown = names.slice(0, 12).map((name) => JSON.stringify(name));
  return names.length > 12 ? `${shown.join(', ')} and ${names.length - 12} more` : shown.join(', ');
}
