import { FormatError, KonvError } from '@konv/core-tensor';
import { isRecord } from '../checkpoint/tree.js';
import type { EpochRecord } from '../history.js';
import { checkNames } from '../options.js';

export interface MonitorOptions {
  /** `loss` or the name of a metric: of the validation where there is one, else of the training. Default `loss`. */
  monitor?: string;
  /** Whether smaller or greater is better. Default: `min` for `loss`, `max` for all else. */
  mode?: 'min' | 'max';
  /** A change smaller than this is none. Default 0. */
  minDelta?: number;
}

export const MONITOR_OPTIONS: readonly string[] = ['monitor', 'mode', 'minDelta'];

/** The number called `name` of an epoch. Errors: `KonvError` naming those that there are. */
export function monitored(op: string, name: string, record: EpochRecord): number {
  const source: Record<string, number> = record.validation ?? { loss: record.loss, ...record.metrics };
  if (Object.hasOwn(source, name)) return source[name];
  throw new KonvError(op, `expected one of ${Object.keys(source).join(', ')}, got "${name}"; add the metric to the Trainer`);
}

/** Watches one number over the epochs. */
export class Monitor {
  readonly name: string;
  readonly #op: string;
  readonly #sign: number;
  readonly #minDelta: number;
  best: number = Number.NaN;

  /** `more`: the options of `op` besides. */
  constructor(op: string, options: MonitorOptions, more: readonly string[]) {
    checkNames(op, options, [...more, ...MONITOR_OPTIONS]);
    const { monitor = 'loss', mode = monitor === 'loss' ? 'min' : 'max', minDelta = 0 } = options;
    if (typeof monitor !== 'string') throw new KonvError(op, `expected monitor to be the name of a metric, got ${typeof monitor}`);
    if (mode !== 'min' && mode !== 'max') throw new KonvError(op, `expected mode 'min' or 'max', got ${String(mode)}`);
    if (typeof minDelta !== 'number' || !(minDelta >= 0)) throw new KonvError(op, `expected minDelta >= 0, got ${String(minDelta)}`);
    this.#op = op;
    this.name = monitor;
    this.#sign = mode === 'min' ? 1 : -1;
    this.#minDelta = minDelta;
  }

  reset(): void {
    this.best = Number.NaN;
  }

  /** Whether this epoch is the best so far. */
  improved(record: EpochRecord): boolean {
    const value = monitored(this.#op, this.name, record);
    const better = Number.isNaN(this.best) ? !Number.isNaN(value) : this.#sign * (this.best - value) > this.#minDelta;
    if (better) this.best = value;
    return better;
  }
}

/** A state of numbers under the given names. Errors: `FormatError` for anything else. */
export function checkNumbers<K extends string>(op: string, state: unknown, names: readonly K[]): Record<K, number> {
  if (isRecord(state) && names.every((n) => typeof state[n] === 'number')) return state as Record<K, number>;
  throw new FormatError(op, `expected a state of ${names.join(', ')}, got something else; save the checkpoint again`);
}
