import { KonvError } from '@konv/core-tensor';
import type { Optimizer } from '../optim/optimizer.js';
import { checkRange, checkSchedulerOptions, checkWhole, groupsOf, type ScheduledGroup, type SchedulerState } from './scheduler.js';

export interface PlateauOptions {
  /** Whether the metric is to fall or to rise. Default: 'min'. */
  mode?: 'min' | 'max';
  /** lr is multiplied by it. Default: 0.1. */
  factor?: number;
  /** How many epochs without a better metric are waited for. Default: 10. */
  patience?: number;
  /** By how much a metric must be better to count. Default: 1e-4. */
  threshold?: number;
  /** Whether the threshold is a share of the best metric or a difference. Default: 'rel'. */
  thresholdMode?: 'rel' | 'abs';
  /** Epochs after a reduction in which nothing is counted. Default: 0. */
  cooldown?: number;
  /** lr does not go below: one, or one a group. Default: 0. */
  minLr?: number | readonly number[];
  /** Smaller changes of lr are not made. Default: 1e-8. */
  eps?: number;
}

const names = ['mode', 'factor', 'patience', 'threshold', 'thresholdMode', 'cooldown', 'minLr', 'eps'];
const OP = 'ReduceLROnPlateau';

/**
 * Multiplies lr by `factor` when the metric given to `step(metric)` has not got better for more than `patience` epochs.
 * Errors: `KonvError` for bad options and for a metric that is no number. Source: torch.optim.lr_scheduler.ReduceLROnPlateau.
 */
export class ReduceLROnPlateau {
  readonly optimizer: Optimizer;
  lastEpoch = 0;
  readonly #o: Required<Omit<PlateauOptions, 'minLr'>>;
  readonly #minLrs: readonly number[];
  #best: number;
  #bad = 0;
  #cooling = 0;

  constructor(optimizer: Optimizer, options: PlateauOptions = {}) {
    const groups = groupsOf(OP, optimizer);
    checkSchedulerOptions(OP, options, names);
    this.optimizer = optimizer;
    const { mode = 'min', thresholdMode = 'rel', minLr = 0 } = options;
    if (mode !== 'min' && mode !== 'max') throw new KonvError(OP, `expected mode to be 'min' or 'max', got ${String(mode)}`);
    if (thresholdMode !== 'rel' && thresholdMode !== 'abs') {
      throw new KonvError(OP, `expected thresholdMode to be 'rel' or 'abs', got ${String(thresholdMode)}`);
    }
    const minLrs = typeof minLr === 'number' ? groups.map(() => minLr) : [...minLr];
    if (minLrs.length !== groups.length)
      throw new KonvError(OP, `expected minLr for each of ${groups.length} groups, got ${minLrs.length}`);
    for (const lr of minLrs) checkRange(OP, 'minLr', lr, 0);
    this.#minLrs = minLrs;
    this.#o = {
      mode,
      thresholdMode,
      factor: checkRange(OP, 'factor', options.factor ?? 0.1, 0, 1),
      patience: checkWhole(OP, 'patience', options.patience ?? 10, 0),
      threshold: checkRange(OP, 'threshold', options.threshold ?? 1e-4, 0),
      cooldown: checkWhole(OP, 'cooldown', options.cooldown ?? 0, 0),
      eps: checkRange(OP, 'eps', options.eps ?? 1e-8, 0),
    };
    this.#best = this.#worst();
  }

  get #groups(): ScheduledGroup[] {
    return this.optimizer.paramGroups as unknown as ScheduledGroup[];
  }

  #worst(): number {
    return this.#o.mode === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  /** Takes the metric of the epoch that has ended, and reduces the rates where it is time. */
  step(metric: number): void {
    if (typeof metric !== 'number') {
      throw new KonvError(OP, `expected the metric as a number, got ${typeof metric}; for a tensor pass await t.item()`);
    }
    const { patience, cooldown } = this.#o;
    this.lastEpoch++;
    if (this.#isBetter(metric)) {
      this.#best = metric;
      this.#bad = 0;
    } else this.#bad++;
    if (this.#cooling > 0) {
      this.#cooling--;
      this.#bad = 0;
    }
    if (this.#bad <= patience) return;
    this.#reduce();
    this.#cooling = cooldown;
    this.#bad = 0;
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.#o;
    if (thresholdMode === 'rel') return mode === 'min' ? metric < this.#best * (1 - threshold) : metric > this.#best * (threshold + 1);
    return mode === 'min' ? metric < this.#best - threshold : metric > this.#best + threshold;
  }

  #reduce(): void {
    const { factor, eps } = this.#o;
    this.#groups.forEach((group, i) => {
      const next = Math.max(group.lr * factor, this.#minLrs[i]);
      if (group.lr - next > eps) group.lr = next;
    });
  }

  getLastLr(): readonly number[] {
    return this.#groups.map((g) => g.lr);
  }

  /** Plain JSON; a best metric that is not there yet is null. */
  stateDict(): SchedulerState {
    return { lastEpoch: this.lastEpoch, best: Number.isFinite(this.#best) ? this.#best : null, bad: this.#bad, cooling: this.#cooling };
  }

  /** Errors: `KonvError`; nothing has changed then. */
  loadStateDict(state: SchedulerState): void {
    const { lastEpoch, best, bad, cooling } = state;
    if (![lastEpoch, bad, cooling].every(Number.isSafeInteger) || (best !== null && typeof best !== 'number')) {
      throw new KonvError(OP, `expected the state of a ReduceLROnPlateau, got ${JSON.stringify(state)}; pass what stateDict() gave`);
    }
    this.lastEpoch = lastEpoch as number;
    this.#best = (best as number | null) ?? this.#worst();
    this.#bad = bad as number;
    this.#cooling = cooling as number;
  }
}
