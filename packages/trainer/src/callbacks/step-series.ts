import type { Progress } from '../callback.js';
import type { Optimizer } from '../optim/optimizer.js';

/** A step whose loss has been read. */
export interface StepEntry {
  /** Counts from 1 over all epochs. */
  step: number;
  loss: number;
  /** Of the first group, as it was for the step. */
  lr: number;
}

/** Gives the losses of the steps, each once, as they are read back. */
export class StepSeries {
  readonly #every: number;
  #next = 0;
  #lrs = new Map<number, number>();

  /** Every `every`th step only. */
  constructor(every: number) {
    this.#every = every;
  }

  /** In `onFitStart`. */
  begin(p: Progress): void {
    this.#next = p.history.losses.length;
    this.#lrs.clear();
  }
  /** In `onEpochStart` and `onSave`, when all callbacks have set their rates: notes the next step's. */
  note(p: Progress): void {
    this.#lrs.set(p.totalSteps, rateOf(p.trainer.optimizer));
  }
  /** In `onSave`. */
  *take({ history: { losses } }: Progress): Generator<StepEntry> {
    for (; this.#next < losses.length; this.#next++) {
      const i = this.#next;
      const lr = this.#lrs.get(i) ?? Number.NaN;
      this.#lrs.delete(i);
      if ((i + 1) % this.#every === 0) yield { step: i + 1, loss: losses[i], lr };
    }
  }
}

export function rateOf(optimizer: Optimizer): number {
  return (optimizer.paramGroups[0] as unknown as { lr: number }).lr;
}
