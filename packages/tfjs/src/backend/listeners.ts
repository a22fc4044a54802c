type Listener = (...args: unknown[]) => void;

/** The part of Node's `process` that is needed. */
interface Events {
  listeners(event: string): Listener[];
  removeListener(event: string, listener: Listener): unknown;
}

const events = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Runs `load` and takes away the listeners for uncaught errors that it has added to Node's process: tfjs's wasm loader adds
 * one for each, which throws the error again and so changes how a program dies of errors that are not tfjs's.
 */
export async function withoutErrorListeners<T>(load: () => Promise<T>): Promise<T> {
  const { process } = globalThis as { process?: Partial<Events> };
  if (typeof process?.listeners !== 'function' || typeof process.removeListener !== 'function') return load();
  const node = process as Events;
  const before = events.map((event) => new Set(node.listeners(event)));
  try {
    return await load();
  } finally {
    events.forEach((event, i) => {
      for (const listener of node.listeners(event)) {
        // Whoever else has come meanwhile may stay: the loader's do nothing but throw.
        const throws = /^function\s*\(\w+\)\s*\{[^{}]*(\{[^{}]*)?throw /.test(String(listener));
        if (!before[i].has(listener) && throws) node.removeListener(event, listener);
      }
    });
  }
}
