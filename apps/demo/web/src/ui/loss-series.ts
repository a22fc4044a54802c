import type { Series } from './chart.js';
import { thin } from './chart.js';
import type { Update } from '../model/protocol.js';
import { losses } from './store.js';

/** The loss curve in pieces, one for each time that a backend took over; every backend has a line style of its own. */
export function lossSeries(update: Update | null): Series[] {
  const stretches = update?.stretches ?? [];
  const names = [...new Set(stretches.map((s) => s.backend))];
  const begins = stretches.filter((s, i) => s.backend !== stretches[i - 1]?.backend);
  return begins.map((s, i) => ({
    name: `${s.backend}, from step ${s.from}`,
    style: names.indexOf(s.backend),
    points: thin(losses, s.from, Math.min(begins[i + 1]?.from ?? losses.length, losses.length)),
  }));
}

/** Where something was changed, and what; changes at the same step share a mark. */
export function lossMarks(update: Update | null): { x: number; text: string }[] {
  const words = new Map<number, string[]>();
  for (const { from, why, backend } of (update?.stretches ?? []).slice(1)) {
    const word = why === 'backend' ? backend : why;
    const before = words.get(from) ?? [];
    if (!before.includes(word)) words.set(from, [...before, word]);
  }
  return [...words].map(([x, all]) => ({ x, text: all.join(', ') }));
}
