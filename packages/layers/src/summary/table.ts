import type { Summary } from './summary.js';
import type { SummaryRow } from './rows.js';

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');
const shape = (s: readonly number[]): string => `[${s.join(', ')}]`;

/** 61,706 B as 60.3 KiB. */
function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}

/** The rows as a tree: `├─ features.0 (Conv2d)`. */
function labels(rows: readonly SummaryRow[]): string[] {
  return rows.map((row, i) => {
    const name = row.path === '' ? row.type : `${row.path.split('.').at(-1)} (${row.type})`;
    if (row.depth === 0) return name;
    let stem = '';
    for (let depth = 1; depth < row.depth; depth++) stem += follows(rows, i, depth) ? '│  ' : '   ';
    return `${stem}${follows(rows, i, row.depth) ? '├─ ' : '└─ '}${name}`;
  });
}

/** Whether a later row stands at `depth` before the tree goes above it. */
function follows(rows: readonly SummaryRow[], from: number, depth: number): boolean {
  for (let i = from + 1; i < rows.length && rows[i].depth >= depth; i++) if (rows[i].depth === depth) return true;
  return false;
}

function outputOf(row: SummaryRow, failed: boolean): string {
  if (row.outputShapes === null) return failed ? `FAILED on ${row.inputShapes.map(shape).join(', ') || 'no tensor'}` : '...';
  return row.outputShapes.map(shape).join(', ') || '-';
}

function parametersOf(row: SummaryRow): string {
  if (row.calledBefore > 0) return 'shared';
  return row.parameters === 0 ? '-' : grouped(row.parameters);
}

/** As people read it. */
export function formatSummary(s: Summary): string {
  const head = ['Layer', 'Output shape', 'Parameters', 'Multiply-adds'];
  const names = labels(s.rows);
  const failing = s.error === null ? -1 : s.rows.map((row) => row.outputShapes === null).lastIndexOf(true);
  const body = s.rows.map((row, i) => [
    names[i],
    outputOf(row, i === failing),
    parametersOf(row),
    row.multiplyAdds === 0 ? '-' : grouped(row.multiplyAdds),
  ]);
  const widths = head.map((h, i) => Math.max(h.length, ...body.map((cells) => cells[i].length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((c, i) => (i < 2 ? c.padEnd(widths[i]) : c.padStart(widths[i])))
      .join('  ')
      .trimEnd();
  const rule = '-'.repeat(widths.reduce((a, b) => a + b + 2, -2));
  const foot = s.error === null ? totals(s) : [`Failed: ${s.error instanceof Error ? s.error.message : String(s.error)}`];
  return [line(head), rule, ...body.map(line), rule, ...foot].join('\n');
}

function totals(s: Summary): string[] {
  const frozen = s.parameters - s.trainable;
  const memory =
    `Memory: parameters ${size(s.parameterBytes)}${s.bufferBytes > 0 ? `, buffers ${size(s.bufferBytes)}` : ''}, ` +
    `input ${size(s.inputBytes)}, results of a forward pass ${size(s.activationBytes)}`;
  const lines = [
    `Parameters: ${grouped(s.parameters)}${frozen > 0 ? ` (${grouped(s.trainable)} trained, ${grouped(frozen)} frozen)` : ''}`,
    `Multiply-adds: ${grouped(s.multiplyAdds)}`,
    memory,
  ];
  return s.notCalled.length > 0 ? [...lines, `Never called: ${s.notCalled.join(', ')}`] : lines;
}
