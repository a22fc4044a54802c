/** An axis of a loop over several tensors: where each advances by its own step. */
export interface LoopAxis {
  readonly size: number;
  readonly steps: readonly number[];
  /** Positions from here on are left out; default `size`. */
  readonly bound?: number;
  /** Stays an axis of its own. */
  readonly apart?: boolean;
}

/** Axes of size 1 dropped, and those merged over which all tensors advance as over one. At least one axis is left. */
export function mergeLoop(axes: readonly LoopAxis[]): LoopAxis[] {
  const merged: LoopAxis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const last = merged.at(-1);
    const full = (axis.bound ?? axis.size) === axis.size;
    if (last && full && !last.apart && !axis.apart && last.steps.every((s, i) => s === axis.steps[i] * axis.size)) {
      merged[merged.length - 1] = { size: last.size * axis.size, steps: axis.steps, bound: (last.bound ?? last.size) * axis.size };
    } else {
      merged.push(axis);
    }
  }
  return merged.length === 0 ? [{ size: 1, steps: axes[0]?.steps.map(() => 0) ?? [0, 0] }] : merged;
}
