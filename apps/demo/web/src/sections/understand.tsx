import { useEffect, useRef, useState } from 'preact/hooks';
import { latest } from '../ui/store.js';
import { ready, shown, useFollowing } from './unit/following.js';
import { Maps } from './understand/atlas.js';
import { Matrix } from './understand/matrix.js';
import { Moments } from './understand/moments.js';
import { confusion, evaluate, evaluating, evaluation, followMaps, maps, refreshMaps } from './understand/state.js';
import { Thumb } from './understand/thumb.js';
import './understand/understand.css';

/** The test pictures are looked at again when a moment has been shown for so long. */
const SETTLED_MS = 350;

/** What the network has learned: its maps, what it confuses, its worst mistakes, and the way there. */
export function Understand() {
  const place = useRef<HTMLDivElement>(null);
  useFollowing(
    place,
    () => void refreshMaps(),
    () => followMaps.value,
  );
  // Whenever one comes to it, and whenever another moment is shown: before, nobody waits for it.
  const [visits, setVisits] = useState(0);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => {
      if (entries[entries.length - 1].isIntersecting) setVisits((n) => n + 1);
    });
    if (place.current) observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (!ready.value || visits === 0) return;
    const timer = setTimeout(() => void evaluate(), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [ready.value, visits, shown.value]);
  return (
    <div ref={place} class="understand">
      <Moments />
      <div class="card">
        <h3>What it confuses</h3>
        <p>
          A thousand pictures that it never trained on. Everything beside the diagonal is a mistake: look which clothes it cannot tell
          apart.
        </p>
        <EvaluateRow />
        <Matrix />
      </div>
      <div class="card">
        <h3>Its worst mistakes</h3>
        <p>The test pictures with the highest loss: it was sure, and wrong. Press one to look at it everywhere on this page.</p>
        <Mistakes />
      </div>
      <div class="card">
        <h3>What each layer sees</h3>
        <p>
          The picture on its way through the network. Every small map is one channel: bright orange where it found its pattern, white where
          there is nothing, blue where the opposite is.
        </p>
        <AllMaps />
      </div>
    </div>
  );
}

function AllMaps() {
  return (
    <>
      <div class="row">
        <button
          type="button"
          aria-pressed={followMaps.value}
          onClick={() => {
            followMaps.value = !followMaps.value;
          }}
        >
          Follow the training
        </button>
        <button type="button" onClick={() => void refreshMaps()}>
          Refresh
        </button>
      </div>
      {maps.value ? (
        <div class="maps-list">
          {maps.value.map((m) => (
            <Maps key={m.layer} maps={m} />
          ))}
        </div>
      ) : (
        <p class="wait">On their way.</p>
      )}
    </>
  );
}

function EvaluateRow() {
  const found = evaluation.value;
  const update = latest.value;
  const now = update?.shown ?? update?.step;
  return (
    <div class="row">
      <button type="button" class="strong" aria-disabled={evaluating.value} onClick={() => !evaluating.value && void evaluate()}>
        Evaluate now
      </button>
      <span role="status">
        {evaluating.value ? (
          'Looking at the test pictures …'
        ) : found ? (
          <>
            <strong data-fact="evaluation-accuracy">{(found.accuracy * 100).toFixed(1)} %</strong> right, by the weights of step{' '}
            <span data-fact="evaluation-step">{found.step}</span>
          </>
        ) : (
          ''
        )}
      </span>
      {found && !evaluating.value && found.step !== now && <span class="hint">The network is at step {now} now.</span>}
    </div>
  );
}

function Mistakes() {
  const found = evaluation.value;
  if (!found) return <p class="wait">The test pictures have not been looked at yet.</p>;
  if (found.mistakes.length === 0) return <p class="hint">None: all of them were right.</p>;
  return (
    <ul class="thumbs mistakes" aria-label="The worst mistakes">
      {found.mistakes.map(({ index, label, guess, sure }) => (
        <li key={index}>
          <Thumb index={index} text={`${confusion(label, guess)}, ${(sure * 100).toFixed(0)} % sure`} caption />
        </li>
      ))}
    </ul>
  );
}
