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
  const prefer = typeof options.prefer === 'string' ? [options.prefer] : (options.prefer ?? []);
  const unavailable = unavailableBackends();
  for (const name of prefer) {
    if (!backends().includes(name) && !(name in unavailable)) {
      throw new BackendError('ready', `expected a registered backend (${backends().join(', ')}), got "${name}"; call registerBackend(...) first`);
    }
  }
  const candidates = [...prefer, ...byDefault].filter((name) => backends().includes(name));
  const [name] = candidates.length > 0 ? candidates : backends();
  if (name === undefined) throw new BackendError('ready', 'expected a backend that can run here, got none; call registerBackend(...)');
  useBackend(name);
  await getBackend(name).sync();
  return name;
}
