/** About as many digits as float32 has; a program can read them back. */
export function exact(x: number): string {
  return Number.isFinite(x) ? String(Number(x.toPrecision(7))) : Number.isNaN(x) ? 'not a number' : x > 0 ? 'infinity' : '-infinity';
}

/** Four digits, for a table. */
export function brief(x: number): string {
  if (!Number.isFinite(x)) return exact(x);
  if (x === 0) return '0';
  return Math.abs(x) < 1e-4 || Math.abs(x) >= 1e5 ? x.toExponential(2) : String(Number(x.toPrecision(4)));
}
