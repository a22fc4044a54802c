import type { BenchRow } from '../../model/protocol.js';
import { barLength, decades, msText } from './words.js';

const scaleText = (power: number): string => (power >= 3 ? `${10 ** (power - 3)} s` : `${10 ** power} ms`);

/** Times as bars on a logarithmic line: from one upright line to the next it takes ten times as long. */
export function Bars({ what, rows }: { what: BenchRow['what']; rows: readonly BenchRow[] }) {
  const timed = rows.filter((row): row is BenchRow & { ms: number } => row.what === what && row.ms !== null);
  if (timed.length === 0) return null;
  const all = timed.map((row) => row.ms);
  const [low, high] = decades(all);
  const powers = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  const sorted = [...timed].sort((a, b) => a.ms - b.ms);
  return (
    <div class="times">
      <h3>{what === 'forward' ? 'Forward pass' : 'Training step'}</h3>
      <div role="img" aria-label={`${what}: ${sorted.map((r) => `${r.library} ${r.backend} ${msText(r.ms)} ms`).join(', ')}`}>
        {sorted.map((row) => (
          <div key={`${row.library} ${row.backend}`} class={`time ${row.library === 'konv' ? 'time-konv' : 'time-other'}`}>
            <span class="time-name">
              {row.library}, {row.backend}
            </span>
            <span class="time-line">
              {powers.map((p) => (
                <span key={p} class="time-grid" style={{ left: `${(100 * (p - low)) / (high - low)}%` }} />
              ))}
              <span class="time-bar" style={{ width: `${100 * barLength(row.ms, all)}%` }} />
            </span>
            <span class="time-value">{msText(row.ms)} ms</span>
          </div>
        ))}
        <div class="time">
          <span class="time-name" />
          <span class="time-line time-axis">
            {powers.map((p) => (
              <span key={p} class="time-tick" style={{ left: `${(100 * (p - low)) / (high - low)}%` }}>
                {scaleText(p)}
              </span>
            ))}
          </span>
          <span class="time-value" />
        </div>
      </div>
    </div>
  );
}
