import { times } from '../../report/table.js';
import type { Row } from '../../report/rows.js';
import type { FirstRun } from './first-run.js';
import type { Mean } from './means.js';

/** What a section of docs/webgl-figures.md is made of. */
export interface Figures {
  /** Where and when: lines for a reader. */
  renderer: string;
  software: boolean;
  where: string;
  command: string;
  backend: string;
  rows: readonly Row[];
  means: readonly Mean[];
  firstRuns: readonly FirstRun[];
}

const ms = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0));

function meanRows(means: readonly Mean[]): string[] {
  const cell = (op: string, peer: string): string => {
    const found = means.find((m) => m.op === op && m.peer === peer);
    return found ? `${times(found.mean)} (least ${times(found.least)})` : '';
  };
  const ops = [...new Set(means.map((m) => m.op))];
  return ops.map((op) => `| convolutions, ${op} | ${cell(op, 'tfjs-webgl')} | ${cell(op, 'tfjs-nchw')} |`);
}

function stepRows(rows: readonly Row[]): string[] {
  return rows
    .filter((row) => row.suite === 'lenet')
    .map((row) => {
      const peer = row.peers.find((p) => p.name === 'tfjs-webgl');
      const theirs = peer?.ms ? `${ms(peer.ms.median)} | ${times(peer.ratio ?? 0)}` : ' | ';
      return `| LeNet-5, ${row.op} | ${ms(row.ms.median)} | ${theirs} |`;
    });
}

function beginningRows(runs: readonly FirstRun[], backend: string): string[] {
  const of = (contender: string, warmed: boolean): FirstRun | undefined =>
    runs.find((r) => r.contender === contender && r.warmed === warmed);
  const theirs = of('tfjs-webgl', false);
  return ([false, true] as const).flatMap((warmed) => {
    const own = of(backend, warmed);
    if (!own) return [];
    const label = warmed ? 'the first step alone, after warmup()' : 'from a bare page to the first loss';
    const [a, b] = warmed ? [own.first, theirs?.first] : [own.together, theirs?.together];
    return [`| LeNet-5, ${label} | ${ms(a)} | ${b === undefined ? ' | ' : `${ms(b)} | ${times(b / a)}`} |`];
  });
}

/** A table, or nothing where it has no rows. */
const table = (head: string, rows: readonly string[]): string[] =>
  rows.length > 0 ? ['', head, head.replace(/[^|]+/g, '---'), ...rows] : [];

/** A section of docs/webgl-figures.md. */
export function figuresSection(f: Figures): string {
  const lines = [
    `### ${f.software ? 'SOFTWARE RENDERER, no GPU: ' : ''}${f.renderer}`,
    '',
    `${f.where}; \`${f.command}\``,
    ...table("| tfjs's time over ours | NHWC | with the transposes from and to NCHW |", meanRows(f.means)),
    ...table('| milliseconds | konv | tfjs | |', [...stepRows(f.rows), ...beginningRows(f.firstRuns, f.backend)]),
  ];
  return `${lines.join('\n')}\n`;
}
