import type { Storage } from './storage.js';
import type { TapeNode } from './tracer.js';

/** What a tensor handle holds on to, for the collector's callback; it must not reach the handle itself. */
export interface Held {
  storage: Storage;
  node: TapeNode | null;
}

const registry = new FinalizationRegistry<Held>((held) => {
  held.storage.release();
  held.node?.dropHandle();
});

/** Tensors outside every scope are freed when the collector finds their handle. */
export function watch(handle: object, held: Held): void {
  registry.register(handle, held, held);
}

export function unwatch(held: Held): void {
  registry.unregister(held);
}

let lastYield = 0;
const YIELD_EVERY_MS = 16;

/**
 * Gives the event loop a macrotask every 16 ms: a loop that only ever awaits settled promises would otherwise starve
 * timers, input and every collector callback.
 */
export async function breathe(): Promise<void> {
  const now = performance.now();
  if (now - lastYield < YIELD_EVERY_MS) return;
  lastYield = now;
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
}
