import { signal } from '@preact/signals';

/** Where the page stands without a network: not yet, ready, or why never. */
export const offline = signal<'waiting' | 'ready' | 'unavailable' | 'removed'>('waiting');

/** Beside a page that has just begun nothing else should be fetched. */
const AFTER_MS = 3000;

const idle = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(() => {
      if ('requestIdleCallback' in window) requestIdleCallback(() => resolve(), { timeout: 5000 });
      else resolve();
    }, AFTER_MS);
  });

/** Has the browser keep the page's files. Never rejects: without it the page only needs its network. */
export async function keepOffline(): Promise<void> {
  // Vite's server has no such worker, and what it served would be stale after the next edit.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) {
    offline.value = 'unavailable';
    return;
  }
  try {
    await idle();
    if (offline.peek() === 'removed') return;
    await navigator.serviceWorker.register(new URL('service-worker.js', document.baseURI), { updateViaCache: 'none' });
    await navigator.serviceWorker.ready;
    if (offline.value === 'waiting') offline.value = 'ready';
  } catch {
    offline.value = 'unavailable';
  }
}

/** Removes the copies of the page's files. This visit goes on; the next one fetches them again. */
export async function removeOffline(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  offline.value = 'removed';
  const registration = await navigator.serviceWorker.getRegistration(document.baseURI);
  const scope = registration?.scope;
  await registration?.unregister();
  for (const name of await caches.keys()) if (scope && name.startsWith(`konv ${scope} `)) await caches.delete(name);
}
