import type { Tensor } from '@konv/core-tensor';
import { type Entries, readAll } from '../entries.js';
import { refuser } from '../refuse.js';
import { writeAtomically } from '../write-atomically.js';
import { checkedOptions, type NpzSaveOptions, serializeNpz } from './serialize.js';

/**
 * The bytes of an .npz archive with the values that the tensors have at the moment of the call.
 * float32, float64, int32 and bool as <f4, <f8, <i4 and |b1; with `compressed`, deflated.
 *
 * Errors: `DisposedError`; `FormatError` for names that a file cannot hold.
 * Source: numpy.savez, numpy.savez_compressed.
 */
export async function saveNpz(tensors: Entries<Tensor>, options: NpzSaveOptions = {}): Promise<Uint8Array> {
  checkedOptions(options);
  return serializeNpz(new Map(await readAll(tensors, refuser('saveNpz'))), options);
}

/** `saveNpz` into a file, whole or not at all; see `writeAtomically`. Node only. */
export async function writeNpz(path: string | URL, tensors: Entries<Tensor>, options: NpzSaveOptions = {}): Promise<void> {
  await writeAtomically(path, await saveNpz(tensors, options));
}
