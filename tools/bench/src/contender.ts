import type { Task } from './tasks.js';
import type { Runner } from './timing.js';

/** Whoever can do tasks: one of our backends, or a peer. */
export interface Contender {
  /** Short: it heads a column and is what `--peers` selects. */
  readonly name: string;
  /** Version, engine and settings, in a line. */
  readonly about: string;
  readonly kinds: readonly Task['kind'][];
  /** Null: it has no such operation. It may also throw, and so may the runs; both are reported and are no error of ours. */
  prepare(task: Task): Runner | null | Promise<Runner | null>;
  close?(): void | Promise<void>;
}

/** Loads a peer. Throws, with a remedy, where it is not installed or does not run here. */
export type LoadPeer = () => Promise<Contender>;

/** The same numbers in [-0.5, 0.5) for whoever asks: benches need arbitrary ones, not random ones. */
export function numbers(size: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(size);
  let state = 1;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    out[i] = state / 2 ** 32;
  }
  return out;
}
