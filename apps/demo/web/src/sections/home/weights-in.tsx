import { transfer } from 'comlink';
import { useEffect, useState } from 'preact/hooks';
import { foreignFile, MOST_BYTES } from '../../model/foreign.js';
import { trainer } from '../../ui/workers.js';

type Outcome = { readonly kind: 'done' | 'error' | 'busy'; readonly text: string } | null;

async function takeIn(file: File): Promise<Outcome> {
  const refused = (why: string): Outcome => ({ kind: 'error', text: `${file.name}: ${why} Nothing has changed.` });
  const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
  try {
    if (file.size > MOST_BYTES) return refused(`The file has ${(file.size / 2 ** 20).toFixed(0)} MB; weights for this network have less.`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const foreign = foreignFile(bytes);
    if (foreign) return refused(foreign);
    await trainer().loadWeights(transfer(bytes, [bytes.buffer]));
    return { kind: 'done', text: `The weights of ${file.name} are in; the training goes on from them.` };
  } catch (e) {
    return refused(sentence(e instanceof Error ? e.message : String(e)));
  }
}

/** Weights from a file, chosen or dropped. */
export function WeightsIn() {
  const [over, setOver] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>(null);
  const take = (file: File | undefined): void => {
    if (!file) return;
    setOutcome({ kind: 'busy', text: `Reading ${file.name}.` });
    void takeIn(file).then(setOutcome);
  };
  // A file that misses the field would be opened by the browser, in the page's place.
  useEffect(() => {
    const stay = (e: DragEvent): void => {
      if (e.dataTransfer?.types.includes('Files')) e.preventDefault();
    };
    addEventListener('dragover', stay);
    addEventListener('drop', stay);
    return () => {
      removeEventListener('dragover', stay);
      removeEventListener('drop', stay);
    };
  }, []);
  return (
    <div class="card">
      <h3>Weights, in</h3>
      <p>Your own, from this page or from PyTorch (float32, float16 or bfloat16). The network here must have the same layers.</p>
      <div
        role="group"
        aria-label="A place for a file of weights"
        class={over ? 'drop over' : 'drop'}
        onDragOver={(e) => {
          e.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(e) => {
          e.preventDefault();
          setOver(false);
          take(e.dataTransfer?.files[0]);
        }}
      >
        <label>
          Drop a safetensors file here, or choose one
          <input
            id="weights-file"
            type="file"
            onChange={(e) => {
              take(e.currentTarget.files?.[0]);
              // So that the same file can be chosen again.
              e.currentTarget.value = '';
            }}
          />
        </label>
      </div>
      <p class={`outcome ${outcome?.kind ?? ''}`} role={outcome?.kind === 'error' ? 'alert' : 'status'} data-fact="taken-in">
        {outcome?.text ?? ''}
      </p>
    </div>
  );
}
