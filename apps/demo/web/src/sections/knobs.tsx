import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import {
  architectures,
  architectureTitles,
  type BackendName,
  backendNames,
  batches,
  imageCounts,
  kernelSides,
  MOST_CHANNELS,
  optimizers,
  paces,
  type Settings,
  usualLr,
} from '../model/settings.js';
import { Chart } from '../ui/chart.js';
import { lossMarks, lossSeries } from '../ui/loss-series.js';
import { ask, latest } from '../ui/store.js';
import { lab, trainer } from '../ui/workers.js';
import { AgreementPlot } from './knobs/agreement.js';
import { type Choice, NumberKnob, RateSlider, SelectKnob } from './knobs/controls.js';
import './knobs/knobs.css';
import { Layers } from './knobs/layers.js';
import { rate, wholeBetween } from './knobs/numbers.js';
import { inForce, said } from './knobs/turning.js';

/** Why a backend cannot run here, by its name; found out when the section comes. */
const refusals = signal<ReadonlyMap<string, string>>(new Map());

async function findRefusals(): Promise<void> {
  // Where even this fails the knobs still work: the trainer says why it refuses.
  const states = await lab()
    .backends()
    .catch(() => []);
  refusals.value = new Map(states.flatMap(({ name, unavailable }) => (unavailable === null ? [] : [[name, unavailable]])));
}

/** Every knob of the training, the network as it is now, the curve, and whether backends agree. */
export function Knobs() {
  useEffect(() => void findRefusals(), []);
  const settings = inForce.value;
  if (!settings) return <p class="wait">The training has not begun yet.</p>;
  return (
    <div class="knobs">
      <div class="columns">
        <NetworkKnobs settings={settings} />
        <LearningKnobs settings={settings} />
        <MachineKnobs settings={settings} />
      </div>
      <p class="visually-hidden" role="status" data-fact="knob-said">
        {said.value}
      </p>
      <div class="card">
        <h3>The network</h3>
        <Layers settings={settings} />
      </div>
      <div class="card">
        <h3>The curve goes on</h3>
        <Curve />
      </div>
      <AgreementPlot />
    </div>
  );
}

const choices = <T extends string | number>(list: readonly T[], text: (x: T) => string = String): Choice[] =>
  list.map((x) => ({ value: String(x), text: text(x) }));

const replaced = (pair: readonly [number, number], at: 0 | 1, value: number): readonly [number, number] =>
  at === 0 ? [value, pair[1]] : [pair[0], value];

function NetworkKnobs({ settings }: { settings: Settings }) {
  const { architecture, channels, kernels } = settings;
  const convolutions = architecture !== 'linear';
  return (
    <fieldset class="card">
      <legend>Network</legend>
      <SelectKnob
        id="knob-architecture"
        name="Architecture"
        value={architecture}
        choices={choices(architectures, (a) => architectureTitles[a])}
        part={(value) => ({ architecture: value as Settings['architecture'] })}
        hint="Layers that keep their shape keep their weights."
      />
      {convolutions ? (
        ([0, 1] as const).map((at) => (
          <div key={at} class="knob-pair">
            <NumberKnob
              id={`knob-channels-${at + 1}`}
              name={`Channels, convolution ${at + 1}`}
              value={channels[at]}
              min={1}
              max={MOST_CHANNELS}
              read={wholeBetween(1, MOST_CHANNELS)}
              part={(value, now) => ({ channels: replaced(now.channels, at, value) })}
            />
            <SelectKnob
              id={`knob-kernel-${at + 1}`}
              name={`Kernel, convolution ${at + 1}`}
              value={String(kernels[at])}
              choices={choices(kernelSides, (k) => `${k} × ${k}`)}
              part={(value, now) => ({ kernels: replaced(now.kernels, at, Number(value)) })}
            />
          </div>
        ))
      ) : (
        <p class="hint">This network has no convolution, so it has no channels and no kernels to set.</p>
      )}
    </fieldset>
  );
}

function LearningKnobs({ settings }: { settings: Settings }) {
  return (
    <fieldset class="card">
      <legend>Learning</legend>
      <SelectKnob
        id="knob-optimizer"
        name="Optimizer"
        value={settings.optimizer}
        choices={choices(optimizers, (o) => (o === 'SGD' ? 'SGD with momentum 0.9' : o))}
        part={(value) => ({ optimizer: value as Settings['optimizer'], lr: usualLr[value as Settings['optimizer']] })}
        hint="It brings its usual learning rate along."
      />
      <RateSlider value={settings.lr} />
      <NumberKnob id="knob-lr" name="Learning rate" value={settings.lr} min={0} max={10} step="any" read={rate} part={(lr) => ({ lr })} />
      <div class="knob-pair">
        <SelectKnob
          id="knob-batch"
          name="Pictures in a step"
          value={String(settings.batch)}
          choices={choices(batches)}
          part={(value) => ({ batch: Number(value) })}
        />
        <SelectKnob
          id="knob-images"
          name="Training pictures"
          value={String(settings.images)}
          choices={choices(imageCounts, (n) => n.toLocaleString('en'))}
          part={(value) => ({ images: Number(value) as Settings['images'] })}
        />
      </div>
    </fieldset>
  );
}

const backendTexts: Readonly<Record<BackendName, string>> = {
  wasm: 'wasm (WebAssembly)',
  'cpu-js': 'cpu-js (plain JavaScript)',
  webgl: 'webgl (graphics processor)',
};

function MachineKnobs({ settings }: { settings: Settings }) {
  const most = Math.max(1, Math.min(64, navigator.hardwareConcurrency || 1));
  const refused = refusals.value;
  return (
    <fieldset class="card">
      <legend>Machine</legend>
      <SelectKnob
        id="knob-backend"
        name="Backend"
        value={settings.backend}
        choices={backendNames.map((b) => ({ value: b, text: backendTexts[b], off: refused.has(b) && b !== settings.backend }))}
        part={(value) => ({ backend: value as BackendName })}
        hint="The weights move over; the next step is computed there."
      />
      {[...refused].map(([name, why]) => (
        <p key={name} class="hint" data-fact={`refused-${name}`}>
          {name} cannot run here: {why}
        </p>
      ))}
      <NumberKnob
        id="knob-threads"
        name="Threads of wasm"
        value={settings.threads}
        min={1}
        max={most}
        disabled={!crossOriginIsolated || most === 1}
        read={wholeBetween(1, most)}
        part={(threads) => ({ threads })}
        hint={threadsHint(most)}
      />
      <SelectKnob
        id="knob-pace"
        name="Pace"
        value={String(settings.pace)}
        choices={choices(paces, (p) => (p === 0 ? 'as fast as it goes' : `${p} steps a second at most`))}
        part={(value) => ({ pace: Number(value) })}
      />
      <NumberKnob
        id="knob-seed"
        name="Seed"
        value={settings.seed}
        min={0}
        max={2 ** 31}
        read={wholeBetween(0, 2 ** 31)}
        part={(seed) => ({ seed })}
      />
      <button type="button" onClick={() => void ask(trainer().restart())}>
        Restart with this seed
      </button>
    </fieldset>
  );
}

function threadsHint(most: number): string {
  if (!crossOriginIsolated) return 'One thread: this page is served without the isolation headers that shared memory needs.';
  if (most === 1) return 'One thread: this browser reports one core.';
  return `This browser reports ${most} cores.`;
}

/** The latest update, but no more than four times a second: the long curve is drawn anew with each. */
const seen = signal(latest.value);
let seenAt = 0;
latest.subscribe((update) => {
  const now = performance.now();
  // What does not come again soon (a pause, a change) must not be missed.
  const same = update?.phase === 'running' && update.stretches.length === seen.peek()?.stretches.length;
  if (same && now - seenAt < 250) return;
  seenAt = now;
  seen.value = update;
});

/** The curve of the whole training; drawn apart from the knobs. */
function Curve() {
  const update = seen.value;
  return (
    <>
      <Chart title="Training loss, by backend" xName="step" yName="loss" series={lossSeries(update)} marks={lossMarks(update)} />
      <p class="hint">
        A dashed upright line marks each change, with what was changed; a backend that takes over draws on with a line of its own. Now{' '}
        <span data-fact="knobs-running">{update?.running || '…'}</span>, step {update?.step ?? 0}.
      </p>
    </>
  );
}
