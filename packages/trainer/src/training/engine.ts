import type { Tensor } from '@konv/core-tensor';
import type { EpochRecord } from '../history.js';
import type { AnyMetric } from '../metrics/metric.js';
import type { Loader } from './loader.js';
import type { Measures } from './measures.js';

/** What the trainer does for a run. */
export interface Engine {
  readonly metrics: Readonly<Record<string, AnyMetric>>;
  train(): void;
  /** Adds a batch's gradients, after dropping old ones where it is the `first` of a move. */
  accumulate(inputs: Tensor, targets: Tensor, first: boolean, measures: Measures): unknown;
  move(): void;
  /** Null where the signal cut it off. */
  validate(loader: Loader): Promise<EpochRecord['validation']>;
}
