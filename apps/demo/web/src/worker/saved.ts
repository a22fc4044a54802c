import { type HostEntry, parseSafetensors, serializeSafetensors } from '@konv/formats';
import type { Saved } from '../model/protocol.js';
import type { Captured } from './training.js';

const KEY = 'konv.page';

/** A training's moment as bytes: a safetensors file, so that a later version of the page can tell what it is. */
export function encodeSaved(captured: Captured): Saved {
  const { entries, losses, ...rest } = captured;
  const all = new Map<string, HostEntry>(entries).set('losses', { dtype: 'float32', shape: [losses.length], data: losses });
  return { settings: captured.settings, step: captured.step, bytes: serializeSafetensors(all, { [KEY]: JSON.stringify(rest) }) };
}

/** Errors: for bytes that are not whole. */
export function decodeSaved({ bytes }: Saved): Captured {
  const { tensors, metadata } = parseSafetensors(bytes);
  const { losses, ...entries } = tensors;
  return { ...JSON.parse(metadata[KEY]), losses: losses.data as Float32Array, entries: new Map(Object.entries(entries)) } as Captured;
}
