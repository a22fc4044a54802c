import { FormatError, isTensor, type Tensor } from '@konv/core-tensor';
import { writeAtomically } from '../write-atomically.js';
import type { Metadata } from './header.js';
import { type Entries, type HostEntry, pairs, serializeSafetensors } from './serialize.js';

export interface SaveOptions {
  /** Texts by name, in the header. */
  metadata?: Readonly<Metadata>;
}

/**
 * The bytes of a safetensors file with the values that the tensors have at the moment of the call: training may go on
 * while they are read. float32, float64, int32 and bool as F32, F64, I32 and BOOL.
 *
 * Errors: `DisposedError`; `FormatError` for names and metadata that a file cannot hold.
 */
export async function saveSafetensors(tensors: Entries<Tensor>, options: SaveOptions = {}): Promise<Uint8Array> {
  const list = pairs(tensors);
  for (const [name, t] of list) {
    if (!isTensor(t))
      throw new FormatError('saveSafetensors', `expected "${name}" to be a tensor, got ${typeof t}; leave it out or put it into metadata`);
  }
  // Every read is issued before the first await, so all are of one moment.
  const reads = await Promise.all(
    list.map(async ([name, t]): Promise<[string, HostEntry]> => [name, { dtype: t.dtype, shape: t.shape, data: await t.data() }]),
  );
  return serializeSafetensors(new Map(reads), options.metadata);
}

/** `saveSafetensors` into a file, whole or not at all; see `writeAtomically`. Node only. */
export async function writeSafetensors(path: string | URL, tensors: Entries<Tensor>, options: SaveOptions = {}): Promise<void> {
  await writeAtomically(path, await saveSafetensors(tensors, options));
}
