import { signal } from '@preact/signals';
import { clear, set } from 'idb-keyval';
import type { Update } from '../model/protocol.js';
import { toQuery } from '../model/settings.js';
import { latest, problem } from './store.js';
import { KEY, store } from './saving.js';
import { trainer } from './workers.js';

/** Milliseconds from one record to the next. */
const EVERY_MS = 3000;

/** The step of the record that is stored, or null. */
export const keptStep = signal<number | null>(null);
/** Why nothing can be stored, in words; '' while it can. */
export const trouble = signal('');
/** The visitor has asked for nothing to be kept. */
export const forgotten = signal(false);

let writtenAt = Number.NEGATIVE_INFINITY;
let written = '';
let writing: Promise<void> | null = null;

const momentOf = ({ step, settings, stretches }: Update): string => `${step} ${stretches.length} ${toQuery(settings)}`;

/** Writes the one record, unless nothing has changed. Never rejects: the training does not depend on it. */
async function write(): Promise<void> {
  const update = latest.peek();
  if (forgotten.peek() || !update || update.phase === 'loading' || update.phase === 'failed') return;
  const moment = momentOf(update);
  if (moment === written) return;
  writtenAt = performance.now();
  try {
    const saved = await trainer().save();
    if (forgotten.peek()) return;
    await set(KEY, saved, store());
    written = moment;
    keptStep.value = saved.step;
    trouble.value = '';
  } catch (e) {
    complain(e);
  }
}

/** One at a time. */
function writeNow(): Promise<void> {
  writing ??= write().finally(() => {
    writing = null;
  });
  return writing;
}

let said = false;
function complain(e: unknown): void {
  trouble.value = `${reasonOf(e)}, so a reload will begin anew. The training goes on, and the weights can be downloaded.`;
  if (said) return;
  said = true;
  problem.value = trouble.value;
}

export function reasonOf(e: unknown): string {
  const { name, message } = e instanceof Error || e instanceof DOMException ? e : { name: '', message: String(e) };
  if (name === 'QuotaExceededError') return 'This browser has no room left to keep the training';
  if (['SecurityError', 'InvalidStateError', 'NotAllowedError', 'UnknownError'].includes(name)) {
    return 'This browser does not let the page keep anything (a private window, or its settings)';
  }
  return `The training could not be kept (${message})`;
}

/** Keeps the training from now on: every few seconds while something changes, and when the page goes out of sight. */
export function keep(): void {
  setInterval(() => {
    if (performance.now() - writtenAt >= EVERY_MS) void writeNow();
  }, 1000);
  addEventListener('pagehide', () => void writeNow());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') void writeNow();
  });
}

/** Removes what is stored, and stores nothing more during this visit. */
export async function forgetTraining(): Promise<void> {
  forgotten.value = true;
  await writing;
  await clear(store());
  written = '';
  keptStep.value = null;
}

/** Keeps again after `forgetTraining`. */
export function keepAgain(): void {
  forgotten.value = false;
  void writeNow();
}
