import type { SnapshotInfo } from '../model/protocol.js';
import type { Captured } from './training.js';

/** Bytes of all snapshots together. */
const BUDGET = 24 * 2 ** 20;

const bytesOf = ({ entries, losses }: Captured): number =>
  [...entries.values()].reduce((sum, { data }) => sum + data.byteLength, losses.byteLength);

/** Moments of a training within a budget of memory: when it is full every second one goes, and they are taken half as often. */
export class Snapshots {
  #all: Captured[] = [];
  /** Steps from one to the next. */
  #every = 10;

  due(step: number): boolean {
    return step % this.#every === 0 && this.#all.at(-1)?.step !== step;
  }

  add(captured: Captured): void {
    this.#all.push(captured);
    while (this.#all.length > 3 && this.#all.reduce((sum, c) => sum + bytesOf(c), 0) > BUDGET) {
      this.#every *= 2;
      // The first, where the kernels are noise, stays.
      this.#all = this.#all.filter((c, i) => i === 0 || c.step % this.#every === 0);
    }
  }

  at(step: number): Captured | undefined {
    return this.#all.find((c) => c.step === step);
  }

  /** Drops what comes after a step. */
  rewind(step: number): void {
    this.#all = this.#all.filter((c) => c.step <= step);
  }

  clear(): void {
    this.#all = [];
    this.#every = 10;
  }

  list(): SnapshotInfo[] {
    return this.#all.map(({ step, losses }) => ({ step, loss: losses[step - 1] ?? Number.NaN }));
  }
}
