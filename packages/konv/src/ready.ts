import { BackendError, backends, getBackend, unavailableBackends, useBackend } from '@konv/core-tensor';

export interface ReadyOptions {
  /** The backend to use, or several in order of preference. Default: the fastest that runs here. */
  prefer?: string | readonly string[];
}

/** The order of choice without a preference. Backends that need a page's consent (a GPU) are chosen by the user. */
const byDefault: readonly string[] = ['cpu-js'];

/**
 * Chooses where new tensors are made, and makes that backend ready. Call it before building a model.
 * Returns the name. Errors: `BackendError` for a preferred name that nobody registered, or where none can run.
 */
export async function ready(options: ReadyOptions = {}): Promise<string> {
  const { prefer: wanted = [] } = options;
  const prefer = Array.isArray(wanted) ? (wanted as readonly string[]) : [wanted as string];
  const unavailable = unavailableBackends();
  for (const name of prefer) {
    if (!backends().includes(name) && !(name in unavailable)) {
      throw new BackendError(
        'ready',
        `expected a registered backend (${backends().join(', ')}), got "${String(name)}"; call registerBackend(...) first`,
      );
    }
  }
  const candidates = [...prefer, ...byDefault].filter((name) => backends().includes(name));
  const [name] = candidates.length > 0 ? candidates : backends();
  if (name === undefined) {
    const reasons = Object.entries(unavailable).map(([n, why]) => `${n}: ${why}`);
    const got = reasons.length > 0 ? `none (${reasons.join('; ')})` : 'none';
    throw new BackendError('ready', `expected a backend that can run here, got ${got}; call registerBackend(...)`);
  }
  // The choice is made once the backend is ready: one that fails leaves it as it was.
  await getBackend(name).sync();
  useBackend(name);
  return name;
}
