import type { Tensor } from '@konv/core-tensor';

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

  /** Frees what has not been read. */
  dispose(): void {
    for (const { values } of this.#pending) for (const v of values) v.dispose();
    this.#pending = [];
  }
}
