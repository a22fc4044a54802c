import type { BackendState, BenchProgress } from '../../model/protocol.js';
import { type BackendName, backendNames, type Settings } from '../../model/settings.js';
import { Bench } from './bench/run.js';
import { openBackend } from '../backends.js';
import { tfjs } from './tfjs.js';

let running: Bench | null = null;

/** The kinds of backends, and why one cannot run in this browser. Opens them, wasm with one thread. */
export async function available(): Promise<readonly BackendState[]> {
  const reason = (e: unknown): string => (e instanceof Error ? e.message : String(e));
  const state = async (name: BackendName): Promise<BackendState> => {
    const unavailable = await openBackend(name, 1).then(() => null, reason);
    return { name, unavailable };
  };
  return Promise.all(backendNames.map(state));
}

/** The graphics processor's name, as far as the browser tells. */
export async function renderer(): Promise<string | null> {
  const gl = typeof OffscreenCanvas === 'undefined' ? null : new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl) return null;
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name = gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER) as string;
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return name;
}

export async function bench(settings: Settings, tell: (progress: BenchProgress) => void): Promise<BenchProgress> {
  if (running) throw new Error('A measurement is already going on; wait for it or cancel it.');
  running = new Bench(settings, tell, tfjs());
  try {
    return await running.run();
  } finally {
    running = null;
  }
}

export async function stopBench(): Promise<void> {
  running?.stop();
}
