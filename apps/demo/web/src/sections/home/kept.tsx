import { useState } from 'preact/hooks';
import { forgetTraining, forgotten, keepAgain, keptStep, trouble } from '../../ui/keeping.js';
import { offline, removeOffline } from '../../ui/offline.js';
import { forgetTheme } from '../../ui/theme.js';

const offlineText = {
  waiting: 'The page’s files will be copied in a quiet moment, so that it works without a network.',
  ready: 'The page’s files are copied: it works without a network.',
  unavailable: 'This browser keeps no copy of the page’s files here, so a reload needs the network.',
  removed: 'The copies of the page’s files are removed.',
} as const;

function keptText(): string {
  if (forgotten.value) return 'Nothing of the training is kept.';
  if (trouble.value) return trouble.value;
  return keptStep.value === null
    ? 'Every few seconds the training is kept in this browser; a reload goes on from there.'
    : `The training is kept up to step ${keptStep.value}; a reload goes on from there.`;
}

/** What the browser keeps of the page, and a way to be rid of it. */
export function Kept() {
  const [error, setError] = useState('');
  const forget = async (): Promise<void> => {
    setError('');
    try {
      await forgetTraining();
      await removeOffline();
      forgetTheme();
    } catch (e) {
      setError(
        `Not everything could be removed (${e instanceof Error ? e.message : e}); clear this site’s data in the browser’s settings.`,
      );
    }
  };
  return (
    <div class="card">
      <h3>What stays in this browser</h3>
      <p data-fact="kept">{keptText()}</p>
      <p data-fact="offline">{offlineText[offline.value]}</p>
      <div class="row">
        {forgotten.value ? (
          <button type="button" onClick={keepAgain}>
            Keep the training again
          </button>
        ) : (
          <button type="button" onClick={() => void forget()}>
            Forget all of it
          </button>
        )}
      </div>
      <p class={`outcome ${forgotten.value && !error ? 'done' : 'error'}`} role="status" data-fact="forgotten">
        {error || (forgotten.value ? 'Forgotten. The training in this tab goes on.' : '')}
      </p>
    </div>
  );
}
