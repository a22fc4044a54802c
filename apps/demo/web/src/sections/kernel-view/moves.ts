/** What the arrow keys do in a map of `columns`: the next index, or null for other keys. */
export function moved(key: string, index: number, count: number, columns: number): number | null {
  const by: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  if (!(key in by)) return null;
  const next = index + by[key];
  return next < 0 || next >= count ? index : next;
}
