import { FormatError, isTensor, ShapeError, type Tensor } from '@konv/core-tensor';
import { isEntry } from '../checkpoint/tree.js';
import { checkScores } from './accuracy.js';
import type { StatefulMetric } from './metric.js';

/**
 * How the numbers of classes are made one: `macro`, their mean; `weighted`, their mean weighted by the classes' samples;
 * `micro`, the number of all samples as if of one class. Classes that neither occur nor are predicted do not count.
 */
export type Average = 'macro' | 'weighted' | 'micro';
export type ClassScore = 'precision' | 'recall' | 'f1';

/**
 * Counts of (true class, predicted class): row i, column j says how often a sample of class i was taken for j.
 * Source: scikit-learn's confusion_matrix.
 */
export class ConfusionMatrix implements StatefulMetric {
  readonly classes: number;
  readonly counts: Int32Array;

  constructor(classes: number) {
    if (!Number.isSafeInteger(classes) || classes < 1 || classes * classes >= 2 ** 31) {
      throw new ShapeError('ConfusionMatrix', `expected a whole number of classes from 1 to 46340, got ${String(classes)}`);
    }
    this.classes = classes;
    this.counts = new Int32Array(classes * classes);
  }

  /**
   * Adds a batch: scores [batch, classes] and int32 targets [batch]. Errors: `ShapeError` for other shapes and for a
   * target that is no class; nothing is counted then.
   */
  async add(output: Tensor, targets: Tensor): Promise<void> {
    const op = 'ConfusionMatrix';
    if (!isTensor(output) || output.rank !== 2 || output.shape[1] !== this.classes) {
      const got = isTensor(output) ? `[${output.shape.join(', ')}]` : typeof output;
      throw new ShapeError(op, `expected scores [batch, ${this.classes}], got ${got}`);
    }
    checkScores(op, output, targets);
    const best = output.detach().argmax(1);
    const reads = Promise.all([best.data(), targets.data()]);
    best.dispose();
    const [predicted, actual] = await reads;
    for (const c of actual) {
      if (Number.isInteger(c) && c >= 0 && c < this.classes) continue;
      throw new ShapeError(op, `expected targets from 0 to ${this.classes - 1}, got ${c}; give it as many classes as the data has`);
    }
    for (let i = 0; i < predicted.length; i++) this.counts[actual[i] * this.classes + predicted[i]]++;
  }

  at(actual: number, predicted: number): number {
    return this.counts[actual * this.classes + predicted];
  }

  /** The number of samples of a class. */
  support(actual: number): number {
    let n = 0;
    for (let j = 0; j < this.classes; j++) n += this.at(actual, j);
    return n;
  }
  #predictions(predicted: number): number {
    let n = 0;
    for (let i = 0; i < this.classes; i++) n += this.at(i, predicted);
    return n;
  }

  /** The share of all samples on the diagonal; NaN without samples. */
  get accuracy(): number {
    let right = 0;
    let all = 0;
    for (let i = 0; i < this.classes; i++) right += this.at(i, i);
    for (const n of this.counts) all += n;
    return right / all;
  }

  /** Of the samples that were taken for class `c`, the share that are of it; 0 where none was. */
  precision(c: number): number {
    return ratio(this.at(c, c), this.#predictions(c));
  }
  /** Of the samples of class `c`, the share that was recognised; 0 where there are none. */
  recall(c: number): number {
    return ratio(this.at(c, c), this.support(c));
  }
  /** The harmonic mean of precision and recall: 2 tp / (2 tp + fp + fn); 0 where all are 0. */
  f1(c: number): number {
    return ratio(2 * this.at(c, c), this.#predictions(c) + this.support(c));
  }

  /** One number for all classes; NaN without samples. */
  average(score: ClassScore, average: Average = 'macro'): number {
    if (average === 'micro') return this.accuracy;
    let sum = 0;
    let weights = 0;
    for (let c = 0; c < this.classes; c++) {
      const support = this.support(c);
      if (support + this.#predictions(c) === 0) continue;
      const weight = average === 'weighted' ? support : 1;
      sum += weight * this[score](c);
      weights += weight;
    }
    return sum / weights;
  }

  /** The accuracy. */
  value(): number {
    return this.accuracy;
  }
  reset(): void {
    this.counts.fill(0);
  }
  stateDict(): unknown {
    return { dtype: 'int32', shape: [this.counts.length], data: this.counts.slice() };
  }
  loadStateDict(state: unknown): void {
    if (!isEntry(state) || state.data.length !== this.counts.length || !state.data.every((n) => Number.isInteger(n) && n >= 0)) {
      throw new FormatError('ConfusionMatrix', `expected ${this.counts.length} counts, got something else; pass what stateDict() gave`);
    }
    this.counts.set(state.data);
  }

  /** A row for each true class and a column for each predicted one. */
  toString(): string {
    const width = Math.max(...Array.from(this.counts, (n) => String(n).length));
    const rows = Array.from({ length: this.classes }, (_, i) =>
      Array.from({ length: this.classes }, (_, j) => String(this.at(i, j)).padStart(width)).join(' '),
    );
    return rows.join('\n');
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
