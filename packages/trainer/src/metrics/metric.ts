import { type Tensor, KonvError } from '@konv/core-tensor';

/** A number about a batch: the mean over its samples, as a scalar tensor. Runs without gradients. */
export type Metric = (output: Tensor, targets: Tensor) => Tensor;

/**
 * A number about all samples of a pass that is no mean over them, such as a precision. `add` must read what it needs of
 * the tensors before it first awaits: they are freed afterwards.
 */
export interface StatefulMetric {
  /** Forgets all samples. */
  reset(): void;
  /** Takes a batch into account. */
  add(output: Tensor, targets: Tensor): void | Promise<void>;
  /** The number for the samples since the last reset. */
  value(): number | Promise<number>;
  /** What was added, as plain values and `HostEntry`s: a copy. */
  stateDict(): unknown;
  /** Goes on from a state. Errors: `FormatError` for anything else; nothing has changed then. */
  loadStateDict(state: unknown): void;
}

export type AnyMetric = Metric | StatefulMetric;

export function isStateful(metric: AnyMetric): metric is StatefulMetric {
  return typeof metric !== 'function';
}

const METHODS = ['reset', 'add', 'value', 'stateDict', 'loadStateDict'] as const;

/** Refuses what is no record of metrics. */
export function checkMetrics(op: string, metrics: unknown): void {
  if (typeof metrics !== 'object' || metrics === null || Array.isArray(metrics)) {
    throw new KonvError(op, `expected metrics by name, got ${metrics === null ? 'null' : typeof metrics}; write { accuracy }`);
  }
  for (const [name, metric] of Object.entries(metrics)) {
    if (name === 'loss') throw new KonvError(op, 'expected metrics of other names than loss, got loss; the trainer measures it anyway');
    const missing = METHODS.filter((m) => typeof (metric as Partial<StatefulMetric> | null)?.[m] !== 'function');
    if (typeof metric === 'function' || missing.length === 0) continue;
    throw new KonvError(
      op,
      `expected ${name} to be a function (output, targets) or a StatefulMetric, got ${metric === null ? 'null' : typeof metric} without ${missing.join(', ')}`,
    );
  }
}
