import { KonvError } from '@konv/core-tensor';
import type { Callback } from '../callback.js';
import { checkNames, checkOneOf } from '../options.js';
import { ReduceLROnPlateau } from '../schedulers/plateau.js';
import type { LRScheduler, SchedulerState } from '../schedulers/scheduler.js';
import { monitored } from './monitor.js';

export interface LRSchedulerOptions {
  /** Whether the schedule counts epochs or moves of the parameters. Default: 'epoch'; OneCycleLR wants 'step'. */
  interval?: 'epoch' | 'step';
  /** What ReduceLROnPlateau looks at; `loss` or the name of a metric, as in `earlyStopping`. Default: 'loss'. */
  monitor?: string;
}

const OP = 'lrScheduler';

/** Steps a schedule: after each complete epoch, or after each move of the parameters. Its state goes into checkpoints. */
export function lrScheduler(scheduler: LRScheduler | ReduceLROnPlateau, options: LRSchedulerOptions = {}): Callback {
  checkNames(OP, options, ['interval', 'monitor']);
  const { interval = 'epoch', monitor = 'loss' } = options;
  checkOneOf(OP, 'interval', interval, ['epoch', 'step']);
  if (typeof scheduler?.step !== 'function') {
    throw new KonvError(OP, `expected a scheduler, got ${String(scheduler)}; pass new optim.StepLR(optimizer, ...) or another`);
  }
  const plateau = scheduler instanceof ReduceLROnPlateau ? scheduler : null;
  if (plateau && interval === 'step') throw new KonvError(OP, "expected interval 'epoch' with ReduceLROnPlateau, got 'step'");
  return {
    name: OP,
    onStep: (p) => {
      if (interval === 'step' && p.updated) (scheduler as LRScheduler).step();
    },
    onEpochEnd: (_, record) => {
      if (interval !== 'epoch' || !record.complete) return;
      if (plateau) plateau.step(monitored(OP, monitor, record));
      else (scheduler as LRScheduler).step();
    },
    stateDict: () => scheduler.stateDict(),
    loadStateDict: (state) => scheduler.loadStateDict(state as SchedulerState),
  };
}
