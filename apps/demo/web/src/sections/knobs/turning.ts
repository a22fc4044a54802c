import { signal } from '@preact/signals';
import type { Settings } from '../../model/settings.js';
import { change, latest } from '../../ui/store.js';

/** What is in force; changes only when it does, unlike the updates. */
export const inForce = signal<Settings | null>(null);
let key = '';
latest.subscribe((update) => {
  if (!update) return;
  const now = JSON.stringify(update.settings);
  if (now === key) return;
  key = now;
  inForce.value = update.settings;
});

/** Names of knobs whose change is on its way. */
export const turning = signal<readonly string[]>([]);
/** What became of the last change, for those who do not see it. */
export const said = signal('');

let queue: Promise<void> = Promise.resolve();

/** One change after the other: each starts from what the one before it has put in force. */
export function turn(name: string, partOf: (now: Settings) => Partial<Settings>): void {
  turning.value = [...turning.value, name];
  said.value = `${name}: on its way.`;
  queue = queue.then(async () => {
    const now = latest.value?.settings;
    const taken = now !== undefined && (await change(partOf(now)));
    const at = turning.value.indexOf(name);
    turning.value = turning.value.filter((_, i) => i !== at);
    said.value = taken ? `${name}: in force.` : `${name}: could not be changed; what was in force stays.`;
  });
}
