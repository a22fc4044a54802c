import { dispatch } from '../dispatch.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { sameShape, type Shape, showShape, sizeOf } from '../shape.js';
import { isTensor, type Tensor } from '../tensor.js';
import { add, div, eq, mul, sub } from './binary.js';
import { cast } from './cast.js';
import { pickTargets, rowLosses } from './cross-entropy.js';
import { gatherOp } from './gather.js';
import { mean, sum } from './reduce.js';
import { checkReduction, reduceLoss, type Reduction } from './loss-reduction.js';
import { logSoftmaxOp } from './softmax.js';
import { checkFloat } from './spatial.js';
import { neg } from './unary.js';
import { permute, reshape } from './view.js';
import { logicalNot, where } from './where.js';

export interface NllLossOptions {
  reduction?: Reduction;
  /** A target that counts for nothing; default -100. */
  ignoreIndex?: number;
  /** A factor for each class, [classes]. */
  weight?: Tensor | null;
}
export interface CrossEntropyOptions extends NllLossOptions {
  /** In [0, 1): this share of each target is spread evenly over all classes; default 0. */
  labelSmoothing?: number;
}

/** Class scores as rows: [batch, classes, d1, ...] and [classes] become [rows, classes]. */
interface Rows {
  readonly x: Tensor;
  readonly classes: number;
  /** The shape of class targets, and of a loss without reduction. */
  readonly outer: Shape;
}

function asRows(op: string, x: Tensor): Rows {
  checkFloat(op, 'input', x);
  const { shape, rank } = x;
  if (rank === 0) throw new ShapeError(op, 'expected input [classes], [batch, classes] or [batch, classes, ...], got a scalar');
  const classes = shape[rank === 1 ? 0 : 1];
  if (classes === 0) throw new ShapeError(op, `expected at least one class, got input ${showShape(shape)}`);
  if (rank === 1) return { x: reshape(x, [1, classes]), classes, outer: [] };
  if (rank === 2) return { x, classes, outer: [shape[0]] };
  const outer = [shape[0], ...shape.slice(2)];
  return { x: classesLast(x), classes, outer };
}

/** [batch, classes, d1, ...] as [rows, classes]. */
function classesLast(x: Tensor): Tensor {
  const order = x.shape.map((_, i) => (i === 0 ? 0 : i === x.rank - 1 ? 1 : i + 1));
  return reshape(permute(x, order), [sizeOf(x.shape) / x.shape[1], x.shape[1]]);
}

/** What to do about class targets of another shape. */
function targetRemedy(x: Tensor, rows: Rows, targets: Tensor): string {
  if (sameShape(targets.shape, x.shape)) return 'for one-hot targets use their positions, argmax(1), or float probabilities';
  if (targets.rank === rows.outer.length + 1 && targets.shape.at(-1) === 1) return 'one class number for each: use targets.squeeze(-1)';
  return 'one class number for each';
}

/** The int32 class targets as [rows], checked; `ignored` tells whether any is ignored, null where nobody knows yet. */
function classTargets(op: string, x: Tensor, rows: Rows, targets: Tensor, ignoreIndex: number): { flat: Tensor; ignored: boolean | null } {
  if (!Number.isSafeInteger(ignoreIndex)) throw new ShapeError(op, `expected a whole ignoreIndex, got ${ignoreIndex}`);
  if (targets.dtype !== 'int32') {
    throw new DTypeError(op, `expected int32 class targets, got ${targets.dtype} ${showShape(targets.shape)}; use targets.cast('int32')`);
  }
  if (!sameShape(targets.shape, rows.outer)) {
    throw new ShapeError(
      op,
      `expected targets ${showShape(rows.outer)} for input ${showShape(x.shape)}, got ${showShape(targets.shape)}; ${targetRemedy(x, rows, targets)}`,
    );
  }
  const flat = targets.rank === 1 ? targets : reshape(targets, [targets.size]);
  const { backend } = targets.storage ?? {};
  if (!backend?.capabilities.syncRead) return { flat, ignored: null };
  let ignored = false;
  const values = targets.dataSync();
  for (let i = 0; i < values.length; i++) {
    if (values[i] === ignoreIndex) ignored = true;
    else if (values[i] < 0 || values[i] >= rows.classes) {
      throw new ShapeError(
        op,
        `expected targets in [0, ${rows.classes - 1}] (input ${showShape(x.shape)}) or ignoreIndex ${ignoreIndex}, got ` +
          `${values[i]} at flat position ${i}; check the labels or the number of classes`,
      );
    }
  }
  return { flat, ignored };
}

function checkTensors(op: string, targets: unknown, weight: Tensor | null, classes: number): void {
  if (!isTensor(targets))
    throw new DTypeError(op, `expected a tensor as targets, got ${typeof targets}; wrap it with tensor(..., { dtype: 'int32' })`);
  if (weight === null) return;
  checkFloat(op, 'weight', weight);
  if (!sameShape(weight.shape, [classes])) {
    throw new ShapeError(op, `expected weight [${classes}], one factor a class, got ${showShape(weight.shape)}`);
  }
}

/** -w[target] log p[target] for each row, and the sum of w[target] by which a mean divides. */
interface Weighted {
  readonly loss: Tensor;
  readonly ignored: Tensor;
  readonly total: () => Tensor;
}

function weightedNll(logP: Tensor, flat: Tensor, weight: Tensor | null, ignoreIndex: number): Weighted {
  const ignored = eq(flat, ignoreIndex);
  const picked = pickTargets(logP, flat, ignored);
  if (weight === null) return { loss: sub(0, picked), ignored, total: () => sum(cast(logicalNot(ignored), logP.dtype)) };
  const factors = where(ignored, 0, dispatch(gatherOp, [cast(weight, logP.dtype), where(ignored, 0, flat)], { axis: 0 }));
  return { loss: sub(0, mul(picked, factors)), ignored, total: () => sum(factors) };
}

/**
 * loss_i = -weight[target_i] input[i, target_i]; the mean divides by the sum of the weights of the targets that are not
 * ignored.
 *
 * input [batch, classes], [batch, classes, d1, ...] or [classes]: logarithms of probabilities; targets int32 [batch],
 * [batch, d1, ...] or [] -> a scalar, or the targets' shape for reduction 'none'. NaN as the mean where all are ignored.
 * Errors: `ShapeError`, also for a target out of range where values can be read at once (elsewhere it gives NaN);
 * `DTypeError` for targets that are not int32. Source: torch.nn.functional.nll_loss.
 */
export function nllLoss(x: Tensor, targets: Tensor, options: NllLossOptions = {}): Tensor {
  const op = 'nllLoss';
  const reduction = checkReduction(op, options.reduction ?? 'mean');
  const { ignoreIndex = -100, weight = null } = options;
  const rows = asRows(op, x);
  checkTensors(op, targets, weight, rows.classes);
  const { flat } = classTargets(op, x, rows, targets, ignoreIndex);
  const { loss, total } = weightedNll(rows.x, flat, weight, ignoreIndex);
  if (reduction === 'none') return reshape(loss, rows.outer);
  return reduction === 'sum' ? sum(loss) : div(sum(loss), total());
}

/**
 * loss_i = -weight[t] log softmax(input_i)[t] at t = target_i. With label smoothing e and C classes:
 * (1 - e) loss_i - e / C sum over c of weight[c] log softmax(input_i)[c].
 *
 * input [batch, classes], [batch, classes, d1, ...] or [classes], scores of any size; targets int32 [batch],
 * [batch, d1, ...] or [], or float probabilities of the input's shape -> a scalar, or one loss a target for reduction
 * 'none'. The mean divides by the sum of the weights of the targets that are not ignored (by the number of rows for
 * probabilities); NaN where all are ignored.
 * Errors: `ShapeError`, also for a target out of range where values can be read at once (elsewhere it gives NaN);
 * `DTypeError` for targets that are neither int32 nor float. Source: torch.nn.functional.cross_entropy.
 */
export function crossEntropy(x: Tensor, targets: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const op = 'crossEntropy';
  const reduction = checkReduction(op, options.reduction ?? 'mean');
  const { ignoreIndex = -100, weight = null, labelSmoothing = 0 } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) throw new ShapeError(op, `expected labelSmoothing in [0, 1], got ${labelSmoothing}`);
  const rows = asRows(op, x);
  checkTensors(op, targets, weight, rows.classes);
  if (isFloat(targets.dtype) && sameShape(targets.shape, x.shape)) {
    return probabilityLoss(rows, targets, weight, labelSmoothing, reduction);
  }
  const { flat, ignored } = classTargets(op, x, rows, targets, ignoreIndex);
  if (weight !== null || labelSmoothing > 0) return smoothedLoss(rows, flat, weight, ignoreIndex, labelSmoothing, reduction);
  const loss = rowLosses(rows.x, flat, ignoreIndex);
  if (reduction === 'none') return rows.outer.length === 1 ? loss : reshape(loss, rows.outer);
  if (reduction === 'sum') return sum(loss);
  if (ignored === false) return mean(loss);
  return div(sum(loss), sum(cast(logicalNot(eq(flat, ignoreIndex)), loss.dtype)));
}

function smoothedLoss(
  rows: Rows,
  flat: Tensor,
  weight: Tensor | null,
  ignoreIndex: number,
  smoothing: number,
  reduction: Reduction,
): Tensor {
  const logP = dispatch(logSoftmaxOp, [rows.x], null);
  const { loss, ignored, total } = weightedNll(logP, flat, weight, ignoreIndex);
  let each = loss;
  if (smoothing > 0) {
    const all = sum(weight === null ? logP : mul(logP, cast(weight, logP.dtype)), 1);
    each = sub(mul(loss, 1 - smoothing), mul(where(ignored, 0, all), smoothing / rows.classes));
  }
  if (reduction === 'none') return reshape(each, rows.outer);
  return reduction === 'sum' ? sum(each) : div(sum(each), total());
}

function probabilityLoss(rows: Rows, targets: Tensor, weight: Tensor | null, smoothing: number, reduction: Reduction): Tensor {
  const logP = dispatch(logSoftmaxOp, [rows.x], null);
  let p = targets.rank === 1 ? reshape(targets, [1, rows.classes]) : targets.rank === 2 ? targets : classesLast(targets);
  if (smoothing > 0) p = add(mul(p, 1 - smoothing), smoothing / rows.classes);
  const terms = mul(logP, p);
  const loss = neg(sum(weight === null ? terms : mul(terms, cast(weight, logP.dtype)), 1));
  return reduction === 'none' ? reshape(loss, rows.outer) : reduceLoss(loss, reduction);
}
