import type { LoadedTfjs } from '../../model/protocol.js';
import type { TfModule } from './bench/tfjs-lenet.js';

let loading: Promise<TfModule> | null = null;
let loaded: TfModule | null = null;

/** TensorFlow.js where a visitor has asked for it; null before. */
export const tfjs = (): TfModule | null => loaded;

/** Fetches TensorFlow.js with its three backends, all from the page's own host. */
export async function loadTfjs(): Promise<LoadedTfjs> {
  loading ??= load();
  try {
    loaded = await loading;
  } catch (e) {
    // What did not arrive is asked for again the next time.
    loading = null;
    const why = e instanceof Error ? e.message : String(e);
    throw new Error(`TensorFlow.js could not be loaded: ${why} Try again when you are online.`);
  }
  return { version: loaded.version_core, bytes: bytesFetched() };
}

async function load(): Promise<TfModule> {
  const before = performance.getEntriesByType('resource').length;
  const tf = await import('./tfjs-all.js').then(({ openTfjs }) => openTfjs());
  firstEntry = before;
  return tf;
}

let firstEntry = 0;

/** What came over the network since, as far as the browser tells. */
function bytesFetched(): number | null {
  const entries = performance.getEntriesByType('resource').slice(firstEntry) as PerformanceResourceTiming[];
  const bytes = entries.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  return bytes > 0 ? bytes : null;
}
