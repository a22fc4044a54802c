// The page: trains in itself or, at index.html?worker, in a worker, and shows the result; ?backend=webgl: on the GPU.
import { train } from './train.js';

const query = new URLSearchParams(location.search);
const prefer = query.get('backend') ?? undefined;

function trainInWorker() {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  worker.postMessage(prefer);
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data: { error, result } }) => (error ? reject(new Error(error)) : resolve(result));
    worker.onerror = (event) => reject(new Error(`the worker failed: ${event.message}`));
  });
}

const shown = document.createElement('pre');
try {
  const result = await (query.has('worker') ? trainInWorker() : train(prefer));
  shown.textContent = JSON.stringify({ isolated: crossOriginIsolated, ...result });
} catch (error) {
  shown.textContent = JSON.stringify({ error: String(error) });
}
document.body.append(shown);
