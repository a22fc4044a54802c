import { computed, effect, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { edgeImage } from '../model/edges.js';
import type { LearnStep, Values } from '../model/protocol.js';
import { Chart } from '../ui/chart.js';
import { lab } from '../ui/workers.js';
import { Map2d } from './kernel-view/map.js';
import { number } from './kernel-view/arithmetic.js';
import { usePlayWhenSeen } from './kernel-view/player.js';
import './kernel-view.css';
import './learn-kernel.css';
import { fateOf, fateText, fixed, kernelText, LR, LRS, MOST_STEPS, printed, STEPS } from './learn-kernel/story.js';

const TICK_MS = 700;

const lr = signal(LR);
const steps = signal(STEPS);
/** Updates done, of those that are shown. */
const done = signal(0);
const playing = signal(false);
const entries = signal<readonly LearnStep[] | null>(null);
const failure = signal('');
const isArticle = computed(() => lr.value === LR && steps.value === STEPS);

effect(() => {
  const [rate, count] = [lr.value, steps.value];
  lab()
    .learnKernel(rate, count)
    .then(
      (found) => {
        if (rate !== lr.peek() || count !== steps.peek()) return;
        done.value = Math.min(done.peek(), count);
        entries.value = found;
        failure.value = '';
      },
      (e: unknown) => {
        failure.value = `This could not be computed: ${e instanceof Error ? e.message : String(e)}`;
      },
    );
});

/** The edges that the kernel should find: what [1, -1] makes of the image. */
const target: Values = (() => {
  const { data } = edgeImage();
  return {
    shape: [6, 7],
    data: Float32Array.from({ length: 42 }, (_, i) => data[Math.floor(i / 7) * 8 + (i % 7)] - data[Math.floor(i / 7) * 8 + (i % 7) + 1]),
  };
})();

/** The article's ten steps of gradient descent, one after the other, with all that they change. */
export function LearnKernel() {
  const found = entries.value;
  if (!found) return <p class={failure.value ? 'error' : 'wait'}>{failure.value || 'Computing the steps.'}</p>;
  return (
    <>
      {failure.value && <p class="error">{failure.value}</p>}
      <Learning found={found} />
    </>
  );
}

function Learning({ found }: { found: readonly LearnStep[] }) {
  const place = usePlayWhenSeen(playing);
  const last = found.length - 1;
  useEffect(() => {
    if (!playing.value) return;
    if (done.peek() >= last) done.value = 0;
    const timer = setInterval(() => {
      done.value = Math.min(last, done.peek() + 1);
      if (done.peek() >= last) playing.value = false;
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [playing.value, last]);
  const now = found[Math.min(done.value, last)];
  const curve = found.map((e) => [e.step, e.loss] as const);
  return (
    <div class="learn">
      <Controls last={last} />
      <div ref={place} class="card learn-now">
        <KernelCells now={now} found={found} />
        <div>
          <Maps output={now.output} />
          <p class="hint">
            The target is what [1, −1] makes of the edge image. Blue is negative, orange positive, white zero. The loss is the sum of the
            squared differences.
          </p>
        </div>
      </div>
      <div class="card">
        <h3>Loss</h3>
        <Chart
          title="Squared error of the kernel"
          xName="updates"
          yName="loss"
          log={found.some((e) => !(e.loss <= 1000))}
          series={[
            { name: 'all steps', style: 5, points: curve },
            { name: 'so far', style: 0, points: curve.slice(0, now.step + 1) },
          ]}
          marks={[{ x: now.step, text: fixed(now.loss, 3) }]}
        />
        <Fate found={found} />
      </div>
      <div class="card">
        <h3>What the program prints</h3>
        <pre tabIndex={0} role="region" aria-label="Printed so far" data-fact="printed">
          {[...printed(found, now.step), ...(now.step === last ? [kernelText(now.kernel)] : [])].join('\n') ||
            'Nothing yet: play, or take a step.'}
        </pre>
        <p class="hint">
          The loss of an epoch is measured before its update.
          {isArticle.value ? ' With this seed the digits are PyTorch’s, to the last one.' : ''}
        </p>
        <Code />
      </div>
    </div>
  );
}

function Controls({ last }: { last: number }) {
  const go = (to: number): void => {
    playing.value = false;
    done.value = Math.min(last, Math.max(0, to));
  };
  return (
    <div class="card learn-controls">
      <div class="row" role="group" aria-label="Play the steps">
        <button
          type="button"
          class="strong"
          onClick={() => {
            playing.value = !playing.value;
          }}
        >
          {playing.value ? 'Pause' : 'Play'}
        </button>
        <button type="button" disabled={done.value === 0} onClick={() => go(done.value - 1)}>
          Back
        </button>
        <button type="button" disabled={done.value >= last} onClick={() => go(done.value + 1)}>
          Step
        </button>
        <button type="button" onClick={() => go(0)}>
          Reset
        </button>
        <label class="knob">
          <span>
            Updates done: <b data-fact="learn-step">{done.value}</b> of {last}
          </span>
          <input type="range" min={0} max={last} value={done.value} onInput={(e) => go(Number(e.currentTarget.value))} />
        </label>
      </div>
      <div class="row">
        <label class="knob">
          <span>
            Learning rate: <b>{lr.value}</b>
          </span>
          <input
            type="range"
            min={LRS.least}
            max={LRS.most}
            step={LRS.step}
            value={lr.value}
            onInput={(e) => {
              lr.value = Number(Number(e.currentTarget.value).toFixed(3));
            }}
          />
        </label>
        <label class="knob">
          <span>
            Steps: <b>{steps.value}</b>
          </span>
          <input
            type="range"
            min={1}
            max={MOST_STEPS}
            value={steps.value}
            onInput={(e) => {
              steps.value = Number(e.currentTarget.value);
            }}
          />
        </label>
        <button
          type="button"
          disabled={isArticle.value}
          onClick={() => {
            [lr.value, steps.value] = [LR, STEPS];
          }}
        >
          The article’s numbers
        </button>
      </div>
    </div>
  );
}

function KernelCells({ now, found }: { now: LearnStep; found: readonly LearnStep[] }) {
  const before = now.step > 0 ? found[now.step - 1] : null;
  return (
    <div>
      <h3>Kernel after {now.step} updates</h3>
      <Map2d
        values={{ shape: [1, 2], data: Float32Array.from(now.kernel) }}
        label={`Kernel: ${now.kernel.map((v) => number(v)).join(' and ')}`}
        scale="signed"
        most={1}
        decimals={3}
        cellRem={6}
        columns={2}
      />
      <table class="learn-table">
        <caption>Weights; they should become 1 and −1</caption>
        <thead>
          <tr>
            <th scope="col">Weight</th>
            <th scope="col">Now</th>
            <th scope="col">Last update</th>
          </tr>
        </thead>
        <tbody>
          {now.kernel.map((v, i) => (
            <tr key={i === 0 ? 'left' : 'right'}>
              <th scope="row">{i === 0 ? 'left' : 'right'}</th>
              <td data-fact={`weight-${i}`}>{fixed(v, 4)}</td>
              <td>{before ? fixed(v - before.kernel[i], 4) : ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        Loss: <b data-fact="learn-loss">{fixed(now.loss, 3)}</b>
      </p>
    </div>
  );
}

/** What the kernel makes of the image, what it should make, and the difference. */
function Maps({ output }: { output: Values }) {
  const difference: Values = { shape: output.shape, data: output.data.map((v, i) => v - target.data[i]) };
  const maps = [
    { name: 'Output', values: output },
    { name: 'Target', values: target },
    { name: 'Output − target', values: difference },
  ];
  return (
    <ul class="learn-maps">
      {maps.map(({ name, values }) => (
        <li key={name}>
          <h3>{name}</h3>
          <Map2d
            values={values}
            label={`${name}: every row is ${Array.from(values.data.subarray(0, 7), (v) => number(v, 2)).join(', ')}`}
            scale="signed"
            most={1}
          />
        </li>
      ))}
    </ul>
  );
}

function Fate({ found }: { found: readonly LearnStep[] }) {
  const fate = fateOf(found);
  return (
    <p class={fate === 'diverges' ? 'error' : 'hint'} data-fact="fate" data-fate={fate} role="status">
      After all {found.length - 1} steps: {fateText[fate]}
    </p>
  );
}

function Code() {
  return (
    <pre tabIndex={0} role="region" aria-label="The loop">
      {`const conv = new nn.Conv2d(1, 1, [1, 2], { bias: false });
for (let i = 0; i < ${steps.value}; i++) {
  const loss = conv.forward(x).sub(y).square();
  conv.zeroGrad();
  loss.sum().backward();
  noGrad(() => conv.weight.sub_(conv.weight.grad!.mul(${lr.value})));
  if (i % 2) console.log(…);
}`}
    </pre>
  );
}
