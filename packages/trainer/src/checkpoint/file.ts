import { readSafetensors, serializeSafetensors, type Source, writeAtomically } from '@konv/formats';
import { checkState, type TrainerState } from './state.js';
import { decodeTree, encodeTree, refuse } from './tree.js';

/** Under which name of the metadata the JSON stands. */
const KEY = 'konv.trainer';

/**
 * Writes a training's state to a safetensors file, whole or not at all: its arrays as tensors (the model's as
 * `model.<key>`), the rest as JSON in the metadata. Node only. Errors: `FormatError`; the old file is then as it was.
 */
export async function writeCheckpoint(path: string | URL, state: TrainerState): Promise<void> {
  const { json, entries } = encodeTree(checkState(state) as unknown as Record<string, unknown>);
  await writeAtomically(path, serializeSafetensors(entries, { format: 'pt', [KEY]: json }));
}

/** A training's state from a file of `writeCheckpoint`. Errors: `FormatError` for anything else. */
export async function readCheckpoint(source: Source): Promise<TrainerState> {
  const { tensors, metadata } = await readSafetensors(source);
  const json = metadata[KEY];
  if (json === undefined) {
    throw refuse('a checkpoint of a training', 'a file of tensors only', 'load it into the model: model.loadStateDict(...)');
  }
  return checkState(decodeTree(json, tensors));
}

/** The state that `resume` names: one itself, or where its file is. */
export async function stateOf(resume: unknown): Promise<TrainerState> {
  const isSource =
    typeof resume === 'string' ||
    resume instanceof URL ||
    resume instanceof Uint8Array ||
    resume instanceof ArrayBuffer ||
    (typeof Blob === 'function' && resume instanceof Blob) ||
    (typeof Response === 'function' && resume instanceof Response);
  return isSource ? readCheckpoint(resume as Source) : checkState(resume);
}
