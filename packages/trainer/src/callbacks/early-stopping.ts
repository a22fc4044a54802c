import { KonvError } from '@konv/core-tensor';
import type { EpochRecord } from '../history.js';
import type { Callback } from '../trainer.js';

export interface MonitorOptions {
  /** `loss` or the name of a metric: of the validation where there is one, else of the training. Default `loss`. */
  monitor?: string;
  /** Whether smaller or greater is better. Default: `min` for `loss`, `max` for all else. */
  mode?: 'min' | 'max';
  /** A change smaller than this is none. Default 0. */
  minDelta?: number;
}

/** Watches one number over the epochs. */
export class Monitor {
  readonly name: string;
  readonly #sign: number;
  readonly #minDelta: number;
  best: number = Number.NaN;

  constructor({ monitor = 'loss', mode = monitor === 'loss' ? 'min' : 'max', minDelta = 0 }: MonitorOptions) {
    if (mode !== 'min' && mode !== 'max') throw new KonvError('monitor', `expected mode 'min' or 'max', got ${String(mode)}`);
    this.name = monitor;
    this.#sign = mode === 'min' ? 1 : -1;
    this.#minDelta = minDelta;
  }

  /** Whether this epoch is the best so far. */
  improved(record: EpochRecord): boolean {
    const source: Record<string, number> = record.validation ?? { loss: record.loss, ...record.metrics };
    const value = source[this.name];
    if (value === undefined) {
      throw new KonvError(
        'monitor',
        `expected one of ${Object.keys(source).join(', ')}, got "${this.name}"; add the metric to the Trainer`,
      );
    }
    const better = Number.isNaN(this.best) ? !Number.isNaN(value) : this.#sign * (this.best - value) > this.#minDelta;
    if (better) this.best = value;
    return better;
  }
}

/** Ends the training after `patience` epochs without improvement. Source: Keras' EarlyStopping. */
export function earlyStopping(options: MonitorOptions & { patience?: number } = {}): Callback {
  const { patience = 3 } = options;
  if (!Number.isInteger(patience) || patience < 0)
    throw new KonvError('earlyStopping', `expected a whole patience >= 0, got ${String(patience)}`);
  let monitor = new Monitor(options);
  let waited = 0;
  return {
    onFitStart: () => {
      monitor = new Monitor(options);
      waited = 0;
    },
    onEpochEnd: (p, record) => {
      if (monitor.improved(record)) waited = 0;
      else if (++waited > patience) p.stop(`no better ${monitor.name} than ${monitor.best} for ${waited} epochs`);
    },
  };
}
