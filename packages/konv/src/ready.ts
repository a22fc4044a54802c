import { BackendError, backends, getBackend, unavailableBackends, useBackend } from '@konv/core-tensor';
import { registerWasm } from './wasm.js';

export interface ReadyOptions {
  /** The backend to use, or several in order of preference. Default: the fastest that runs here. */
  prefer?: string | readonly string[];
}

/** The order of choice without a preference. Backends that need a page's consent (a GPU) are chosen by the user. */
const byDefault: readonly string[] = ['wasm', 'cpu-js'];

/**
 * Chooses where new tensors are made, and makes that backend ready: by default WebAssembly where it runs, else plain
 * JavaScript. Call it before building a model.
 * Returns the name. Errors: `BackendError` for a preferred name that nobody registered, or where none can run.
 */
export async function ready(options: ReadyOptions = {}): Promise<string> {
  const { prefer: wanted = [] } = options ?? {};
  const prefer = Array.isArray(wanted) ? (wanted as readonly string[]) : [wanted as string];
  for (const name of prefer) {
    if (!backends().includes(name) && !Object.hasOwn(unavailableBackends(), name) && !byDefault.includes(name)) {
      throw new BackendError(
        'ready',
        `expected a registered backend (${backends().join(', ')}), got "${String(name)}"; call registerBackend(...) first`,
      );
    }
  }
  const wanting = [...prefer, ...byDefault];
  // WebAssembly is loaded where it would be chosen, and only there.
  const first = wanting.find((name) => name === 'wasm' || backends().includes(name));
  if (first === 'wasm') await registerWasm();
  const candidates = wanting.filter((name) => backends().includes(name));
  const [name] = candidates.length > 0 ? candidates : backends();
  if (name === undefined) {
    const reasons = Object.entries(unavailableBackends()).map(([n, why]) => `${n}: ${why}`);
    const got = reasons.length > 0 ? `none (${reasons.join('; ')})` : 'none';
    throw new BackendError('ready', `expected a backend that can run here, got ${got}; call registerBackend(...)`);
  }
  // The choice is made once the backend is ready: one that fails leaves it as it was.
  await getBackend(name).sync();
  useBackend(name);
  return name;
}
