import { classNames } from '../../model/layers.js';
import { KernelRow } from '../../ui/kernel-row.js';
import { PickedPicture } from '../../ui/picked-picture.js';
import { kernels, latest } from '../../ui/store.js';
import { backToNow, goOnFromHere, showStep } from './state.js';

/** The way through the training: any moment of which a snapshot was taken can be looked at. */
export function Moments() {
  return (
    <div class="card moments">
      <h3>How it came there</h3>
      <p class="hint">
        While it learns, its weights are put aside now and then. Move the slider back: kernels, guess, maps and the table below are then
        those of that moment, and the training waits.
      </p>
      <Scrubber />
      <div class="moment">
        <PickedPicture />
        <Best />
        <Kernels />
      </div>
    </div>
  );
}

function Scrubber() {
  const update = latest.value;
  if (!update) return <p class="wait">The training has not begun yet.</p>;
  const { snapshots, shown, step } = update;
  const last = snapshots.length - 1;
  const at = shown === null ? last : snapshots.findIndex((s) => s.step === shown);
  const text = shown === null ? `now, step ${step}` : `step ${shown} of ${step}${lossText(snapshots[at]?.loss)}`;
  return (
    <>
      <label class="scrubber">
        Moment of the training
        <input
          type="range"
          min={0}
          max={Math.max(0, last)}
          value={at}
          disabled={last < 1}
          aria-valuetext={text}
          onInput={(e) => {
            const chosen = snapshots[Number(e.currentTarget.value)];
            if (chosen) void showStep(chosen.step);
          }}
        />
      </label>
      <div class="row">
        {/* Not live: it changes with every step. */}
        <span data-fact="shown">Shown: {text}</span>
        <button type="button" disabled={shown === null} onClick={() => void backToNow()}>
          Back to now
        </button>
        <button type="button" disabled={shown === null} onClick={() => void goOnFromHere()}>
          Go on from here
        </button>
      </div>
    </>
  );
}

function Kernels() {
  if (!kernels.value) return null;
  return (
    <div class="moment-kernels">
      <p class="hint">The first layer’s kernels:</p>
      <KernelRow kernels={kernels.value} />
    </div>
  );
}

const lossText = (loss: number | undefined): string => (loss !== undefined && Number.isFinite(loss) ? `, loss ${loss.toFixed(2)}` : '');

/** The three likeliest classes. */
function Best() {
  const guess = latest.value?.guess;
  if (!guess) return null;
  const best = [...guess.keys()].sort((a, b) => guess[b] - guess[a]).slice(0, 3);
  return (
    <div>
      <p class="hint">It takes it for:</p>
      <ol class="best">
        {best.map((k) => (
          <li key={k}>
            {classNames[k]}, {(guess[k] * 100).toFixed(0)} %
          </li>
        ))}
      </ol>
    </div>
  );
}
