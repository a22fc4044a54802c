import { readFileSync } from 'node:fs';
import { optim } from 'konv';
import type { Row } from './rows.js';

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../packages/trainer/test/fixtures/${name}.json`, import.meta.url), 'utf8'));
const NOTHING_FLOWS = 'takes gradients, gives none';

interface Class {
  readonly prototype: object;
}
const classes = (): [string, Class][] =>
  Object.entries(optim as Record<string, unknown>).filter((e): e is [string, Class] => typeof e[1] === 'function');

/** Every optimizer and schedule that users find on `optim`. */
export function trainingRows(): Row[] {
  const optimizers = read('optimizers') as { cases: { optimizer: string }[]; errors: { optimizer: string }[] };
  const schedules = read('schedulers') as { cases: { scheduler: string }[] };
  return classes()
    .filter(([name]) => name !== 'Optimizer' && name !== 'LRScheduler')
    .map(([name, value]): Row => {
      if (value.prototype instanceof optim.Optimizer) {
        const forward = optimizers.cases.filter((c) => c.optimizer === name).length;
        const error = optimizers.errors.filter((c) => c.optimizer === name).length;
        return { kind: 'optimizer', name, forward, gradient: NOTHING_FLOWS, error };
      }
      const forward = schedules.cases.filter((c) => c.scheduler === name).length;
      const reason = 'rates only; refusals in packages/trainer/test/pytorch.test.ts, PyTorch checks almost nothing';
      return { kind: 'scheduler', name, forward, gradient: reason, error: reason };
    })
    .sort((a, b) => a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name));
}
