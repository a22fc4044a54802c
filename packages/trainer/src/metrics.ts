import { cast, eq, mean, ShapeError, type Tensor } from '@konv/core-tensor';

/** A number about a batch: the mean over its samples, as a scalar tensor. Runs without gradients. */
export type Metric = (output: Tensor, targets: Tensor) => Tensor;

/**
 * The share of samples whose greatest score is at the target class. `output` [batch, classes], `targets` int32 [batch].
 * Errors: `ShapeError`.
 */
export function accuracy(output: Tensor, targets: Tensor): Tensor {
  if (output.rank !== 2 || targets.rank !== 1 || output.shape[0] !== targets.shape[0]) {
    throw new ShapeError(
      'accuracy',
      `expected scores [batch, classes] and targets [batch], got [${output.shape.join(', ')}] and [${targets.shape.join(', ')}]`,
    );
  }
  return mean(cast(eq(output.argmax(1), targets), 'float32'));
}

/**
 * Counts of (true class, predicted class): row i, column j says how often a sample of class i was taken for j.
 * Source: scikit-learn's confusion_matrix.
 */
export class ConfusionMatrix {
  readonly classes: number;
  readonly counts: Int32Array;

  constructor(classes: number) {
    if (!Number.isInteger(classes) || classes < 1) {
      throw new ShapeError('ConfusionMatrix', `expected a number of classes >= 1, got ${classes}`);
    }
    this.classes = classes;
    this.counts = new Int32Array(classes * classes);
  }

  /** Adds a batch: scores [batch, classes] and int32 targets [batch]. */
  async add(output: Tensor, targets: Tensor): Promise<void> {
    if (output.rank !== 2 || output.shape[1] !== this.classes) {
      throw new ShapeError('ConfusionMatrix', `expected scores [batch, ${this.classes}], got [${output.shape.join(', ')}]`);
    }
    const best = output.detach().argmax(1);
    const [predicted, actual] = await Promise.all([best.data(), targets.data()]);
    best.dispose();
    for (let i = 0; i < predicted.length; i++) this.counts[actual[i] * this.classes + predicted[i]]++;
  }

  at(actual: number, predicted: number): number {
    return this.counts[actual * this.classes + predicted];
  }

  /** The share of all samples on the diagonal. */
  get accuracy(): number {
    let right = 0;
    let all = 0;
    for (let i = 0; i < this.classes; i++) right += this.at(i, i);
    for (const n of this.counts) all += n;
    return right / all;
  }

  /** The share of class `actual`'s samples that were recognised. */
  recall(actual: number): number {
    let all = 0;
    for (let j = 0; j < this.classes; j++) all += this.at(actual, j);
    return this.at(actual, actual) / all;
  }
}
