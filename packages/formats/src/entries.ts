import {
  BackendError,
  type DType,
  fromHost,
  getBackend,
  type HostArray,
  isDType,
  isTensor,
  type Shape,
  showShape,
  sizeOf,
  type Tensor,
} from '@konv/core-tensor';
import { describe, type Refuse } from './refuse.js';

/** A tensor in host memory, to be written. */
export interface HostEntry {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Row-major. */
  readonly data: HostArray;
}
/** By name. */
export type Entries<T> = ReadonlyMap<string, T> | Readonly<Record<string, T>>;

/** The pairs of a Map or a plain object. */
export function pairs<T>(entries: Entries<T>, refuse: Refuse): [string, T][] {
  if (entries instanceof Map) return [...entries];
  if (typeof entries !== 'object' || entries === null || Array.isArray(entries) || ArrayBuffer.isView(entries) || isTensor(entries)) {
    const got = Array.isArray(entries) ? 'an array' : isTensor(entries) ? 'a tensor' : String(entries);
    throw refuse('tensors by name, in an object or a Map', got, 'pass a stateDict()');
  }
  return Object.entries(entries);
}

const constructors = { bool: Uint8Array, int32: Int32Array, float32: Float32Array, float64: Float64Array };

/** Refuses an entry whose data is not that of its dtype and shape; `shown` is what errors call it. */
export function checkEntry(shown: string, entry: HostEntry, refuse: Refuse, save: string): void {
  if (typeof entry !== 'object' || entry === null || !isDType(entry.dtype) || !Array.isArray(entry.shape)) {
    throw refuse(`${shown} to have dtype, shape and data`, String(entry), `pass host entries; for tensors use ${save}`);
  }
  const { dtype, shape, data } = entry;
  if (!(data instanceof constructors[dtype])) {
    throw refuse(
      `the ${dtype} data of ${shown} in ${constructors[dtype].name}`,
      (data as object | undefined)?.constructor?.name ?? String(data),
      'convert it first',
    );
  }
  if (!shape.every((d) => Number.isSafeInteger(d) && d >= 0) || sizeOf(shape) !== data.length) {
    throw refuse(`${shown} to have as many values as shape ${showShape(shape)}`, `${data.length}`, 'reshape it first');
  }
}

/**
 * The values that the tensors have at the moment of the call. Every read is issued before the first await. `op` is what
 * errors call the caller.
 */
export async function readAll(tensors: Entries<Tensor>, refuse: Refuse): Promise<[string, HostEntry][]> {
  const list = pairs(tensors, refuse);
  for (const [name, t] of list) {
    if (!isTensor(t)) throw refuse(`${describe(name)} to be a tensor`, typeof t, 'leave it out or put it elsewhere');
  }
  return Promise.all(
    list.map(async ([name, t]): Promise<[string, HostEntry]> => [name, { dtype: t.dtype, shape: t.shape, data: await t.data() }]),
  );
}

/**
 * Tensors on `backend` (default: where new tensors are made), outside every scope. `parse` is what errors name as the way
 * out. Errors: `BackendError` where the backend does not hold a dtype; no tensor is left behind.
 */
export function placeAll(
  op: string,
  parse: string,
  entries: Readonly<Record<string, HostEntry>>,
  backendName: string | undefined,
): Record<string, Tensor> {
  const backend = getBackend(backendName);
  const { dtypes } = backend.capabilities;
  for (const [key, { dtype }] of Object.entries(entries)) {
    if (dtypes.includes(dtype)) continue;
    throw new BackendError(
      op,
      `expected "${backend.name}" to hold ${dtype} ("${key}"), got ${dtypes.join(', ')}; name another backend, or use ${parse} and convert`,
    );
  }
  const out: Record<string, Tensor> = Object.create(null);
  try {
    for (const [key, { dtype, shape, data }] of Object.entries(entries)) out[key] = fromHost(backend, data, shape, dtype).keep();
  } catch (e) {
    for (const t of Object.values(out)) t.dispose();
    throw e;
  }
  return out;
}
