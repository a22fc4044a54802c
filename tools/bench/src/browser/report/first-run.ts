import { quantile } from '../../timing.js';
import type { Training } from '../protocol.js';

/** Milliseconds of a contender's beginning, each the median over its pages. */
export interface FirstRun {
  contender: string;
  warmed: boolean;
  pages: number;
  setUp: number;
  warmUp: number | null;
  first: number;
  /** From a bare page to the first loss. */
  together: number;
  later: number;
}

const median = (values: readonly number[]): number =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );

/** One entry for each contender, with and without compiling beforehand, in the order of their first pages. */
export function firstRuns(trainings: readonly Training[]): FirstRun[] {
  const label = (t: Training): string => `${t.contender} ${t.warmed}`;
  return [...new Set(trainings.map(label))].map((wanted) => {
    const of = trainings.filter((t) => label(t) === wanted);
    const middle = (value: (t: Training) => number): number => median(of.map(value));
    return {
      contender: of[0].contender,
      warmed: of[0].warmed,
      pages: of.length,
      setUp: middle((t) => t.setUp.ms),
      warmUp: of[0].warmed ? middle((t) => t.warmUp?.ms ?? 0) : null,
      first: middle((t) => t.first.ms),
      together: middle((t) => t.setUp.ms + (t.warmUp?.ms ?? 0) + t.first.ms),
      later: middle((t) => t.later.ms),
    };
  });
}

export function firstRunLines(runs: readonly FirstRun[]): string[] {
  const line = (name: string, cells: readonly string[]): string => `${name.padEnd(24)}${cells.map((text) => text.padStart(13)).join('')}`;
  const ms = (value: number | null): string => (value === null ? '-' : value.toFixed(0));
  return [
    line('ms', ['set-up', 'warmup()', 'first step', 'together', 'then a step']),
    ...runs.map((run) =>
      line(`${run.contender}${run.warmed ? ', warmed up' : ''}`, [run.setUp, run.warmUp, run.first, run.together, run.later].map(ms)),
    ),
  ];
}

/** What lives between two steps. */
export function memoryLines(trainings: readonly Training[]): string[] {
  const line = (name: string, cells: readonly string[]): string => `${name.padEnd(24)}${cells.map((text) => text.padStart(18)).join('')}`;
  const MiB = (bytes: number | null): string => (bytes === null ? '-' : (bytes / 2 ** 20).toFixed(2));
  return [
    line('between steps', ['tensors', 'MiB, its account', 'MiB of textures']),
    ...trainings.map(({ contender, memory: m }) => line(contender, [String(m.tensors), MiB(m.bytes), MiB(m.textureBytes)])),
  ];
}
