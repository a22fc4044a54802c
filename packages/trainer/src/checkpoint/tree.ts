/**
 * States are trees: plain values, and arrays of numbers as `HostEntry`s. A file holds the arrays as tensors and the rest
 * as JSON, in which `{ "$tensor": name }` stands for an array and `{ "$number": "NaN" }` for what JSON lacks.
 */
import { type DType, FormatError, fromHost, getBackend, isTensor, type Tensor } from '@konv/core-tensor';
import type { HostEntry } from '@konv/formats';

/** Deeper than any state; a hostile file ends here and not in the stack. */
const MAX_DEPTH = 32;
const SPECIAL = ['NaN', 'Infinity', '-Infinity', '-0'];

export function isEntry(x: unknown): x is HostEntry {
  return typeof x === 'object' && x !== null && ArrayBuffer.isView((x as Partial<HostEntry>).data);
}

export function isRecord(x: unknown): x is Record<string, unknown> {
  return typeof x === 'object' && x !== null && !Array.isArray(x) && !isEntry(x);
}

/** A copy of a tree with `leaf` of all that is no list and no record. */
function map(x: unknown, leaf: (x: unknown, path: string) => unknown, path = ''): unknown {
  if (isTensor(x) || isEntry(x)) return leaf(x, path);
  if (Array.isArray(x)) return x.map((v, i) => map(v, leaf, `${path}.${i}`));
  if (!isRecord(x)) return leaf(x, path);
  const fields = Object.entries(x).filter(([, v]) => v !== undefined);
  return Object.fromEntries(fields.map(([key, v]) => [key, map(v, leaf, path === '' ? key : `${path}.${key}`)]));
}

/** A copy of a tree with the values that its tensors have now; every read is issued before the first is awaited. */
export async function readTree(tree: unknown): Promise<unknown> {
  const reads: Promise<void>[] = [];
  const copy = map(tree, (x) => {
    if (!isTensor(x)) return x;
    const entry: { dtype: DType; shape: readonly number[]; data: HostEntry['data'] | null } = {
      dtype: x.dtype,
      shape: x.shape,
      data: null,
    };
    reads.push(
      x.data().then((data) => {
        entry.data = data;
      }),
    );
    return entry;
  });
  await Promise.all(reads);
  return copy;
}

/** A tensor outside of every scope; `dispose()` it. */
export function place({ data, shape, dtype }: HostEntry, backend: string): Tensor {
  return fromHost(getBackend(backend), data, shape, dtype).keep();
}

export function bytes(values: Uint8Array): HostEntry {
  return { dtype: 'int32', shape: [values.length], data: Int32Array.from(values) };
}

export function floats(values: readonly number[]): HostEntry {
  return { dtype: 'float64', shape: [values.length], data: Float64Array.from(values) };
}

/** The JSON of a tree, and its arrays under their paths. Errors: `FormatError` for what neither can hold. */
export function encodeTree(tree: Record<string, unknown>): { json: string; entries: Map<string, HostEntry> } {
  const entries = new Map<string, HostEntry>();
  const plain = map(tree, (x, path) => {
    if (isEntry(x)) {
      let name = path;
      for (let i = 1; entries.has(name); i++) name = `${path}~${i}`;
      entries.set(name, x);
      return { $tensor: name };
    }
    if (typeof x === 'number' && (!Number.isFinite(x) || Object.is(x, -0))) return { $number: Object.is(x, -0) ? '-0' : String(x) };
    if (x === null || typeof x === 'string' || typeof x === 'number' || typeof x === 'boolean') return x;
    throw refuse('plain values', `${isTensor(x) ? 'a tensor' : typeof x} at ${path}`, 'leave it out');
  });
  return { json: JSON.stringify(plain), entries };
}

/** The tree of a file. Errors: `FormatError` for anything that `encodeTree` does not write. */
export function decodeTree(json: string, entries: Readonly<Record<string, HostEntry>>): Record<string, unknown> {
  let plain: unknown;
  try {
    plain = JSON.parse(json);
  } catch (e) {
    throw refuse('a state in JSON', (e as Error).message, AGAIN);
  }
  const unused = new Set(Object.keys(entries));
  const revive = (x: unknown, depth: number): unknown => {
    if (depth > MAX_DEPTH) throw refuse(`at most ${MAX_DEPTH} levels`, 'more', AGAIN);
    if (Array.isArray(x)) return x.map((v) => revive(v, depth + 1));
    if (!isRecord(x)) return x;
    const keys = Object.keys(x);
    const { $tensor: name, $number: number } = x;
    if (keys.length === 1 && keys[0] === '$tensor') {
      if (typeof name !== 'string' || !unused.delete(name)) throw refuse('each tensor once', JSON.stringify(name), AGAIN);
      const { dtype, shape, data } = entries[name];
      return { dtype, shape, data };
    }
    if (keys.length === 1 && keys[0] === '$number') {
      if (!SPECIAL.includes(number as string)) throw refuse(`a number of ${SPECIAL.join(', ')}`, JSON.stringify(number), AGAIN);
      return Number(number);
    }
    const odd = keys.find((key) => key === '__proto__' || key.startsWith('$'));
    if (odd !== undefined) throw refuse('safe keys', `"${odd}"`, AGAIN);
    return Object.fromEntries(keys.map((key) => [key, revive(x[key], depth + 1)]));
  };
  const tree = revive(plain, 0);
  if (!isRecord(tree)) throw refuse('a state in an object', Array.isArray(tree) ? 'an array' : String(tree), AGAIN);
  if (unused.size > 0) throw refuse('no other tensors', `"${[...unused][0]}"`, AGAIN);
  return tree;
}

const AGAIN = 'save the checkpoint again';

export function refuse(expected: string, got: string, remedy: string): FormatError {
  return new FormatError('checkpoint', `expected ${expected}, got ${got}; ${remedy}`);
}
