import { signal } from '@preact/signals';
import { largest } from '../model/largest.js';
import { classNames } from '../model/layers.js';
import { Chart } from '../ui/chart.js';
import { Drawing } from '../ui/drawing.js';
import { KernelRow } from '../ui/kernel-row.js';
import { lossMarks, lossSeries } from '../ui/loss-series.js';
import { PickedPicture } from '../ui/picked-picture.js';
import { ask, kernels, latest, look, losses } from '../ui/store.js';
import { trainer } from '../ui/workers.js';

/** What a screen reader is told, at most every ten seconds. */
const spoken = signal('');
let spokenAt = 0;

function speak(): void {
  const update = latest.value;
  if (!update || performance.now() - spokenAt < 10_000) return;
  spokenAt = performance.now();
  const loss = losses.length > 0 ? `, loss ${mean(losses.slice(-20)).toFixed(2)}` : '';
  spoken.value = `${phaseText[update.phase]} Step ${update.step}${loss}${guessText(update.guess)}.`;
}
latest.subscribe(speak);

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
const phaseText = {
  loading: 'Loading.',
  running: 'Training.',
  paused: 'Paused.',
  stopped: 'Stopped.',
  failed: 'The training has failed.',
} as const;

function guessText(guess: Float32Array | null): string {
  if (!guess) return '';
  const best = largest(guess);
  return `, the picture is taken for ${classNames[best]} with ${(guess[best] * 100).toFixed(0)} percent`;
}

/** A network that is already learning when the visitor comes. */
export function Alive() {
  const update = latest.value;
  return (
    <section id="alive" aria-labelledby="alive-title">
      <h1 id="alive-title">This network is learning, right here</h1>
      <p class="lead">
        A small convolutional network looks at pictures of clothes and guesses what they are. After each handful of pictures its numbers are
        moved a little, so that it errs less. You see the loss fall, and its first kernels turn from noise into edges.
      </p>
      <Controls />
      <div class="alive-grid">
        <div class="card alive-loss">
          <h2 class="small">Loss</h2>
          <Chart title="Training loss" xName="step" yName="loss" series={lossSeries(update)} marks={lossMarks(update)} />
          <dl class="facts">
            <div>
              <dt>Step</dt>
              <dd data-fact="step">{update?.step ?? 0}</dd>
            </div>
            <div>
              <dt>Epoch</dt>
              <dd>{(update?.epoch ?? 0) + 1}</dd>
            </div>
            <div>
              <dt>Loss, mean of 20</dt>
              <dd data-fact="loss">{losses.length ? mean(losses.slice(-20)).toFixed(3) : '…'}</dd>
            </div>
            <div>
              <dt>Test accuracy</dt>
              <dd data-fact="accuracy">{accuracyText()}</dd>
            </div>
            <div>
              <dt>Runs on</dt>
              <dd data-fact="running">{update?.running || '…'}</dd>
            </div>
            <div>
              <dt>A step takes</dt>
              <dd>{update && Number.isFinite(update.msPerStep) ? `${update.msPerStep.toFixed(1)} ms` : '…'}</dd>
            </div>
          </dl>
        </div>
        <div class="card alive-kernels">
          <h2 class="small">The first layer’s kernels</h2>
          {kernels.value ? (
            <KernelRow kernels={kernels.value} />
          ) : (
            <p class="wait">{update && update.settings.architecture === 'linear' ? 'This network has no convolution.' : 'On their way.'}</p>
          )}
          <p class="hint">Blue is negative, orange positive, white zero.</p>
        </div>
        <div class="card alive-guess">
          <h2 class="small">What does it take this for?</h2>
          <PickedPicture />
          <Guess guess={update?.guess ?? null} />
          <div class="row">
            <button type="button" onClick={() => look({ set: 'test', index: Math.floor(Math.random() * 1000) })}>
              Another test picture
            </button>
            <button type="button" onClick={() => look({ set: 'train', index: Math.floor(Math.random() * 800) })}>
              A training picture
            </button>
          </div>
          <Drawing onDraw={(pixels) => look({ pixels })} />
        </div>
      </div>
      <p class="visually-hidden" aria-live="polite">
        {spoken.value}
      </p>
    </section>
  );
}

function accuracyText(): string {
  const last = latest.value?.accuracies.at(-1);
  return last ? `${(last[1] * 100).toFixed(1)} %` : '…';
}

function Controls() {
  const phase = latest.value?.phase ?? 'loading';
  const running = phase === 'running';
  return (
    <div class="row controls" role="group" aria-label="Training">
      <button
        type="button"
        class="strong"
        disabled={phase === 'loading'}
        onClick={() => void ask(running ? trainer().pause() : trainer().resume())}
      >
        {running ? 'Pause' : 'Resume'}
      </button>
      <button type="button" disabled={phase === 'loading'} onClick={() => void ask(trainer().step())}>
        One step
      </button>
      <button type="button" disabled={phase === 'loading' || phase === 'stopped'} onClick={() => void ask(trainer().stop())}>
        Stop
      </button>
      <button type="button" disabled={phase === 'loading'} onClick={() => void ask(trainer().restart())}>
        Restart from seed {latest.value?.settings.seed ?? ''}
      </button>
      <span class="phase" data-phase={phase}>
        {phaseText[phase]}
      </span>
      {latest.value?.error && <p class="error">{latest.value.error}</p>}
    </div>
  );
}

function Guess({ guess }: { guess: Float32Array | null }) {
  if (!guess) return <p class="wait">On its way.</p>;
  const best = largest(guess);
  return (
    <ol class="bars" aria-label="Probabilities of the ten classes">
      {classNames.map((name, i) => (
        <li key={name} class={i === best ? 'best' : ''}>
          <span class="bar-name">{name}</span>
          <meter min={0} max={1} value={guess[i]} aria-label={name} />
          <span class="bar-value">{(guess[i] * 100).toFixed(0)} %</span>
        </li>
      ))}
    </ol>
  );
}
