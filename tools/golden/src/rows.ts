/** What has a fixture of what: one row a public op, layer, loss, optimizer or scheduler. */
export interface Row {
  readonly kind: 'op' | 'layer' | 'loss' | 'optimizer' | 'scheduler';
  readonly name: string;
  readonly forward: Count;
  readonly gradient: Count;
  readonly error: Count;
}

/** How many fixtures there are; or why there can be none. */
export type Count = number | string;

/** The columns in which a row has no fixture although it could have one. */
export function uncovered(row: Row): string[] {
  return (['forward', 'gradient', 'error'] as const).filter((column) => row[column] === 0);
}

/** The rows as a table for people. */
export function table(rows: readonly Row[]): string {
  const head = ['', 'forward', 'gradient', 'errors', ''];
  const body = rows.map((r) => [
    `${r.kind} ${r.name}`,
    ...[r.forward, r.gradient, r.error].map((c) => (typeof c === 'number' ? String(c) : '-')),
    remark(r),
  ]);
  const widths = head.map((h, i) => Math.max(h.length, ...body.map((cells) => cells[i].length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((c, i) => (i === 0 || i === 4 ? c.padEnd(widths[i]) : c.padStart(widths[i])))
      .join('  ')
      .trimEnd();
  return [line(head), ...body.map(line)].join('\n');
}

function remark(row: Row): string {
  const missing = uncovered(row);
  if (missing.length > 0) return `UNCOVERED: ${missing.join(', ')}`;
  return [...new Set([row.forward, row.gradient, row.error].filter((c) => typeof c === 'string'))].join('; ');
}

/** One line that says how it stands. */
export function verdict(rows: readonly Row[]): string {
  const bad = rows.filter((r) => uncovered(r).length > 0);
  const kinds = [...new Set(rows.map((r) => r.kind))].map((kind) => `${rows.filter((r) => r.kind === kind).length} ${kind}s`);
  const all = kinds.join(', ').replace('losss', 'losses');
  return bad.length === 0
    ? `${all}: none uncovered`
    : `${all}: ${bad.length} uncovered (${bad.map((r) => `${r.name}: ${uncovered(r).join(', ')}`).join('; ')})`;
}
