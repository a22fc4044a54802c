/** The middle of the sorted values. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/**
 * Median milliseconds of `fn`. It runs once or twice to warm up, then for about `budgetMs`, at least `least` times.
 * A first run longer than the budget counts as the measurement.
 */
export function time(fn: () => void, budgetMs = 700, least = 3): number {
  const once = (): number => {
    const t = performance.now();
    fn();
    return performance.now() - t;
  };
  const first = once();
  if (first > budgetMs) return first;
  const second = once();
  const runs = Math.max(least, Math.min(60, Math.round(budgetMs / Math.max(second, 1e-3))));
  return median(Array.from({ length: runs }, once));
}

/** One line of a result table. Times are medians in milliseconds. */
export interface Row {
  suite: string;
  op: string;
  shape: string;
  backend: string;
  ms: number;
  gflops: number | null;
  peer: string | null;
  peerMs: number | null;
  /** peer's time over ours: above 1 we are faster. */
  ratio: number | null;
  note: string;
}
