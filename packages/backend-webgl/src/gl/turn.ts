/** Turns that cost next to nothing before the waiter begins to sleep. */
const EAGER_MS = 6;

/** Lets the event loop turn once. A message is not slowed down as nested timers are, nor in a tab in the background. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** As `turn`, but sleeps for a moment once a wait since `started` has become long, so that the processor is left to others. */
export function patientTurn(started: number): Promise<void> {
  if (performance.now() - started < EAGER_MS) return turn();
  return new Promise((resolve) => setTimeout(resolve, 1));
}
