import type { Series } from './chart.js';
import { thin } from './chart.js';
import { latest, losses } from './store.js';

/** The loss curve in pieces, one for each time that a backend took over; every backend has a line style of its own. */
export function lossSeries(): Series[] {
  const stretches = latest.value?.stretches ?? [];
  const names = [...new Set(stretches.map((s) => s.backend))];
  const begins = stretches.filter((s, i) => s.backend !== stretches[i - 1]?.backend);
  return begins.map((s, i) => ({
    name: `${s.backend}, from step ${s.from}`,
    style: names.indexOf(s.backend),
    points: thin(losses, s.from, Math.min(begins[i + 1]?.from ?? losses.length, losses.length)),
  }));
}

/** Where something was changed, and what. */
export function lossMarks(): { x: number; text: string }[] {
  return (latest.value?.stretches ?? []).slice(1).map((s) => ({ x: s.from, text: s.why === 'backend' ? s.backend : s.why }));
}
