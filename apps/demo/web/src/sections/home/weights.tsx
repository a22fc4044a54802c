import { useState } from 'preact/hooks';
import { ask, latest } from '../../ui/store.js';
import { trainer } from '../../ui/workers.js';

/** `lenet-step-120.safetensors`. */
function fileName(): string {
  const { settings, step } = latest.peek() ?? { settings: { architecture: 'network' }, step: 0 };
  return `${settings.architecture}-step-${step}.safetensors`;
}

/** Hands bytes to the browser as a file. */
function download(name: string, bytes: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the address after the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The weights as a file. */
export function Weights() {
  const [done, setDone] = useState('');
  const save = async (): Promise<void> => {
    setDone('');
    const name = fileName();
    const bytes = await ask(trainer().weights());
    if (!bytes) return;
    download(name, bytes);
    setDone(`${name}, ${(bytes.length / 1000).toFixed(0)} kB`);
  };
  return (
    <div class="card">
      <h3>The weights, out</h3>
      <p>
        All numbers that the network has learned so far, in one file. PyTorch reads it, too: the tensors have its names,{' '}
        <code>0.weight</code>, <code>0.bias</code> and so on.
      </p>
      <div class="row">
        <button type="button" class="strong" onClick={() => void save()} disabled={!latest.value || latest.value.phase === 'loading'}>
          Download the weights
        </button>
      </div>
      <p class={`outcome ${done && 'done'}`} role="status" data-fact="downloaded">
        {done}
      </p>
    </div>
  );
}
