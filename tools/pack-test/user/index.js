// The page: trains in itself or, at index.html?worker, in a worker, and shows the result.
import { train } from './train.js';

function trainInWorker() {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data: { error, result } }) => (error ? reject(new Error(error)) : resolve(result));
    worker.onerror = (event) => reject(new Error(`the worker failed: ${event.message}`));
  });
}

const shown = document.createElement('pre');
try {
  const result = await (location.search === '?worker' ? trainInWorker() : train());
  shown.textContent = JSON.stringify({ isolated: crossOriginIsolated, ...result });
} catch (error) {
  shown.textContent = JSON.stringify({ error: String(error) });
}
document.body.append(shown);
