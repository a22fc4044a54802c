import type { Context } from '../../compare.js';
import type { Contender } from '../../contender.js';
import { type KonvContender, konvContender } from '../../konv/contender.js';
import { fullBudget, quickBudget } from '../../timing.js';
import type { ComparisonJob, Told } from '../protocol.js';
import { pageSuites } from '../suites.js';
import { ours, pagePeers } from './contenders.js';

const tell = (told: Told): void => void globalThis.konvBenchTold?.(told);

const about = ({ name, about }: Contender) => ({ name, about });

/** Loads the contenders, who stay loaded. */
export async function load(job: ComparisonJob): Promise<{ name: string; about: string }[]> {
  const [contenders, peers] = await contendersOf(job);
  return [...contenders, ...peers].map(about);
}

/** One after the other: each notes the contexts that are made meanwhile. */
async function contendersOf(job: ComparisonJob): Promise<[KonvContender[], Contender[]]> {
  const contenders: KonvContender[] = [];
  for (const name of job.backends) contenders.push(await ours(name));
  const peers: Contender[] = [];
  for (const name of job.peers) peers.push(await pagePeers[name]());
  return [contenders, peers];
}

/** Runs the suites in this page, all contenders in turns. */
export async function comparison(job: ComparisonJob): Promise<void> {
  const [contenders, peers] = await contendersOf(job);
  const context: Context = {
    ours: contenders,
    peers,
    loops: [],
    budget: { ...(job.quick ? quickBudget : fullBudget), once: job.images !== null },
    backend: konvContender,
    heading: (suite, about, columns) => tell({ kind: 'heading', suite, about, columns: [...columns] }),
    report: (row) => tell({ kind: 'row', row }),
    failure: (name, why) => tell({ kind: 'failure', name, why }),
    say: (line) => tell({ kind: 'say', line }),
  };
  for (const name of job.suites) await pageSuites[name](context, job.images);
}
