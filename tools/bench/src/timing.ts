/** Something that can be run again and again. */
export interface Runner {
  /** Runs once and returns the milliseconds that it took. */
  run(): number | Promise<number>;
  /** Frees what the runs needed. */
  dispose?(): void | Promise<void>;
  /** The run is this part of the task: its time is multiplied by it. Default 1. */
  times?: number;
  note?: string;
  /**
   * What the task computes, on the host and in our layouts (NCHW, OIHW), from the operands of `numbers()`. It is asked
   * once, before the runs, and compared.
   */
  result?(): Promise<Float32Array>;
}

/** Milliseconds over the runs: the median and the quartiles. */
export interface Timing {
  median: number;
  lower: number;
  upper: number;
  runs: number;
}

/** How much is run. */
export interface Budget {
  /** Milliseconds of timed runs of each contender. */
  ms: number;
  least: number;
  most: number;
  /** Milliseconds of runs before, so that engines have compiled their best code. */
  warmUpMs: number;
  /** Counts the first run of whoever takes twice `ms` for it, and runs it no more: it has been run for its result. */
  once?: boolean;
}

export const fullBudget: Budget = { ms: 700, least: 5, most: 60, warmUpMs: 1500 };
export const quickBudget: Budget = { ms: 120, least: 3, most: 15, warmUpMs: 150 };

/** Runs `work` and returns the milliseconds until all that it queued is done. */
export type Clock = (work: () => void) => number | Promise<number>;

/** The clock of engines that are done when a call returns. */
export function clocked(fn: () => void): number {
  const start = performance.now();
  fn();
  return performance.now() - start;
}

/** A run shorter than this is measured in bursts: once to warm the caches up, then thrice on the clock. */
const shortMs = 20;
const burst = 3;

export function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

export function timing(samples: readonly number[], times = 1): Timing {
  const sorted = samples.map((ms) => ms * times).sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), lower: quantile(sorted, 0.25), upper: quantile(sorted, 0.75), runs: sorted.length };
}

/** A contender's samples, or why it failed. */
export type Outcome = number[] | Error;

class Lane {
  readonly samples: number[] = [];
  failure: Error | null = null;
  turns = 0;
  private short = false;

  constructor(private readonly runner: Runner) {}

  private async attempt(work: () => Promise<void>): Promise<void> {
    if (this.failure) return;
    try {
      await work();
    } catch (e) {
      this.failure = e instanceof Error ? e : new Error(String(e));
    }
  }

  /** Runs until the engine is warm, and sees how many turns the budget allows: one at least, however slow. */
  warmUp(budget: Budget): Promise<void> {
    return this.attempt(async () => {
      const first = await this.runner.run();
      this.turns = 1;
      if (first > budget.ms * 2) {
        if (!budget.once || !this.runner.result) return;
        this.samples.push(first);
        this.turns = 0;
        return;
      }
      let last = first;
      for (let spent = first, runs = 1; runs < 2 || (spent < budget.warmUpMs && runs < 1000); runs++, spent += last) {
        last = await this.runner.run();
      }
      this.short = last < shortMs;
      const least = last > budget.ms / 2 ? Math.min(3, budget.least) : budget.least;
      const runs = Math.max(least, Math.min(budget.most, Math.round(budget.ms / Math.max(last, 1e-3))));
      this.turns = this.short ? Math.ceil(runs / burst) : runs;
    });
  }

  turn(): Promise<void> {
    return this.attempt(async () => {
      if (this.short) await this.runner.run();
      for (let i = 0; i < (this.short ? burst : 1); i++) this.samples.push(await this.runner.run());
    });
  }
}

/**
 * Measures the contenders in turns (first, second, ..., first, second, ...), so that fast and slow phases of the
 * machine meet all of them alike. A slow one gets fewer turns, spread evenly. One that throws drops out.
 */
export async function interleave(runners: readonly Runner[], budget: Budget): Promise<Outcome[]> {
  const lanes = runners.map((runner) => new Lane(runner));
  for (const lane of lanes) await lane.warmUp(budget);
  const rounds = Math.max(...lanes.map((lane) => lane.turns));
  for (let round = 0; round < rounds; round++) {
    for (const lane of lanes) {
      const due = Math.floor(((round + 1) * lane.turns) / rounds) > Math.floor((round * lane.turns) / rounds);
      if (due) await lane.turn();
    }
  }
  return lanes.map((lane) => lane.failure ?? lane.samples);
}
