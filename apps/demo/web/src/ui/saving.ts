import { createStore, del, get, type UseStore } from 'idb-keyval';
import type { Saved } from '../model/protocol.js';
import { fits, isSettings } from '../model/saved-settings.js';
import { defaults, toQuery } from '../model/settings.js';
import { trainer } from './workers.js';

export const KEY = 'training';
/** A store that does not answer must not keep a network from learning. */
const PATIENCE_MS = 1000;

let opened: UseStore | null = null;

/** Where the one record lies. Throws where the browser forbids it. */
export function store(): UseStore {
  opened ??= createStore('konv', 'page');
  return opened;
}

function isSaved(x: unknown): x is Saved {
  if (typeof x !== 'object' || x === null) return false;
  const { settings, step, bytes } = x as Partial<Saved>;
  return isSettings(settings) && Number.isInteger(step) && bytes instanceof Uint8Array;
}

/** What an earlier visit left and the address does not contradict, or null. */
export async function readSaved(): Promise<Saved | null> {
  // The worker's code is on its way meanwhile.
  trainer();
  const late = new Promise<undefined>((resolve) => {
    setTimeout(resolve, PATIENCE_MS);
  });
  try {
    const found: unknown = await Promise.race([get(KEY, store()), late]);
    if (found === undefined) return null;
    if (!isSaved(found)) {
      await Promise.race([del(KEY, store()), late]);
      return null;
    }
    if (!fits(found.settings, location.search)) return null;
    // From here on the address says what is in force. Threads belong to a machine and a host.
    const query = toQuery({ ...found.settings, threads: defaults.threads });
    if (location.search === '' && query !== '') history.replaceState(null, '', `${location.pathname}${query}${location.hash}`);
    return found;
  } catch {
    return null; // Why will be said when the first record is written.
  }
}
