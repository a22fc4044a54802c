import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { planOf } from '../../model/layers.js';
import type { Agreement } from '../../model/protocol.js';
import type { Settings } from '../../model/settings.js';
import { ask, latest } from '../../ui/store.js';
import { trainer } from '../../ui/workers.js';
import { placeOnLog, powerOfTen, shortDifference } from './numbers.js';

interface Found {
  readonly step: number;
  readonly settings: Settings;
  readonly all: readonly Agreement[];
}

const found = signal<Found | null>(null);
const busy = signal(false);

async function compare(): Promise<void> {
  busy.value = true;
  const all = await ask(trainer().agreement());
  const update = latest.value;
  if (all && update) found.value = { step: update.step, settings: update.settings, all };
  busy.value = false;
}

const worst = ({ gradients }: Agreement): number => gradients.reduce((most, g) => Math.max(most, g.difference), 0);

/** How closely the backends agree, as dots on a logarithmic line for each parameter. */
export function AgreementPlot() {
  const now = found.value;
  return (
    <div class="card agreement">
      <h3>Do the backends agree?</h3>
      <p>
        Every backend computes the gradients of the same step, from the same weights and the same pictures. A first computation with twice
        as many digits is the reference. Dots left of {powerOfTen(-5)} are rounding: a number of single precision has about seven digits,
        and sums are added in another order. A dot far to the right would be a mistake.
      </p>
      <div class="row">
        <button type="button" disabled={busy.value} onClick={() => void compare()}>
          {now ? 'Compare again, with the weights of now' : 'Compare them on one step'}
        </button>
        <span role="status">{busy.value ? 'Computing; the training waits for it.' : ''}</span>
      </div>
      {now && <Plot {...now} />}
    </div>
  );
}

/** `0.weight` with the kind of its layer. */
function named(parameter: string, settings: Settings): string {
  return `${planOf(settings)[Number(parameter.split('.')[0])]?.kind ?? ''} ${parameter}`.trim();
}

function Plot({ step, settings, all }: Found) {
  const [open, setOpen] = useState(false);
  const ran = all.filter((a) => a.unavailable === null);
  const names = ran[0]?.gradients.map((g) => g.parameter) ?? [];
  const values = ran.flatMap((a) => a.gradients.map((g) => g.difference)).filter((x) => x > 0 && Number.isFinite(x));
  const low = Math.min(-9, ...values.map((x) => Math.floor(Math.log10(x))));
  const high = Math.max(-3, ...values.map((x) => Math.ceil(Math.log10(x))));
  const at = (x: number): string => `${100 * placeOnLog(x, low, high)}%`;
  const powers = Array.from({ length: (high - low) / 2 + 1 }, (_, i) => low + 2 * i);
  return (
    <figure class="agree" data-fact="agreement">
      <ul class="agree-legend">
        {all.map((a, i) => (
          <li key={a.backend} data-backend={a.backend}>
            <Dot kind={i} /> <b>{a.backend}</b>:{' '}
            {a.unavailable ?? `loss ${a.loss.toPrecision(6)}, at most ${shortDifference(worst(a))} apart: ${verdict(worst(a))}`}
          </li>
        ))}
      </ul>
      <div role="img" aria-label={summary(ran)} class="agree-plot">
        {names.map((name, row) => (
          <div key={name} class="agree-row">
            <span class="agree-name">{named(name, settings)}</span>
            <span class="agree-line">
              <span class="agree-band" style={{ left: at(1e-7), right: `${100 - 100 * placeOnLog(1e-5, low, high)}%` }} />
              {all.map((a, i) =>
                a.gradients[row] ? (
                  <span key={a.backend} class="agree-dot" style={{ left: at(a.gradients[row].difference) }}>
                    <Dot kind={i} />
                  </span>
                ) : null,
              )}
            </span>
          </div>
        ))}
        <div class="agree-row">
          <span class="agree-name" />
          <span class="agree-line agree-axis">
            {powers.map((n) => (
              <span key={n} class="agree-tick" style={{ left: at(10 ** n) }}>
                {powerOfTen(n)}
              </span>
            ))}
          </span>
        </div>
      </div>
      <figcaption class="hint">
        Greatest difference of a parameter’s gradient, over its greatest magnitude; near step {step}, with the first {settings.batch}{' '}
        training images. The shaded band is {powerOfTen(-7)} to {powerOfTen(-5)}.{' '}
        <button type="button" class="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? 'Hide' : 'Show'} as a table
        </button>
      </figcaption>
      {open && <Numbers all={ran} names={names} />}
    </figure>
  );
}

function verdict(most: number): string {
  if (most <= 1e-5) return 'rounding';
  return most <= 1e-3 ? 'more than usual, still small' : 'this is more than rounding';
}

const summary = (ran: readonly Agreement[]): string =>
  `Greatest differences from double precision: ${ran.map((a) => `${a.backend} ${shortDifference(worst(a))}`).join(', ')}.`;

function Numbers({ all, names }: { all: readonly Agreement[]; names: readonly string[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Differences of the gradients, as a table">
      <table>
        <caption>Greatest difference over greatest magnitude, by parameter</caption>
        <thead>
          <tr>
            <th scope="col">parameter</th>
            {all.map((a) => (
              <th key={a.backend} scope="col">
                {a.backend}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((name, i) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {all.map((a) => (
                <td key={a.backend}>{shortDifference(a.gradients[i].difference)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const forms = ['M7 2a5 5 0 1 0 .01 0Z', 'M2.5 2.5h9v9h-9Z', 'M7 1.5 13 12H1Z', 'M7 1 13 7 7 13 1 7Z'];

/** A form for each backend: told apart without colours. */
function Dot({ kind }: { kind: number }) {
  return (
    <svg viewBox="0 0 14 14" class={`dot dot-${kind % 4}`} aria-hidden="true">
      <path d={forms[kind % 4]} />
    </svg>
  );
}
