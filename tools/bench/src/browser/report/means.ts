import { peerOf, type Row } from '../../report/rows.js';
import { times } from '../../report/table.js';
import { geometricMean } from '../../report/targets.js';

/** A peer's time over ours, over the rows of one op (or of all) that both have. */
export interface Mean {
  backend: string;
  op: string;
  peer: string;
  mean: number;
  least: number;
  shapes: number;
}

export const allOps = 'all';

/** Geometric means of the ratios in the conv suite: by pass, and over all of them. Passes that a peer lacks are left out. */
export function convMeans(rows: readonly Row[], backend: string, peers: readonly string[]): Mean[] {
  const of = rows.filter((row) => row.suite === 'conv' && row.backend === backend);
  const ops = [...new Set(of.map((row) => row.op))];
  return [...ops, allOps].flatMap((op) =>
    peers.flatMap((peer): Mean[] => {
      const ratios = of
        .filter((row) => op === allOps || row.op === op)
        .map((row) => peerOf(row, peer)?.ratio)
        .filter((ratio) => typeof ratio === 'number');
      if (ratios.length === 0) return [];
      return [{ backend, op, peer, mean: geometricMean(ratios), least: Math.min(...ratios), shapes: ratios.length }];
    }),
  );
}

export function meanLines(means: readonly Mean[]): string[] {
  if (means.length === 0) return [];
  const peers = [...new Set(means.map((m) => m.peer))];
  const keys = [...new Set(means.map((m) => `${m.op.padEnd(15)} ${m.backend.padEnd(11)}`))];
  const cell = (key: string, peer: string): string => {
    const found = means.find((m) => m.peer === peer && key === `${m.op.padEnd(15)} ${m.backend.padEnd(11)}`);
    return found ? `${times(found.mean)} (least ${times(found.least)}, n = ${found.shapes})` : '-';
  };
  const line = (key: string, cells: readonly string[]): string => [key, ...cells.map((text) => text.padStart(32))].join(' ');
  return [
    "conv: geometric means of a peer's time over ours (above 1: we are faster)",
    line('pass'.padEnd(27), peers),
    ...keys.map((key) =>
      line(
        key,
        peers.map((peer) => cell(key, peer)),
      ),
    ),
  ];
}
