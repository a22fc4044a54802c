const events = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Runs `load`, and takes back what loaders written by Emscripten leave in the process: a `Worker` in the global scope
 * (by which another library believes itself in a browser) and listeners for errors that are not their own.
 */
export async function withoutTraces<T>(load: () => Promise<T>): Promise<T> {
  const worker = Object.getOwnPropertyDescriptor(globalThis, 'Worker');
  const before = events.map((event) => process.rawListeners(event));
  try {
    return await load();
  } finally {
    Reflect.deleteProperty(globalThis, 'Worker');
    if (worker) Object.defineProperty(globalThis, 'Worker', worker);
    events.forEach((event, i) => {
      for (const listener of process.rawListeners(event)) {
        if (!before[i].includes(listener)) process.removeListener(event, listener as () => void);
      }
    });
  }
}
