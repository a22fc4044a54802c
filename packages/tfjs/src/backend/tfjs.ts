import type { Backend, Unavailable } from '@konv/core-tensor';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { KernelBackend } from '@tensorflow/tfjs-core';
import { backendOn, requiredKernels as hostKernels } from './backend.js';
import { deviceBackendOn, requiredKernels as deviceKernels } from './device/backend.js';
import { DeviceEngine } from './device/engine.js';
import { probe } from './device/probe.js';
import { type Core, HostEngine, type HostKernelBackend, WasmEngine } from './engine.js';
import { withoutErrorListeners } from './listeners.js';
import type { MemoryLimits } from './memory.js';

export interface TfjsOptions {
  /** What the backend is registered as; default `tfjs-` and the name of tfjs's backend. */
  readonly name?: string;
  /**
   * Where tfjs finds its .wasm files: a folder's path with a slash at the end, or a path for each file. Handed to tfjs's
   * `setWasmPaths`, and without effect once tfjs has started. Default: beside the script, which is right in Node; bundled pages need it.
   */
  readonly wasmPaths?: Parameters<typeof import('@tensorflow/tfjs-backend-wasm')['setWasmPaths']>[0];
}

/** tfjs's heap ends at 4 GiB, arrays and textures elsewhere; what kernels need in between comes from it, too. */
const limits: MemoryLimits = { maxBufferBytes: 2 ** 31 - 4, maxTotalBytes: 3 * 2 ** 30 };

/**
 * A konv backend that computes with the kernels of a TensorFlow.js backend: 'wasm', which is loaded here, or any other that
 * the program has registered, 'cpu' and 'webgl' by importing their packages. Register what it resolves to:
 *
 *     registerBackend(await tfjs('wasm'));
 *     await ready({ prefer: 'tfjs-wasm' });
 *
 * float32, int32 and bool. Where the host can read and write the backend's memory, that is done in place; of any other
 * backend only kernels are used, and values are read asynchronously. Where tfjs is not installed, does not start, has no
 * such backend, or one that computes in 16 bits or lacks kernels, resolves to `{ unavailable: reason }`. tfjs's own current
 * backend, if it has one, stays the same.
 */
export async function tfjs(backend: string, options: TfjsOptions = {}): Promise<Backend | Unavailable> {
  const name = options.name ?? `tfjs-${backend}`;
  try {
    const core = await import('@tensorflow/tfjs-core');
    const made = backend === 'wasm' ? await withoutErrorListeners(() => wasm(core, name, options)) : await on(core, backend, name);
    return typeof made === 'string' ? { name, unavailable: made } : made;
  } catch (e) {
    return { name, unavailable: `TensorFlow.js's "${backend}" did not start: ${(e as Error | undefined)?.message ?? String(e)}` };
  }
}

async function wasm(core: Core, name: string, { wasmPaths }: TfjsOptions): Promise<Backend | string> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  if (wasmPaths !== undefined) setWasmPaths(wasmPaths);
  return on(core, 'wasm', name);
}

/** The backend, or why there is none. */
async function on(core: Core, backend: string, name: string): Promise<Backend | string> {
  if (core.findBackendFactory(backend) === null) {
    const known = Object.keys(core.engine().registryFactory).join(', ') || 'none';
    return (
      `no TensorFlow.js backend "${backend}" is registered here (registered: ${known}); ` +
      'import its package first, and see that it runs on this platform'
    );
  }
  const started = await start(core, backend);
  if (started === null) return `TensorFlow.js's ${backend} backend did not start; see the console`;
  const needed = isWasm(started) || isHost(started) ? hostKernels : deviceKernels;
  const missing = needed.filter((kernel) => core.getKernel(kernel, backend) === undefined);
  if (missing.length > 0) {
    return (
      `TensorFlow.js's "${backend}" lacks the kernels ${missing.join(', ')}; register them, ` +
      'or copy those of the backend that it is by another name with copyRegisteredKernels'
    );
  }
  if (isWasm(started)) return backendOn(new WasmEngine(core, backend, started), name, limits);
  if (isHost(started)) return backendOn(new HostEngine(core, backend, started), name, limits);
  const engine = new DeviceEngine(core, backend, started);
  if (!(await probe(engine))) {
    return `TensorFlow.js's "${backend}" computes in floats of fewer than 32 bits here, which konv's float32 has; use another backend`;
  }
  return deviceBackendOn(engine, name, limits);
}

const isWasm = (backend: KernelBackend): backend is BackendWasm => 'typedArrayFromHeap' in backend && 'getMemoryOffset' in backend;

/** Whether what is written is kept as it is, in an array that kernels read: tried. */
function isHost(backend: KernelBackend): backend is HostKernelBackend {
  const { data, makeTensorInfo } = backend as Partial<HostKernelBackend>;
  if (typeof data?.get !== 'function' || typeof makeTensorInfo !== 'function') return false;
  const values = new Float32Array(1);
  const block = backend.write(values, [1], 'float32');
  const kept = (backend as HostKernelBackend).data.get(block)?.values === values;
  backend.disposeData(block);
  return kept;
}

/** Starts a tfjs backend, which sets up its kernels, and makes the one current again that was. */
async function start(core: Core, name: string): Promise<KernelBackend | null> {
  const { backendName } = core.engine();
  if (core.findBackendFactory(name) === null) return null;
  try {
    return (await core.setBackend(name)) ? core.findBackend(name) : null;
  } finally {
    if (backendName && backendName !== name) await core.setBackend(backendName);
  }
}
