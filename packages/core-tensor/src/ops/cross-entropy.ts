import type { CrossEntropyAttrs, TensorRef } from '../backend.js';
import { dispatch, dispatchAll } from '../dispatch.js';
import { DTypeError, ShapeError } from '../errors.js';
import { sameShape, showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { eq, sub } from './binary.js';
import { defineOp, type Op } from './define-op.js';
import { gatherOp } from './gather.js';
import { logSoftmaxOp } from './softmax.js';
import { checkFloat } from './spatial.js';
import { reshape } from './view.js';
import { where } from './where.js';

/** log p at each row's target, `[rows]`; 0 where `ignored`, NaN where the target is out of range. */
export function pickTargets(logProbabilities: Tensor, targets: Tensor, ignored: Tensor): Tensor {
  const [rows] = targets.shape;
  const index = reshape(where(ignored, 0, targets), [rows, 1]);
  const picked = reshape(dispatch(gatherOp, [logProbabilities, index], { axis: 1 }), [rows]);
  return where(ignored, 0, picked);
}

/** (x [rows, classes], targets [rows]) -> (loss [rows], logProbabilities [rows, classes]) */
export const crossEntropyOp: Op<CrossEntropyAttrs> = defineOp('crossEntropy', {
  family: 'crossEntropy',
  infer: (inputs) => {
    const [x, targets] = inputs as readonly Tensor[];
    checkFloat('crossEntropy', 'input', x);
    if (x.rank !== 2 || x.shape[1] === 0 || !sameShape(targets.shape, [x.shape[0]])) {
      throw new ShapeError(
        'crossEntropy',
        `expected input [rows, classes] and targets [rows], got ${showShape(x.shape)} and ${showShape(targets.shape)}`,
      );
    }
    if (targets.dtype !== 'int32') throw new DTypeError('crossEntropy', `expected int32 targets, got ${targets.dtype}; use cast('int32')`);
    return [{ shape: targets.shape, dtype: x.dtype }, x];
  },
  kernel: (backend, [x, targets], attrs, [loss, logProbabilities]) =>
    backend.crossEntropy?.(x as TensorRef, targets as TensorRef, attrs, loss, logProbabilities),
  decompose: ([x, targets], { ignoreIndex }) => {
    const logProbabilities = dispatch(logSoftmaxOp, [x], null);
    const picked = pickTargets(logProbabilities, targets as Tensor, eq(targets as Tensor, ignoreIndex));
    // 0 - p, not -p: an ignored row costs 0, not -0.
    return [sub(0, picked), logProbabilities];
  },
});

/** Each row's loss, by the fused op. */
export function rowLosses(x: Tensor, targets: Tensor, ignoreIndex: number): Tensor {
  const [loss, logProbabilities] = dispatchAll(crossEntropyOp, [x, targets], { ignoreIndex });
  // The tape, where there is one, holds its own reference.
  logProbabilities.dispose();
  return loss;
}
