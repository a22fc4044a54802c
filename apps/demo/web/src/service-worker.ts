/**
 * Keeps the page's files, so that a reload without a network works. Built into `service-worker.js` beside the page.
 *
 * A file from `assets/` has its content's hash in its name, so the copy is as good as the original; all others are of one
 * version of the page and lie in that version's cache. Answers are stored whole, headers included: what isolates the page,
 * and what its policy forbids, is the same without a network.
 */

// The DOM library does not know a service worker's own events; these are the parts that are used.
interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetched extends Extendable {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Scope {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: Extendable) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetched) => void): void;
}

/** Put in when the page is built: the paths to keep from the beginning, and what changes with any of the page's files. */
declare const KONV_FILES: readonly string[];
declare const KONV_VERSION: string;

/** A network that answers no sooner is none. */
const PATIENCE_MS = 4000;

const worker = self as unknown as Scope;
const { scope } = worker.registration;
const mine = `konv ${scope} `;
const current = mine + KONV_VERSION;
const hashed = (url: string): boolean => url.startsWith(`${scope}assets/`);

async function keepFiles(): Promise<void> {
  const cache = await caches.open(current);
  // One after the other: the page that is being read comes first.
  for (const path of KONV_FILES) {
    const url = new URL(path, scope).href;
    const known = hashed(url) ? await caches.match(url) : undefined;
    const answer = known ?? (await fetch(new Request(url, { cache: hashed(url) ? 'default' : 'no-cache' })));
    if (!answer.ok) throw new Error(`expected ${url} to be there, got status ${answer.status}`);
    await cache.put(url, answer);
  }
}

async function dropOldVersions(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith(mine) && name !== current) await caches.delete(name);
  await worker.clients.claim();
}

/** The copy, else the network's answer, of which a copy is kept: larger sets of pictures, for instance. */
async function copyFirst(event: Fetched): Promise<Response> {
  const { request } = event;
  const copy = await caches.match(request.url);
  if (copy) return copy;
  const answer = await fetch(request);
  if (answer.status === 200) event.waitUntil(keepCopy(request.url, answer.clone()));
  return answer;
}

async function keepCopy(url: string, answer: Response): Promise<void> {
  // A visitor may have had the copies removed.
  if (!(await caches.has(current))) return;
  const cache = await caches.open(current);
  await cache.put(url, answer).catch(() => {}); // No room: the network will be asked again.
}

/** The network's page, which may be a newer one; the copy where there is no network. */
async function networkFirst(request: Request): Promise<Response> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('late')), PATIENCE_MS);
  });
  try {
    return await Promise.race([fetch(request), late]);
  } catch (e) {
    const copy = await caches.match(scope);
    if (copy) return copy;
    throw e;
  }
}

worker.addEventListener('install', (event) => {
  event.waitUntil(keepFiles().then(() => worker.skipWaiting()));
});
worker.addEventListener('activate', (event) => event.waitUntil(dropOldVersions()));
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(scope)) return;
  if (request.mode === 'navigate') {
    // Files that are opened by themselves, such as a licence, are not the page.
    const { pathname } = new URL(request.url);
    const page = pathname === new URL(scope).pathname || pathname === `${new URL(scope).pathname}index.html`;
    event.respondWith(page ? networkFirst(request) : copyFirst(event));
  } else event.respondWith(copyFirst(event));
});

export {};
