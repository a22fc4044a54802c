import { workerMain } from './worker-main.js';

/** A worker of Node or of a browser. */
export interface WorkerHandle {
  post(message: unknown): void;
  onMessage(hear: (message: unknown) => void): void;
  /** The worker has died: an error outside of its kernels, or its end. */
  onDeath(hear: (reason: string) => void): void;
  /** From now on the worker does not keep the program from ending. */
  release(): void;
  terminate(): void;
}

/** Ways to start a worker, tried in this order until one of them answers. */
export type Spawn = (name: string) => WorkerHandle;

/*
 * Where the worker's code comes from.
 *
 * Node: as text. The sources may run uncompiled or bundled, so no file of the worker can be relied on to lie beside this one.
 * Browsers: first by URL, in the form that Vite and webpack recognise and bundle; a strict content security policy allows
 * it as 'self' and nothing else. esbuild copies the URL as it stands, and prebundling development servers move this file: then
 * there is nothing at the URL and the worker dies before it answers. Next the same text as in Node, from a blob, which a
 * strict policy forbids. Where both fail there is one thread.
 */

/** Compilers that keep functions' names wrap them in this helper of theirs, which the text does not carry along. */
const HELPER = 'var __name = function (f) { return f; };';

export function spawns(): readonly Spawn[] {
  if (isNode()) {
    const spawn = nodeSpawn();
    return spawn ? [spawn] : [];
  }
  return typeof (globalThis as { Worker?: unknown }).Worker === 'function' ? [fromUrl, fromBlob] : [];
}

export function isNode(): boolean {
  return typeof process === 'object' && process !== null && typeof process.versions?.node === 'string';
}

/** Null in what calls itself Node and has no worker threads. */
export function nodeSpawn(): Spawn | null {
  // Not by import(): bundlers for pages would look for the module.
  const threads = process.getBuiltinModule?.('node:worker_threads');
  if (!threads) return null;
  const { Worker } = threads;
  const code = `${HELPER}
const { parentPort } = require('node:worker_threads');
(${workerMain})((hear) => parentPort.on('message', hear), (message) => parentPort.postMessage(message));`;
  return (name) => {
    // Without the flags of the program: a loader or an --input-type is not meant for this text.
    const worker = new Worker(code, { eval: true, name, execArgv: [] });
    return {
      post: (message) => worker.postMessage(message),
      onMessage: (hear) => worker.on('message', hear),
      onDeath: (hear) => {
        worker.on('error', (error) => hear(String(error)));
        worker.on('exit', (code) => hear(`it ended with code ${code}`));
      },
      release: () => worker.unref(),
      terminate: () => void worker.terminate(),
    };
  };
}

interface BrowserWorker {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', hear: (event: { data: unknown }) => void): void;
  addEventListener(type: 'error' | 'messageerror', hear: (event: { message?: string; preventDefault(): void }) => void): void;
  terminate(): void;
}

declare const Worker: new (url: URL | string, options: { type: 'module' | 'classic'; name: string }) => BrowserWorker;

const fromUrl: Spawn = (name) => inBrowser(new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name }));

const fromBlob: Spawn = (name) => {
  const code = `${HELPER}
(${workerMain})((hear) => addEventListener('message', (event) => hear(event.data)), (message) => postMessage(message));`;
  const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  try {
    return inBrowser(new Worker(url, { type: 'classic', name }));
  } finally {
    // The fetch has begun: the address is not needed any more, but some engines look it up a little later.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }
};

function inBrowser(worker: BrowserWorker): WorkerHandle {
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (hear) => worker.addEventListener('message', (event) => hear(event.data)),
    onDeath: (hear) => {
      worker.addEventListener('error', (event) => {
        // What happens next is said in words of our own.
        event.preventDefault();
        hear(event.message || 'its script could not be loaded');
      });
      worker.addEventListener('messageerror', () => hear('it could not take the module or the memory'));
    },
    release: () => {},
    terminate: () => worker.terminate(),
  };
}
