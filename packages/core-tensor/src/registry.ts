import { abi, type RegistryEntry } from './abi.js';
import { type Backend, INTERFACE_VERSION, type MemoryInfo, type Unavailable } from './backend.js';
import { BackendError } from './errors.js';

const requiredMembers = [
  'supports',
  'alloc',
  'free',
  'write',
  'read',
  'sync',
  'memory',
  'unary',
  'binary',
  'where',
  'reduce',
  'argReduce',
  'copyStrided',
  'fill',
  'cast',
  'gather',
  'scatterAdd',
  'matmul',
] as const satisfies readonly (keyof Backend)[];

function checkBackend(b: Backend): void {
  if (typeof b !== 'object' || b === null || typeof b.name !== 'string' || b.name === '') {
    throw new BackendError('registerBackend', `expected a backend with a name, got ${String(b)}; did you forget await?`);
  }
  if (b.interfaceVersion !== INTERFACE_VERSION) {
    throw new BackendError(
      'registerBackend',
      `expected interface version ${INTERFACE_VERSION}, got ${b.interfaceVersion} from "${b.name}"; ` +
        'install the version of the backend that matches @konv/core-tensor',
    );
  }
  const { capabilities } = b;
  if (!Array.isArray(capabilities?.dtypes) || typeof capabilities.limits?.maxBufferBytes !== 'number') {
    throw new BackendError(
      'registerBackend',
      `expected "${b.name}" to state its capabilities (dtypes, limits, ...), got ${typeof capabilities}; see Capabilities`,
    );
  }
  const missing = requiredMembers.filter((m) => typeof b[m] !== 'function');
  if (missing.length > 0) {
    throw new BackendError('registerBackend', `expected "${b.name}" to have ${missing.join(', ')}; add the missing methods`);
  }
}

/**
 * Makes a backend known under its name. The first one registered is where new tensors are made, until `useBackend`.
 * Takes what factories return: a backend, or `{ unavailable: reason }`, which is noted and shown when it is asked for.
 * Registering a name again replaces it, unless the old one still holds tensors.
 * Returns the name, or null where it is unavailable.
 */
export function registerBackend(backend: Backend | Unavailable): string | null {
  if (typeof backend === 'object' && backend !== null && 'unavailable' in backend) {
    const name = backend.name ?? 'unnamed';
    const entry = abi.entries.get(name);
    if (!entry?.backend && !entry?.create) {
      abi.entries.set(name, { name, backend: null, create: null, unavailable: backend.unavailable });
    }
    return null;
  }
  checkBackend(backend);
  const old = abi.entries.get(backend.name)?.backend;
  if (old === backend) return backend.name;
  if (old && old.memory().tensors > 0) {
    throw new BackendError(
      'registerBackend',
      `expected the name "${backend.name}" to be free, got one that holds ${old.memory().tensors} live tensors; ` +
        'dispose them or register under another name',
    );
  }
  abi.entries.set(backend.name, { name: backend.name, backend, create: null, unavailable: null });
  abi.current ??= backend.name;
  return backend.name;
}

/** Registers a backend that is made when it is first needed. An existing entry of that name stays. */
export function registerLazyBackend(name: string, create: () => Backend): void {
  if (!abi.entries.has(name)) abi.entries.set(name, { name, backend: null, create, unavailable: null });
  abi.current ??= name;
}

/** Removes a backend. It must hold no live tensors. */
export function unregisterBackend(name: string): void {
  const entry = lookUp('unregisterBackend', name);
  const live = entry.backend?.memory().tensors ?? 0;
  if (live > 0) {
    throw new BackendError('unregisterBackend', `expected no live tensors on "${name}", got ${live}; dispose them first`);
  }
  abi.entries.delete(name);
  if (abi.current === name) abi.current = backends()[0] ?? null;
  entry.backend?.dispose?.();
}

function lookUp(op: string, name: string): RegistryEntry {
  const entry = abi.entries.get(name);
  if (entry) return entry;
  const known = backends();
  throw new BackendError(
    op,
    `expected a registered backend (${known.length > 0 ? known.map((n) => `"${n}"`).join(', ') : 'none is'}), ` +
      `got "${name}"; call registerBackend(...) first`,
  );
}

/** The backend of that name; without a name the one where new tensors are made. */
export function getBackend(name?: string): Backend {
  return find('getBackend', name ?? abi.current);
}

function find(op: string, wanted: string | null): Backend {
  if (wanted === null) {
    throw new BackendError(
      op,
      'expected a registered backend, got none; call registerBackend(cpuJs()) from @konv/backend-cpu-js, or import konv',
    );
  }
  const entry = lookUp(op, wanted);
  if (entry.backend) return entry.backend;
  if (entry.unavailable !== null) {
    throw new BackendError(op, `expected "${wanted}" to run here, got: ${entry.unavailable}; choose one of backends()`);
  }
  const made = entry.create?.();
  if (!made) throw new BackendError(op, `expected a backend for "${wanted}", got none from its factory; register one that returns it`);
  checkBackend(made);
  entry.backend = made;
  entry.create = null;
  return made;
}

/** Chooses where new tensors are made. */
export function useBackend(name: string): void {
  find('useBackend', name);
  abi.current = name;
}

/** The names that can be used here, in the order of registration. */
export function backends(): string[] {
  return [...abi.entries.values()].filter((e) => e.unavailable === null).map((e) => e.name);
}

/** Backends that cannot run here, with the reason. */
export function unavailableBackends(): Record<string, string> {
  const out: Record<string, string> = {};
  for (const e of abi.entries.values()) if (e.unavailable !== null) out[e.name] = e.unavailable;
  return out;
}

/** Live storages and their bytes, over all backends and by backend. Exact. */
export function memory(): MemoryInfo & { backends: Record<string, MemoryInfo> } {
  const total = { tensors: 0, bytes: 0, backends: {} as Record<string, MemoryInfo> };
  for (const e of abi.entries.values()) {
    if (!e.backend) continue;
    const { tensors, bytes } = e.backend.memory();
    total.backends[e.name] = { tensors, bytes };
    total.tensors += tensors;
    total.bytes += bytes;
  }
  return total;
}
