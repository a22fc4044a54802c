import type { Callback } from '../callback.js';
import { checkWhole } from '../options.js';
import { checkNumbers, Monitor, type MonitorOptions } from './monitor.js';

const OP = 'earlyStopping';

/**
 * Ends the training after `patience` epochs without improvement (default 3; 0: after the first one). Interrupted epochs
 * do not count. Source: Keras' EarlyStopping.
 */
export function earlyStopping(options: MonitorOptions & { patience?: number } = {}): Callback {
  const monitor = new Monitor(OP, options, ['patience']);
  const { patience = 3 } = options;
  checkWhole(OP, 'patience', patience, 0);
  let waited = 0;
  return {
    name: OP,
    skippedInFastDevRun: true,
    onFitStart: (p) => {
      if (p.resumed) return;
      monitor.reset();
      waited = 0;
    },
    onEpochEnd: (p, record) => {
      if (!record.complete) return;
      if (monitor.improved(record)) waited = 0;
      else if (++waited > patience) p.stop(`no better ${monitor.name} than ${monitor.best} for ${waited} epochs`);
    },
    stateDict: () => ({ best: monitor.best, waited }),
    loadStateDict: (state) => {
      const numbers = checkNumbers(OP, state, ['best', 'waited']);
      monitor.best = numbers.best;
      waited = numbers.waited;
    },
  };
}
