import type { Backend, Unavailable } from '@konv/core-tensor';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { KernelBackend } from '@tensorflow/tfjs-core';
import { backendOn } from './backend.js';
import { type Core, type Engine, HostEngine, type HostKernelBackend, WasmEngine } from './engine.js';
import { withoutErrorListeners } from './listeners.js';

export interface TfjsOptions {
  /** What the backend is registered as; default `tfjs-` and the name of tfjs's backend. */
  readonly name?: string;
  /**
   * Where tfjs finds its .wasm files: a folder's path with a slash at the end, or a path for each file. Handed to tfjs's
   * `setWasmPaths`, and without effect once tfjs has started. Default: beside the script, which is right in Node; bundled pages need it.
   */
  readonly wasmPaths?: Parameters<typeof import('@tensorflow/tfjs-backend-wasm')['setWasmPaths']>[0];
}

/**
 * A konv backend that computes with the kernels of a TensorFlow.js backend: 'wasm', which is loaded here, or 'cpu', if the
 * program has imported `@tensorflow/tfjs-backend-cpu`. Register what it resolves to:
 *
 *     registerBackend(await tfjs('wasm'));
 *     await ready({ prefer: 'tfjs-wasm' });
 *
 * float32, int32 and bool. Where tfjs is not installed, does not start, or keeps its memory where the host cannot reach
 * it, resolves to `{ unavailable: reason }`. tfjs's own current backend, if it has one, stays the same.
 */
export async function tfjs(backend: string, options: TfjsOptions = {}): Promise<Backend | Unavailable> {
  const name = options.name ?? `tfjs-${backend}`;
  try {
    const core = await import('@tensorflow/tfjs-core');
    const engine = backend === 'wasm' ? await withoutErrorListeners(() => wasmEngine(core, options)) : await hostEngine(core, backend);
    return typeof engine === 'string' ? { name, unavailable: engine } : backendOn(engine, name);
  } catch (e) {
    return { name, unavailable: `TensorFlow.js's "${backend}" did not start: ${(e as Error | undefined)?.message ?? String(e)}` };
  }
}

async function wasmEngine(core: Core, { wasmPaths }: TfjsOptions): Promise<Engine | string> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  if (wasmPaths !== undefined) setWasmPaths(wasmPaths);
  const started = await start(core, 'wasm');
  return started === null
    ? "TensorFlow.js's wasm backend did not start; see the console"
    : new WasmEngine(core, 'wasm', started as BackendWasm);
}

async function hostEngine(core: Core, name: string): Promise<Engine | string> {
  if (name !== 'cpu') return `expected a TensorFlow.js backend whose memory the host can write to ("wasm" or "cpu"), got "${name}"`;
  const started = await start(core, name);
  if (started === null) return `no TensorFlow.js backend "${name}" is registered; import its package first`;
  return new HostEngine(core, name, started as HostKernelBackend);
}

/** Starts a tfjs backend, which sets up its kernels, and makes the one current again that was. */
async function start(core: Core, name: string): Promise<KernelBackend | null> {
  const { backendName } = core.engine();
  if (core.findBackendFactory(name) === null) return null;
  const ok = await core.setBackend(name);
  if (backendName && backendName !== name) await core.setBackend(backendName);
  return ok ? core.findBackend(name) : null;
}
