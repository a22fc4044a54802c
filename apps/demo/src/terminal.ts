/** Plain text for a terminal 80 columns wide. */

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export type Say = (text?: string) => void;

export function speaker(out: Output): Say {
  return (text = '') => {
    out.write(`${text}\n`);
  };
}

export function heading(say: Say, number: number, title: string): void {
  say();
  say(`${number}. ${title}`);
  say('─'.repeat(`${number}. ${title}`.length));
}

/** Columns set apart by two spaces; numbers (all columns in `right`) are flush right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((r) => [...r[c]].length)));
  const cell = (text: string, c: number): string => {
    const fill = ' '.repeat(widths[c] - [...text].length);
    return right.includes(c) ? fill + text : text + fill;
  };
  const lines = rows.map((r) => `  ${r.map(cell).join('  ').trimEnd()}`);
  return [lines[0], `  ${widths.map((w) => '─'.repeat(w)).join('  ')}`, ...lines.slice(1)].join('\n');
}

/** Text indented by two spaces. */
export function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}

/** 1234567 -> `1 234 567` */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ' ');
}

const shades = ' .:-=+*#%@';

/** Values as characters, dark to light, two columns a value; `low` and `high` are drawn as blank and as `@`. */
export function shaded(values: ArrayLike<number>, width: number, low: number, high: number): string {
  const rows: string[] = [];
  for (let i = 0; i < values.length; i += width) {
    let row = '';
    for (let j = i; j < i + width; j++) {
      const share = (values[j] - low) / (high - low || 1);
      row += shades[Math.max(0, Math.min(shades.length - 1, Math.round(share * (shades.length - 1))))].repeat(2);
    }
    rows.push(row.trimEnd());
  }
  return rows.join('\n');
}

/** Blocks of text side by side. */
export function sideBySide(blocks: readonly string[], gap = 4): string {
  const columns = blocks.map((b) => b.split('\n'));
  const widths = columns.map((lines) => Math.max(...lines.map((l) => [...l].length)));
  const height = Math.max(...columns.map((lines) => lines.length));
  const rows: string[] = [];
  for (let y = 0; y < height; y++) {
    rows.push(
      columns
        .map((lines, c) => (lines[y] ?? '').padEnd(widths[c] + gap))
        .join('')
        .trimEnd(),
    );
  }
  return rows.join('\n');
}
