import type { Tensor } from '@konv/core-tensor';
import { type Entries, readAll } from '../entries.js';
import { refuser } from '../refuse.js';
import { writeAtomically } from '../write-atomically.js';
import type { Metadata } from './header.js';
import { serializeSafetensors } from './serialize.js';

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
  return serializeSafetensors(new Map(await readAll(tensors, refuser('saveSafetensors'))), options.metadata);
}

/** `saveSafetensors` into a file, whole or not at all; see `writeAtomically`. Node only. */
export async function writeSafetensors(path: string | URL, tensors: Entries<Tensor>, options: SaveOptions = {}): Promise<void> {
  await writeAtomically(path, await saveSafetensors(tensors, options));
}
