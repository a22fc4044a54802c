const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * A signal that is aborted by Ctrl-C (or a polite kill), after `announce`. The second one ends the program at once, as
 * does any after `release()`.
 */
export function onInterrupt(announce: () => void): { signal: AbortSignal; release: () => void } {
  const control = new AbortController();
  const release = (): void => {
    for (const name of SIGNALS) process.off(name, stop);
  };
  const stop = (): void => {
    release();
    announce();
    control.abort();
  };
  for (const name of SIGNALS) process.on(name, stop);
  return { signal: control.signal, release };
}
