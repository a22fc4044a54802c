/** How reductions are cut into passes. */

/** Steps of one invocation that are not worth another draw. */
const SHORT = 32;
/** Invocations that keep a GPU busy. */
const BUSY = 1024;

/** A run of axes that are all reduced or all kept. */
export interface Axis {
  readonly size: number;
  readonly reduced: boolean;
}

/** Axes of size 1 dropped, neighbours of one fate merged. */
export function mergeFates(shape: readonly number[], axes: readonly number[]): Axis[] {
  const merged: { size: number; reduced: boolean }[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const reduced = axes.includes(axis);
    const last = merged.at(-1);
    if (last?.reduced === reduced) last.size *= size;
    else merged.push({ size, reduced });
  });
  return merged;
}

/** One pass will do: few steps, or enough invocations to hide that there are more. */
function single(steps: number, invocations: number): boolean {
  return steps <= Math.max(SHORT, Math.min(BUSY, invocations / 2));
}

/**
 * Quads that one result of a pass over rows folds, of `steps` quads for each of `kept` results. A quad of results is a
 * quad of the next pass: both passes are equally long where two will do.
 */
export function rowSpan(steps: number, kept: number): number {
  if (single(steps, kept / 4)) return steps;
  const balanced = Math.ceil(Math.sqrt(steps / 4));
  return balanced <= SHORT ? Math.max(8, balanced) : Math.max(SHORT, Math.ceil((steps * kept) / (4 * BUSY)));
}

/** As `rowSpan` for columns: of `steps` values above one another, for each of `width` texels of results. */
export function columnSpan(steps: number, width: number): number {
  if (single(steps, width)) return steps;
  const balanced = Math.ceil(Math.sqrt(steps));
  return balanced <= SHORT ? Math.max(8, balanced) : Math.max(SHORT, Math.ceil((steps * width) / BUSY));
}
