// A worker's entry where it is loaded by URL: in browsers, as a module worker.
import { workerMain } from './worker-main.js';

const scope = globalThis as unknown as {
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
};

workerMain(
  (hear) => scope.addEventListener('message', (event) => hear(event.data)),
  (message) => scope.postMessage(message),
);
