import { KonvError, type Tensor } from '@konv/core-tensor';
import { checkNames, checkOneOf } from '../options.js';
import { type Average, type ClassScore, ConfusionMatrix } from './confusion-matrix.js';
import type { StatefulMetric } from './metric.js';

export interface AverageOptions {
  /** How many classes the scores are for. */
  classes: number;
  /** Default: 'macro'. */
  average?: Average;
}

class Averaged implements StatefulMetric {
  readonly #matrix: ConfusionMatrix;
  readonly #score: ClassScore;
  readonly #average: Average;

  constructor(score: ClassScore, options: AverageOptions) {
    checkNames(score, options, ['classes', 'average']);
    const { classes, average = 'macro' } = options;
    checkOneOf(score, 'average', average, ['macro', 'weighted', 'micro']);
    if (!Number.isSafeInteger(classes) || classes < 1)
      throw new KonvError(score, `expected a whole number of classes >= 1, got ${String(classes)}`);
    this.#matrix = new ConfusionMatrix(classes);
    this.#score = score;
    this.#average = average;
  }

  reset(): void {
    this.#matrix.reset();
  }
  add(output: Tensor, targets: Tensor): Promise<void> {
    return this.#matrix.add(output, targets);
  }
  value(): number {
    return this.#matrix.average(this.#score, this.#average);
  }
  stateDict(): unknown {
    return this.#matrix.stateDict();
  }
  loadStateDict(state: unknown): void {
    this.#matrix.loadStateDict(state);
  }
}

/**
 * Of the samples taken for a class, the share that are of it: tp / (tp + fp), averaged over the classes; 0 for a class
 * that is never predicted. A metric for the Trainer: of all samples of the epoch, not a mean over batches.
 * Source: scikit-learn's precision_score, with zero_division=0.
 */
export function precision(options: AverageOptions): StatefulMetric {
  return new Averaged('precision', options);
}

/** Of the samples of a class, the share that is recognised: tp / (tp + fn). As `precision`. Source: recall_score. */
export function recall(options: AverageOptions): StatefulMetric {
  return new Averaged('recall', options);
}

/** The harmonic mean of a class's precision and recall: 2 tp / (2 tp + fp + fn). As `precision`. Source: f1_score. */
export function f1(options: AverageOptions): StatefulMetric {
  return new Averaged('f1', options);
}
