import { signal } from '@preact/signals';
import { type PlannedLayer, planOf } from '../../model/layers.js';
import type { LayerMaps, UnitRef, UnitReport } from '../../model/protocol.js';
import { latest, picture } from '../../ui/store.js';
import { trainer } from '../../ui/workers.js';
import { nearest } from './fields.js';
import { calm, network, oneAtATime } from './following.js';

/** The unit that was chosen; `nearest` makes it one of the network of now. */
export const chosen = signal<UnitRef>({ layer: 0, index: [0, 14, 14] });
/** What a layer's picture shows. */
export const side = signal<'values' | 'gradients'>('values');
export const follow = signal(!calm());
/** The reader's focus is in a table, or a long one is open: nothing changes under it. */
export const reading = signal(false);
export const trouble = signal('');

/** A report, and the network that it is of. */
export interface Seen {
  /** Which network it is of. */
  readonly network: string;
  readonly plan: readonly PlannedLayer[];
  readonly report: UnitReport;
}
export const seen = signal<Seen | null>(null);

const fits = (plan: readonly PlannedLayer[], maps: readonly LayerMaps[]): boolean =>
  plan.length === maps.length && plan.every(({ shape }, i) => String(shape) === String(maps[i].values.shape));

export const refresh = oneAtATime(async () => {
  const settings = latest.peek()?.settings;
  if (!settings) return;
  const plan = planOf(settings);
  const of = network.peek();
  const unit = nearest(plan, chosen.peek());
  const at = picture.peek();
  try {
    const report = await trainer().unit(unit, at);
    // Another network came in between: what follows asks again.
    if (!fits(plan, report.maps)) return;
    seen.value = { network: of, plan, report };
    trouble.value = '';
  } catch (e) {
    trouble.value = e instanceof Error ? e.message : String(e);
  }
});

/** Chooses a unit, and says so when its numbers are there. */
export async function choose(unit: UnitRef): Promise<void> {
  chosen.value = unit;
  await refresh();
}
