import { type HostEntry, parseSafetensors, serializeSafetensors } from '@konv/formats';
import type { Saved, Stretch } from '../model/protocol.js';
import type { Captured } from './training.js';

const KEY = 'konv.page';

/** What the curve has to tell beside its losses. */
export interface Story {
  readonly stretches: readonly Stretch[];
  readonly accuracies: readonly (readonly [step: number, accuracy: number])[];
}

/** A training's moment as bytes: a safetensors file, so that a later version of the page can tell what it is. */
export function encodeSaved(captured: Captured, story: Story): Saved {
  const { entries, losses, settings, ...rest } = captured;
  const all = new Map<string, HostEntry>(entries).set('losses', { dtype: 'float32', shape: [losses.length], data: losses });
  const { stretches, accuracies } = story;
  return { settings, step: captured.step, bytes: serializeSafetensors(all, { [KEY]: JSON.stringify({ ...rest, stretches, accuracies }) }) };
}

/** Errors: for bytes that are not whole. */
export function decodeSaved({ settings, step, bytes }: Saved): Captured & Story {
  const { tensors, metadata } = parseSafetensors(bytes, { name: 'the saved training' });
  const { losses, ...entries } = tensors;
  const rest = JSON.parse(metadata[KEY]) as Omit<Captured & Story, 'settings' | 'losses' | 'entries'>;
  if (rest.step !== step || losses.data.length !== step)
    throw new Error(`expected a training of ${step} steps, got ${losses.data.length} losses`);
  return { ...rest, settings, losses: losses.data as Float32Array, entries: new Map(Object.entries(entries)) };
}
