import type { Backend, BackendBuffer } from '@konv/core-tensor';
import { poisoned } from './poisoned.js';

/** What an audited backend has seen. */
export interface Ledger {
  made: number;
  live: number;
  /** Calls of `free` with a buffer that is not alive. */
  wrongFrees: number;
}

/** The same backend under another name, with its own books about buffers. */
export function audited(inner: Backend, name: string): { backend: Backend; ledger: Ledger } {
  const ledger: Ledger = { made: 0, live: 0, wrongFrees: 0 };
  const alive = new Set<BackendBuffer>();
  const backend: Backend = {
    ...poisoned(inner),
    name,
    dispose: undefined,
    memory: () => ({ tensors: alive.size, bytes: 0 }),
    alloc: (request) => {
      const buffer = inner.alloc(request);
      alive.add(buffer);
      ledger.made++;
      ledger.live++;
      return buffer;
    },
    free: (buffer) => {
      if (alive.delete(buffer)) ledger.live--;
      else ledger.wrongFrees++;
      inner.free(buffer);
    },
  };
  return { backend, ledger };
}
