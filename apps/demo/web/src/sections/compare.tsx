import { useEffect, useState } from 'preact/hooks';
import { forwardFlops, stepFlops } from '../model/costs.js';
import type { BenchRow } from '../model/protocol.js';
import type { Settings } from '../model/settings.js';
import { latest } from '../ui/store.js';
import { Bars } from './compare/bars.js';
import './compare/compare.css';
import { cancel, findRenderer, loadTfjs, machine, measure, measuredSettings, progress, state, tfjs } from './compare/measuring.js';
import { caveats, gflopsText, msText, toMarkdown } from './compare/words.js';

/** Compressed, with the wasm file; what has really come is told when it is there. */
const TFJS_KB = 370;
const BATCH = 32;

function networkText(settings: Settings): string {
  const [c1, c2] = settings.channels;
  const [k1, k2] = settings.kernels;
  const lenet: Settings = { ...settings, architecture: 'lenet' };
  const mflop = (n: number): string => `${(n / 1e6).toFixed(0)} MFLOP`;
  return (
    `LeNet-5 with ${c1} and ${c2} channels, kernels ${k1} × ${k1} and ${k2} × ${k2}, ${BATCH} pictures at once: ` +
    `${mflop(forwardFlops(lenet, BATCH))} forward, ${mflop(stepFlops(lenet, BATCH))} a training step (SGD with momentum).`
  );
}

/** The same work on every backend, side by side. */
export function Compare() {
  useEffect(() => void findRenderer(), []);
  const settings = measuredSettings.value ?? latest.value?.settings;
  const { rows } = progress.value;
  return (
    <div class="compare">
      <p>
        {settings ? networkText(settings) : ''} All start from the same weights and pictures, and before anything is timed their scores and
        the losses of three steps are compared: only what computes the same is measured. A time is from the call until the loss, or the
        scores, can be read.
      </p>
      <Buttons />
      {rows.length > 0 && (
        <>
          <div class="columns">
            <div class="card">
              <Bars what="training step" rows={rows} />
            </div>
            <div class="card">
              <Bars what="forward" rows={rows} />
            </div>
          </div>
          <p class="hint">Shorter is faster. The scale is logarithmic: from one upright line to the next it takes ten times as long.</p>
          <Table rows={rows} />
          <p class="hint">
            GFLOP/s: thousands of millions of operations a second, two for each multiply-add of convolutions and linear layers; a training
            step is counted as three forward passes.
          </p>
          {settings && <Copy rows={rows} network={networkText(settings)} />}
        </>
      )}
      <div class="card">
        <h3>What these figures are not</h3>
        <ul class="caveats">
          {caveats(machine.value).map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function Buttons() {
  const busy = state.value !== 'idle';
  const tf = tfjs.value;
  return (
    <>
      <div class="row" role="group" aria-label="Measuring">
        {busy ? (
          <button type="button" disabled={state.value === 'cancelling'} onClick={cancel}>
            {state.value === 'cancelling' ? 'Cancelling…' : 'Cancel'}
          </button>
        ) : (
          <button type="button" class="strong" disabled={!latest.value || tf === 'loading'} onClick={() => void measure()}>
            {progress.value.rows.length > 0 ? 'Measure again' : 'Measure'}
          </button>
        )}
        {(tf === null || tf === 'loading') && (
          <button type="button" disabled={busy || tf === 'loading'} onClick={() => void loadTfjs()}>
            {tf === null ? `Load TensorFlow.js (about ${TFJS_KB} KB compressed)` : 'Loading TensorFlow.js…'}
          </button>
        )}
        <span data-fact="bench-doing">{progress.value.doing}</span>
        {/* Spoken once a round, not with every figure. */}
        <span class="visually-hidden" role="status">
          {progress.value.doing.replace(/^(Round \d+):.*/, '$1.')}
        </span>
      </div>
      <p class="hint">
        {busy
          ? 'The training is paused meanwhile, because it would disturb the figures; it goes on afterwards.'
          : 'The training pauses while it measures, because it would disturb the figures.'}{' '}
        {tf !== null && tf !== 'loading' && (
          <span data-fact="tfjs">
            TensorFlow.js {tf.version} is loaded
            {tf.bytes === null ? '' : ` (${Math.round(tf.bytes / 1000)} KB came over the network so far)`}: it is measured too, its wasm
            with one thread.
          </span>
        )}
      </p>
    </>
  );
}

function Table({ rows }: { rows: readonly BenchRow[] }) {
  return (
    <div class="scroll compare-scroll" tabIndex={0} role="region" aria-label="Times of all backends, as a table">
      <table data-fact="bench">
        <caption>Medians of the rounds</caption>
        <thead>
          <tr>
            <th scope="col">Library and backend</th>
            <th scope="col" class="what">
              What
            </th>
            <th scope="col">ms</th>
            <th scope="col">GFLOP/s</th>
            <th scope="col">Rounds</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={`${row.library} ${row.backend} ${row.what}`}
              data-library={row.library}
              data-backend={row.backend}
              data-what={row.what}
            >
              <th scope="row">
                {row.library}, {row.backend}
              </th>
              <td class="what">{row.what}</td>
              {row.unavailable !== null ? (
                <td colSpan={3} class="why">
                  {row.unavailable}
                </td>
              ) : (
                <>
                  <td>{row.ms === null ? '…' : msText(row.ms)}</td>
                  <td>{row.gflops === null ? '…' : gflopsText(row.gflops)}</td>
                  <td>{row.rounds}</td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Copy({ rows, network }: { rows: readonly BenchRow[]; network: string }) {
  const [said, setSaid] = useState('');
  const [shown, setShown] = useState<string | null>(null);
  const copy = async (): Promise<void> => {
    const text = toMarkdown(rows, network, machine.value);
    try {
      await navigator.clipboard.writeText(text);
      setSaid('Copied.');
      setShown(null);
    } catch {
      setSaid('The browser does not let the page copy; here is the text.');
      setShown(text);
    }
  };
  return (
    <>
      <div class="row">
        <button type="button" onClick={() => void copy()}>
          Copy as Markdown
        </button>
        <span role="status">{said}</span>
      </div>
      {shown !== null && (
        <label class="compare-text">
          The table as Markdown
          <textarea readOnly rows={8} value={shown} />
        </label>
      )}
    </>
  );
}
