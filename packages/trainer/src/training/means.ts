import type { Tensor } from '@konv/core-tensor';

/** Sample-weighted means of scalar tensors, read in batches: a device is not made to wait at every step. */
export class RunningMeans {
  readonly #names: readonly string[];
  readonly #totals: Map<string, number> = new Map();
  readonly #series: number[] | null;
  #samples = 0;
  #pending: Pending[] = [];
  #reading: Promise<void> = Promise.resolve();

  /** The first named value of every step goes to the end of `series`, in order, as it is read. */
  constructor(names: readonly string[], series: number[] | null = null) {
    this.#names = names;
    this.#series = series;
  }

  get samples(): number {
    return this.#samples;
  }
  get pending(): number {
    return this.#pending.length;
  }

  /** Takes over scalars, one a name, that stand for `n` samples; they are freed once read. `also` is waited for, too. */
  push(values: Tensor[], n: number, also: Promise<unknown> | null = null): void {
    // Whoever flushes hears of it; until then it is not unhandled.
    also?.catch(() => {});
    this.#pending.push({ values, n, also });
  }

  /** Reads what was pushed. One reading at a time, so that the order of the sums is that of the steps. */
  flush(): Promise<void> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading.catch(() => {});
    return reading;
  }

  async #read(): Promise<void> {
    const taken = this.#pending;
    this.#pending = [];
    const reads = taken.map(({ values, also }) => Promise.all([Promise.all(values.map((v) => v.item())), also]));
    try {
      const rows = await Promise.all(reads);
      rows.forEach(([row], step) => {
        const { n } = taken[step];
        this.#samples += n;
        this.#series?.push(row[0]);
        this.#names.forEach((name, i) => this.#totals.set(name, (this.#totals.get(name) ?? 0) + row[i] * n));
      });
    } finally {
      free(taken);
    }
  }

  mean(name: string): number {
    return (this.#totals.get(name) ?? Number.NaN) / this.#samples;
  }

  /** Without what has not been read: flush first. */
  state(): { samples: number; totals: Record<string, number> } {
    return { samples: this.#samples, totals: Object.fromEntries(this.#names.map((n) => [n, this.#totals.get(n) ?? 0])) };
  }
  /** Goes on from a state. */
  load({ samples, totals }: { samples: number; totals: Record<string, number> }): void {
    this.#samples = samples;
    for (const name of this.#names) this.#totals.set(name, totals[name]);
  }

  /** Frees what has not been read. */
  dispose(): void {
    free(this.#pending);
    this.#pending = [];
  }
}

interface Pending {
  values: Tensor[];
  n: number;
  also: Promise<unknown> | null;
}

function free(pending: readonly Pending[]): void {
  for (const { values } of pending) for (const v of values) v.dispose();
}
