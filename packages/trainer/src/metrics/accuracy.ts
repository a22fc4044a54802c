import { cast, KonvError, mean, ShapeError, showShape, type Tensor, topk } from '@konv/core-tensor';
import { eq } from '@konv/core-tensor';
import type { Metric } from './metric.js';

/** Refuses anything but scores [batch, classes] and one class for each. */
export function checkScores(op: string, output: Tensor, targets: Tensor): void {
  if (output.rank === 2 && targets.rank === 1 && output.shape[0] === targets.shape[0]) return;
  throw new ShapeError(
    op,
    `expected scores [batch, classes] and targets [batch], got ${showShape(output.shape)} and ${showShape(targets.shape)}`,
  );
}

/**
 * The share of samples whose greatest score is at the target class. `output` [batch, classes], `targets` int32 [batch].
 * Errors: `ShapeError`.
 */
export function accuracy(output: Tensor, targets: Tensor): Tensor {
  checkScores('accuracy', output, targets);
  return mean(cast(eq(output.argmax(1), targets), 'float32'));
}

/**
 * The share of samples whose target class is among the k greatest scores; of equal scores, those that `topk` takes.
 * `output` [batch, classes], `targets` int32 [batch]. Errors: `KonvError` for k; `ShapeError`, also for fewer classes
 * than k. Source: torcheval.metrics.functional.multiclass_accuracy's k.
 */
export function topKAccuracy(k: number): Metric {
  const op = 'topKAccuracy';
  if (!Number.isSafeInteger(k) || k < 1) throw new KonvError(op, `expected a whole k >= 1, got ${String(k)}`);
  return (output, targets) => {
    checkScores(op, output, targets);
    if (output.shape[1] < k) throw new ShapeError(op, `expected scores for at least ${k} classes, got ${showShape(output.shape)}`);
    const { indices } = topk(output, k, 1);
    // A class is among the k at most once, so the sum over them is 0 or 1.
    const found = cast(eq(indices, targets.reshape([targets.shape[0], 1])), 'float32');
    return mean(found.sum(1));
  };
}
