import { signal } from '@preact/signals';
import { CLASSES, classNames } from '../../model/layers.js';
import type { Evaluation, LabelledPicture, LayerMaps } from '../../model/protocol.js';
import { ask, latest, picture } from '../../ui/store.js';
import { trainer } from '../../ui/workers.js';
import { calm, oneAtATime } from '../unit/following.js';

export const maps = signal<readonly LayerMaps[] | null>(null);
export const followMaps = signal(!calm());
export const evaluation = signal<Evaluation | null>(null);
export const evaluating = signal(false);
/** The cell of the matrix that is open. */
export const cell = signal<{ readonly label: number; readonly guess: number } | null>(null);

export const refreshMaps = oneAtATime(async () => {
  // Another network may be on its way: what follows asks again.
  const found = await trainer()
    .maps(picture.peek())
    .catch(() => null);
  if (found) maps.value = found;
});

const evaluateOnce = oneAtATime(async () => {
  const found = await ask(trainer().evaluate());
  if (!found) return;
  cell.value ??= worstConfusion(found.counts);
  evaluation.value = found;
});

/** What is taken for something else most often. */
function worstConfusion(counts: Int32Array): { label: number; guess: number } {
  const wrong = counts.map((n, k) => (k % CLASSES === Math.floor(k / CLASSES) ? -1 : n));
  const most = wrong.indexOf(Math.max(...wrong));
  return { label: Math.floor(most / CLASSES), guess: most % CLASSES };
}

export async function evaluate(): Promise<void> {
  evaluating.value = true;
  await evaluateOnce();
  evaluating.value = false;
}

// --- another moment of the training ---------------------------------------------------------------------------------

/** The training ran before a moment was looked at. */
let ran = false;
let wanted: number | null = null;

const showWanted = oneAtATime(async () => {
  await ask(trainer().show(wanted));
});

/** Shows the weights of a snapshot; while one is on its way only the last that is asked for counts. */
export async function showStep(step: number): Promise<void> {
  const update = latest.peek();
  if (update?.shown === null && wanted === null) ran = update.phase === 'running';
  wanted = step;
  await showWanted();
}

/** The latest weights again; the training goes on if it ran before. */
export async function backToNow(): Promise<void> {
  wanted = null;
  await showWanted();
  if (ran) await ask(trainer().resume());
  ran = false;
}

export async function goOnFromHere(): Promise<void> {
  wanted = null;
  ran = false;
  await ask(trainer().rewind());
}

// --- test pictures --------------------------------------------------------------------------------------------------

const known = new Map<number, Promise<LabelledPicture>>();

/** A test picture, fetched from the worker once. */
export function testPicture(index: number): Promise<LabelledPicture> {
  const found = known.get(index) ?? trainer().picture({ set: 'test', index });
  known.set(index, found);
  found.catch(() => known.delete(index));
  return found;
}

export const confusion = (label: number, guess: number): string =>
  label === guess ? `${classNames[label]}, recognised` : `${classNames[label]}, taken for ${classNames[guess]}`;
