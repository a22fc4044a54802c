import { KonvError } from '@konv/core-tensor';
import type { Optimizer } from '../optim/optimizer.js';

/** A parameter group as schedulers see it. */
export interface ScheduledGroup {
  lr: number;
  /** What the schedule starts from: the group's lr when the first scheduler met it. */
  initialLr?: number;
  momentum?: number;
  betas?: readonly [number, number];
}

/** Counters and rates: plain JSON. */
export type SchedulerState = Record<string, number | boolean | null | readonly number[]>;

export function groupsOf(op: string, optimizer: Optimizer): ScheduledGroup[] {
  const groups = (optimizer as { paramGroups?: unknown } | null)?.paramGroups;
  if (!Array.isArray(groups)) throw new KonvError(op, `expected an optimizer, got ${String(optimizer)}; pass optim.SGD(...) or another`);
  return groups as ScheduledGroup[];
}

/** A number within bounds, or a clear error. */
export function checkRange(op: string, name: string, value: unknown, least: number, below = Number.POSITIVE_INFINITY): number {
  if (typeof value === 'number' && value >= least && value < below) return value;
  const range = Number.isFinite(below) ? `a number in [${least}, ${below})` : `a finite number >= ${least}`;
  throw new KonvError(op, `expected ${name} to be ${range}, got ${String(value)}`);
}

/** A whole number, or a clear error. */
export function checkWhole(op: string, name: string, value: unknown, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw new KonvError(op, `expected ${name} to be a whole number >= ${least}, got ${String(value)}`);
}

/** Refuses options that a scheduler does not have. */
export function checkSchedulerOptions(op: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new KonvError(op, `expected an object of options, got ${String(options)}; write { ${known[0]}: ... }`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const camel = name.replace(/_(.)/g, (_, c: string) => c.toUpperCase());
    const remedy = known.includes(camel) ? `write ${camel}` : 'leave it out';
    throw new KonvError(op, `expected options among ${known.join(', ')}, got ${name}; ${remedy}`);
  }
}

/**
 * What schedulers have in common. A scheduler sets the first rates when it is built and the next ones at each `step()`,
 * which is called after the optimizer's: once an epoch or once a batch, as the schedule counts. Most rates are computed
 * from the group's current one, as in PyTorch: so schedulers can be combined, and rates that users set are honoured.
 * Source: torch.optim.lr_scheduler.
 */
export abstract class LRScheduler {
  readonly optimizer: Optimizer;
  /** Of each group. */
  readonly baseLrs: readonly number[];
  /** How often `step()` was called. */
  lastEpoch = -1;
  protected readonly op: string;
  #lastLr: readonly number[] = [];

  constructor(op: string, optimizer: Optimizer) {
    this.op = op;
    this.optimizer = optimizer;
    for (const group of groupsOf(op, optimizer)) group.initialLr ??= group.lr;
    this.baseLrs = this.groups.map((g) => g.initialLr as number);
  }

  protected get groups(): ScheduledGroup[] {
    return this.optimizer.paramGroups as unknown as ScheduledGroup[];
  }

  /** The rate of each group for `lastEpoch`. */
  protected abstract rates(): readonly number[];

  /** Goes on by one epoch or batch and sets the rates of all groups. */
  step(): void {
    this.lastEpoch++;
    let rates: readonly number[];
    try {
      rates = this.rates();
    } catch (e) {
      this.lastEpoch--;
      throw e;
    }
    this.groups.forEach((group, i) => {
      group.lr = rates[i];
    });
    this.#lastLr = [...rates];
  }

  /** The rates that the last step set, one a group. */
  getLastLr(): readonly number[] {
    return this.#lastLr;
  }

  /** What a run needs to go on: plain JSON. The rates themselves stand in the optimizer's state. */
  stateDict(): SchedulerState {
    return { lastEpoch: this.lastEpoch, baseLrs: [...this.baseLrs], lastLr: [...this.#lastLr] };
  }

  /** Errors: `KonvError` for a state of another number of groups; nothing has changed then. */
  loadStateDict(state: SchedulerState): void {
    const { lastEpoch, baseLrs, lastLr } = state;
    const n = this.groups.length;
    if (!Number.isSafeInteger(lastEpoch) || !Array.isArray(baseLrs) || !Array.isArray(lastLr) || baseLrs.length !== n) {
      throw new KonvError(
        this.op,
        `expected the state of a scheduler for ${n} groups, got ${JSON.stringify(state)}; pass what stateDict() gave`,
      );
    }
    this.lastEpoch = lastEpoch as number;
    (this as { baseLrs: readonly number[] }).baseLrs = [...(baseLrs as number[])];
    this.#lastLr = [...(lastLr as number[])];
  }
}
