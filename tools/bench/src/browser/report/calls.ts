import type { Target } from '../../report/targets.js';
import type { Counted, Counts } from '../counting/counts.js';
import { settlingSteps, type Training } from '../protocol.js';

const MiB = 2 ** 20;

/** How a count is written. */
const count = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(1));
const bytes = (value: number): string => (value < MiB / 10 ? `${count(Math.round(value))} B` : `${(value / MiB).toFixed(2)} MiB`);
const millions = (value: number): string => (value < 1e4 ? count(Math.round(value)) : `${(value / 1e6).toFixed(2)} M`);

/** The rows, and which of them are promised to be at most the peer's. */
const rows: readonly { key: Counted; label: string; text: (value: number) => string; promised: boolean }[] = [
  { key: 'draws', label: 'draws', text: count, promised: true },
  { key: 'texels', label: 'texels written', text: millions, promised: true },
  { key: 'programs', label: 'programs compiled', text: count, promised: true },
  { key: 'uploads', label: 'uploads of texels', text: count, promised: true },
  { key: 'uploadBytes', label: '  bytes', text: bytes, promised: true },
  { key: 'readbacks', label: 'readbacks', text: count, promised: true },
  { key: 'readbackBytes', label: '  bytes', text: bytes, promised: false },
  { key: 'bufferWrites', label: 'writes of buffers', text: count, promised: false },
  { key: 'bufferWriteBytes', label: '  bytes', text: bytes, promised: false },
  { key: 'clears', label: 'clears', text: count, promised: false },
  { key: 'calls', label: 'calls of any kind', text: count, promised: false },
  { key: 'textureBytes', label: 'textures that live', text: bytes, promised: false },
];

/** Counts of one after the other; of `textureBytes`, the later. */
function sum(a: Counts, b: Counts): Counts {
  const out = { ...b };
  for (const key of Object.keys(out) as Counted[]) if (key !== 'textureBytes') out[key] += a[key];
  return out;
}

const start = (t: Training): Counts | null => (t.setUp.counts && t.first.counts ? sum(t.setUp.counts, t.first.counts) : null);

/** The moments that are compared. What one has uploaded and compiled before its first step, the other does within: they are one. */
export const phases: readonly { name: string; of: (t: Training) => Counts | null }[] = [
  { name: 'up to the first loss', of: start },
  { name: `${settlingSteps} more steps`, of: (t) => t.settling.counts },
  { name: 'a step then', of: (t) => t.later.counts },
  { name: 'first of another size', of: (t) => t.otherFirst?.counts ?? null },
];

/** Of these the promise speaks. */
const promisedPhases = phases.filter(({ name }) => name === 'up to the first loss' || name === 'a step then');

/** A table with a row for each count; in a cell, ours and the peer's. */
export function callLines(ours: Training, peer: Training): string[] {
  const cells = (value: (counts: Counts) => string): string[] =>
    phases.map(({ of }) =>
      [ours, peer]
        .map((t) => ((c) => (c ? value(c) : '-'))(of(t)))
        .join(' | ')
        .padStart(26),
    );
  return [
    `${`${ours.contender} | ${peer.contender}`.padEnd(22)}${phases.map(({ name }) => name.padStart(26)).join('')}`,
    ...rows.map(({ key, label, text }) => `${label.padEnd(22)}${cells((counts) => text(counts[key])).join('')}`),
  ];
}

const target = (goal: string, a: number | undefined, b: number | undefined, text: (value: number) => string, peer: string): Target =>
  a === undefined || b === undefined
    ? { goal: `${goal} at most ${peer}'s`, reached: 'not measured', met: null }
    : { goal: `${goal} at most ${peer}'s`, reached: `${text(a)} against ${text(b)}`, met: a <= b };

/** Whether ours stays at or below the peer on each promised count, and compiles nothing for another batch size. */
export function callGoals(ours: Training, peer: Training): Target[] {
  const name = peer.contender;
  const goals = promisedPhases.flatMap((phase) =>
    rows
      .filter((row) => row.promised)
      .map(({ key, label, text }) => {
        const what = label.startsWith(' ') ? 'uploaded bytes' : label;
        return target(`${phase.name}: ${what}`, phase.of(ours)?.[key], phase.of(peer)?.[key], text, name);
      }),
  );
  const [inAll, theirs] = [ours, peer].map((t) => {
    const [first, settling] = [start(t), t.settling.counts];
    return first && settling ? first.programs + settling.programs : undefined;
  });
  goals.push(target('until steps are alike: programs compiled', inAll, theirs, count, name));
  const [a, b] = [ours, peer].map((t) => t.otherFirst?.counts?.programs);
  const goal = 'another batch size: no program compiled';
  if (a === undefined) return [...goals, { goal, reached: 'not measured', met: null }];
  return [...goals, { goal, reached: `${count(a)} (${name}: ${b === undefined ? '-' : count(b)})`, met: a === 0 }];
}
