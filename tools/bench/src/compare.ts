import type { Contender } from './contender.js';
import type { KonvContender } from './konv/contender.js';
import { peakGigaflop, type PeakLoop, peakRunner } from './limit/peak.js';
import type { LimitFigure, PeerFigure, Row } from './report/rows.js';
import { gigaflop, type Task } from './tasks.js';
import { difference } from './layout.js';
import { type Budget, interleave, type Outcome, type Runner, timing } from './timing.js';

/** What a suite gets. */
export interface Context {
  /** Our backends, the one that matters first. */
  ours: readonly KonvContender[];
  peers: readonly Contender[];
  loops: readonly PeakLoop[];
  budget: Budget;
  /** Another of our backends, or null and a line to the reader where it cannot run. */
  backend(name: string): Promise<KonvContender | null>;
  /** Begins a table with these columns of peers. */
  heading(suite: string, about: string, peers: readonly string[]): void;
  report(row: Row): void;
  /** A contender that threw: said once for each reason. */
  failure(name: string, why: string): void;
  say(line: string): void;
}

export interface Comparison {
  suite: string;
  op: string;
  shape: string;
  task: Task;
  ours: readonly KonvContender[];
  peers: readonly Contender[];
  /** Further columns that are no contenders. */
  beside?: readonly { name: string; runner: Runner }[];
}

interface Entry {
  name: string;
  runner: Runner | null;
  failed?: string;
}

const firstLine = (e: unknown): string => (e instanceof Error ? e.message : String(e)).split('\n')[0];

async function enter(contender: Contender, task: Task): Promise<Entry> {
  try {
    return { name: contender.name, runner: await contender.prepare(task) };
  } catch (e) {
    return { name: contender.name, runner: null, failed: firstLine(e) };
  }
}

/** How far results may be apart, in terms of the greatest value: engines sum in orders of their own, and Winograd's algorithm rounds more. */
const tolerance = 1e-3;

/** Asks all for their results and holds them against those of the first. One that differs or throws is not timed. */
async function reconcile(entries: readonly Entry[]): Promise<void> {
  let first: { name: string; result: Float32Array } | null = null;
  for (const entry of entries) {
    if (!entry.runner?.result) continue;
    try {
      const result = await entry.runner.result();
      first ??= { name: entry.name, result };
      const apart = difference(first.result, result);
      // Also where it is NaN.
      if (!(apart <= tolerance))
        throw new Error(`its result differs from that of ${first.name} by ${apart.toPrecision(2)} of the greatest value`);
    } catch (e) {
      entry.failed = firstLine(e);
      await entry.runner.dispose?.();
      entry.runner = null;
    }
  }
}

function figure(entry: Entry, outcome: Outcome | undefined, work: number | null): PeerFigure | null {
  const { name, runner } = entry;
  const failed = entry.failed ?? (outcome instanceof Error ? firstLine(outcome) : undefined);
  if (failed !== undefined) return { name, ms: null, gflops: null, ratio: null, failed };
  if (!runner || !outcome || outcome instanceof Error) return null;
  const ms = timing(outcome, runner.times);
  return { name, ms, gflops: work === null ? null : (work / ms.median) * 1e3, ratio: null, note: runner.note };
}

/** Measures ours, the peers and the register-only loops in turns, and reports one row for each of ours. */
export async function compare(context: Context, comparison: Comparison): Promise<void> {
  const { task, ours, peers, beside = [] } = comparison;
  const work = gigaflop(task);
  const loops = work === null ? [] : context.loops;
  const entries: Entry[] = [];
  for (const contender of [...ours, ...peers]) {
    if (contender.kinds.includes(task.kind)) entries.push(await enter(contender, task));
  }
  await reconcile(entries);
  entries.push(...beside);
  const running = entries.filter((e) => e.runner !== null);
  const runners = [...running.map((e) => e.runner as Runner), ...loops.map(peakRunner)];
  const outcomes = await interleave(runners, context.budget);
  for (const { runner } of running) await runner?.dispose?.();

  const figures = entries.map((entry) => figure(entry, outcomes[running.indexOf(entry)], work));
  const names = new Set(ours.map((o) => o.name));
  const others = figures.filter((f) => f !== null && !names.has(f.name)) as PeerFigure[];
  for (const { name, failed } of others) {
    if (failed !== undefined) context.failure(name, failed);
  }
  const limits = loops.map((loop, i): [string, Outcome] => [loop.name, outcomes[running.length + i]]);
  for (const { name } of ours) {
    const own = figures[entries.findIndex((e) => e.name === name)];
    if (!own?.ms) {
      context.say(`${comparison.op}, ${comparison.shape}, ${name}: ${own?.failed ?? 'no such kernel'}`);
      continue;
    }
    const { ms, gflops } = own;
    context.report({
      suite: comparison.suite,
      op: comparison.op,
      shape: comparison.shape,
      backend: name,
      ms,
      gflops,
      limits: limits.flatMap(([limit, outcome]): LimitFigure[] => {
        if (outcome instanceof Error) return [];
        const best = (peakGigaflop / timing(outcome).median) * 1e3;
        return [{ name: limit, gflops: best, reached: gflops === null ? null : gflops / best }];
      }),
      peers: others.map((p) => ({ ...p, ratio: p.ms && p.ms.median / ms.median })),
      note: own.note ?? '',
    });
  }
}

/** The names of the columns: the peers that know this kind of task. */
export function columns(context: Context, kind: Task['kind']): string[] {
  return context.peers.filter((p) => p.kinds.includes(kind)).map((p) => p.name);
}
