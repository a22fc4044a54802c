/** Reproducible numbers for samples: mulberry32, whose whole state is one word. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from low to high, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.whole(0, choices.length - 1)];
  }

  /** `n` values in [-2, 2] of few bits, so that sums of products of some hundred of them are nearly exact in float32. */
  values(n: number): Float64Array {
    return Float64Array.from({ length: n }, () => Math.round((this.next() * 4 - 2) * 256) / 256);
  }

  /** `n` distinct values at least `gap` apart in random order, none within gap / 2 of 0: no ties, no kinks. */
  distinct(n: number, gap = 0.17): Float64Array {
    const out = Float64Array.from({ length: n }, (_, i) => (i - Math.floor(n / 2) + 0.5) * gap);
    for (let i = n - 1; i > 0; i--) {
      const j = this.whole(0, i);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }
}
