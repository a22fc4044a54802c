import { limitOf, type Row } from './rows.js';

const fixed = (value: number | null | undefined, digits: number): string =>
  value === null || value === undefined ? '' : value.toFixed(digits);
const percent = (value: number | null | undefined): string => (value === null || value === undefined ? '' : `${Math.round(value * 100)} %`);

/** 0.057x, 0.57x, 1.36x, 12x. */
export function times(ratio: number): string {
  return `${ratio.toFixed(ratio < 0.0995 ? 3 : ratio < 9.95 ? 2 : 0)}x`;
}

const left = [15, 21, 11] as const;
const right = [9, 7, 8, 9] as const;
const peerWidth = 11;

function line(words: readonly string[], numbers: readonly string[], peers: readonly string[], note: string): string {
  return [
    ...words.map((text, i) => text.padEnd(left[i])),
    ...numbers.map((text, i) => text.padStart(right[i])),
    ...peers.map((text) => text.padStart(peerWidth)),
    note && `  ${note}`,
  ]
    .join(' ')
    .trimEnd();
}

/** The head of a suite's table. */
export function headingLines(suite: string, about: string, peers: readonly string[]): string[] {
  return ['', `${suite}: ${about}`, line(['op', 'shape', 'backend'], ['ms', 'spread', 'GFLOP/s', 'of limit'], peers, '')];
}

export function rowLine(row: Row, peers: readonly string[]): string {
  const spread = row.ms.runs < 3 ? null : (row.ms.upper - row.ms.lower) / row.ms.median;
  const small = row.ms.median < 10;
  const cells = peers.map((name) => {
    const figure = row.peers.find((p) => p.name === name);
    if (!figure) return '-';
    return figure.ratio === null ? 'fails' : times(figure.ratio);
  });
  return line(
    [row.op, row.shape, row.backend],
    [
      fixed(row.ms.median, small ? 3 : 1),
      percent(spread),
      fixed(row.gflops, (row.gflops ?? 1) < 0.95 ? 2 : 1),
      percent(limitOf(row)?.reached),
    ],
    cells,
    row.note,
  );
}

export const legend = `How to read the tables: ms is the median of ours, spread the distance of its quartiles. "of limit" compares GFLOP/s with a
loop that only multiplies and adds in registers, run in turns with the row. A column of a peer is the peer's time over
ours, measured in turns in the same minutes: above 1 we are faster. "-": the peer has no such operation.`;
