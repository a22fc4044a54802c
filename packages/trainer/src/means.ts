import type { Tensor } from '@konv/core-tensor';
import type { HostEntry } from '@konv/formats';
import { floats, refuse } from './checkpoint-tree.js';

/** Sums so far; plain values. */
export interface MeansState {
  samples: number;
  /** One a name. */
  totals: number[];
  series: HostEntry;
}

/** Sample-weighted means of scalar tensors, read in batches: a device is not made to wait at every step. */
export class RunningMeans {
  readonly #names: readonly string[];
  readonly #totals: Map<string, number> = new Map();
  /** The first named value of every step, in order. */
  readonly series: number[] = [];
  #samples = 0;
  #pending: { values: Tensor[]; n: number }[] = [];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  get samples(): number {
    return this.#samples;
  }
  get pending(): number {
    return this.#pending.length;
  }

  /** Takes over scalars, one a name, that stand for `n` samples; they are freed once read. */
  push(values: Tensor[], n: number): void {
    for (const v of values) v.keep();
    this.#pending.push({ values, n });
  }

  async flush(): Promise<void> {
    const taken = this.#pending;
    this.#pending = [];
    const reads = taken.map(({ values }) => Promise.all(values.map((v) => v.item())));
    try {
      const rows = await Promise.all(reads);
      rows.forEach((row, step) => {
        const { n } = taken[step];
        this.#samples += n;
        this.series.push(row[0]);
        this.#names.forEach((name, i) => this.#totals.set(name, (this.#totals.get(name) ?? 0) + row[i] * n));
      });
    } finally {
      for (const { values } of taken) for (const v of values) v.dispose();
    }
  }

  mean(name: string): number {
    return (this.#totals.get(name) ?? Number.NaN) / this.#samples;
  }
  means(names: readonly string[]): Record<string, number> {
    return Object.fromEntries(names.map((n) => [n, this.mean(n)]));
  }

  /** Without what has not been read: flush first. */
  state(): MeansState {
    return { samples: this.#samples, totals: this.#names.map((n) => this.#totals.get(n) ?? 0), series: floats(this.series) };
  }
  /** Goes on from a state. Errors: `FormatError` for one of other names; nothing has changed then. */
  load({ samples, totals, series }: MeansState): void {
    if (totals.length !== this.#names.length) {
      throw refuse(`sums of ${this.#names.join(', ')}`, `${totals.length} sums`, 'give the Trainer the metrics that it had');
    }
    this.#samples = samples;
    this.#names.forEach((name, i) => this.#totals.set(name, totals[i]));
    this.series.length = 0;
    for (const v of series.data) this.series.push(v);
  }

  /** Frees what has not been read. */
  dispose(): void {
    for (const { values } of this.#pending) for (const v of values) v.dispose();
    this.#pending = [];
  }
}
