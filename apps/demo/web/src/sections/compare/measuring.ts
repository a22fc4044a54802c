import { proxy } from 'comlink';
import { signal } from '@preact/signals';
import type { BenchProgress, LoadedTfjs } from '../../model/protocol.js';
import type { Settings } from '../../model/settings.js';
import { ask, latest } from '../../ui/store.js';
import { lab, trainer } from '../../ui/workers.js';
import { browserName, type Machine } from './words.js';

export type State = 'idle' | 'measuring' | 'cancelling';

export const state = signal<State>('idle');
export const progress = signal<BenchProgress>({ rows: [], doing: '' });
/** The settings that `progress` is of. */
export const measuredSettings = signal<Settings | null>(null);
export const tfjs = signal<LoadedTfjs | 'loading' | null>(null);
export const machine = signal<Machine>({
  browser: browserName(navigator.userAgent),
  cores: navigator.hardwareConcurrency || null,
  isolated: crossOriginIsolated,
  renderer: null,
});

let asked = false;

export async function findRenderer(): Promise<void> {
  if (asked) return;
  asked = true;
  const renderer = await lab()
    .renderer()
    .catch(() => null);
  machine.value = { ...machine.value, renderer };
}

export async function loadTfjs(): Promise<void> {
  tfjs.value = 'loading';
  tfjs.value = (await ask(lab().loadTfjs())) ?? null;
}

/** Measures everything. The training rests meanwhile: it would take the processor away from what is measured. */
export async function measure(): Promise<void> {
  const update = latest.value;
  if (!update || state.value !== 'idle') return;
  state.value = 'measuring';
  const ran = update.phase === 'running';
  if (ran) await ask(trainer().pause());
  measuredSettings.value = update.settings;
  progress.value = { rows: [], doing: 'Beginning.' };
  const heard = (now: BenchProgress): void => {
    progress.value = now;
  };
  const last = await ask(lab().bench(update.settings, proxy(heard)));
  progress.value = last ?? { ...progress.value, doing: 'It could not be measured.' };
  // Unless somebody has stopped it meanwhile, or set it going.
  if (ran && latest.value?.phase === 'paused') await ask(trainer().resume());
  state.value = 'idle';
}

export function cancel(): void {
  state.value = 'cancelling';
  void ask(lab().stopBench());
}
