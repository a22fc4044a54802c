import { proxy } from 'comlink';
import { signal } from '@preact/signals';
import type { Picture, Saved, Update } from '../model/protocol.js';
import { fromQuery, type Settings, toQuery } from '../model/settings.js';
import { trainer } from './workers.js';

/** What the trainer said last. */
export const latest = signal<Update | null>(null);
/** Losses of all steps so far; grows in place, `latest` tells when. */
export const losses: number[] = [];
/** The first layer's weights as they were told last. */
export const kernels = signal<Update['kernels']>(null);
/** Whose guess is shown everywhere. */
export const picture = signal<Picture>({ set: 'train', index: 0 });
/** What went wrong with the last thing that was asked for, in words; '' when nothing did. */
export const problem = signal('');

function hear(update: Update): void {
  if (update.whole) losses.length = 0;
  for (const loss of update.losses) losses.push(loss);
  if (update.kernels) kernels.value = update.kernels;
  latest.value = update;
}

/** Asks for something and shows what goes wrong. Resolves to undefined then. */
export async function ask<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    const result = await work;
    problem.value = '';
    return result;
  } catch (e) {
    problem.value = e instanceof Error ? e.message : String(e);
    return undefined;
  }
}

/** How many threads wasm gets unless the address says otherwise: one core is left to the page. */
function usualThreads(): number {
  return crossOriginIsolated ? Math.max(1, Math.min(8, (navigator.hardwareConcurrency || 2) - 1)) : 1;
}

function initialSettings(): Settings {
  const settings = fromQuery(location.search);
  return new URLSearchParams(location.search).has('threads') ? settings : { ...settings, threads: usualThreads() };
}

export async function begin(saved: Saved | null): Promise<void> {
  await ask(trainer().start(initialSettings(), saved, proxy(hear)));
  if (latest.value === null) problem.value = `The training could not begin (${problem.value}). Reload the page when you are online.`;
}

/** Puts settings in force: into the training and into the address. False where they could not be had. */
export async function change(part: Partial<Settings>): Promise<boolean> {
  const current = latest.value?.settings;
  if (!current) return false;
  const settings: Settings = { ...current, ...part };
  const query = toQuery(settings);
  if (
    !(await ask(
      trainer()
        .change(settings)
        .then(() => true),
    ))
  )
    return false;
  await told(query);
  history.replaceState(null, '', `${location.pathname}${query}${location.hash}`);
  return true;
}

/** Updates come through another channel than answers, so they may be later: waits for the one that has these settings, a second at most. */
function told(query: string): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stop?.();
      resolve();
    };
    const timer = setTimeout(end, 1000);
    let stop: (() => void) | null = null;
    stop = latest.subscribe((update) => {
      if (update && toQuery(update.settings) === query) queueMicrotask(end);
    });
  });
}

export function look(at: Picture): void {
  picture.value = at;
  void ask(trainer().look(at));
}
