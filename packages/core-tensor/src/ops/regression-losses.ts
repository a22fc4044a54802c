import { ShapeError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { add, div, eq, minimum, mul, sub } from './binary.js';
import { tidy } from './handles.js';
import { checkNumber, checkPair, checkReduction, type LossOptions, reduceLoss, type Reduction } from './loss-reduction.js';
import { sum } from './reduce.js';
import { abs, exp, log, square } from './unary.js';
import { where } from './where.js';

/**
 * loss_i = (x_i - target_i)^2.
 *
 * x and target of one shape -> a scalar, or that shape for reduction 'none'. The mean of nothing is NaN.
 * Errors: `ShapeError` for different shapes: PyTorch broadcasts them with a warning, here expand one on purpose.
 * Source: torch.nn.functional.mse_loss.
 */
export function mseLoss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const op = 'mseLoss';
  const reduction = checkReduction(op, options.reduction ?? 'mean');
  checkPair(op, x, target);
  return tidy(() => reduceLoss(square(sub(x, target)), reduction));
}

/**
 * loss_i = |x_i - target_i|; the derivative where both are equal is 0.
 *
 * Shapes and errors as `mseLoss`. Source: torch.nn.functional.l1_loss.
 */
export function l1Loss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const op = 'l1Loss';
  const reduction = checkReduction(op, options.reduction ?? 'mean');
  checkPair(op, x, target);
  return tidy(() => reduceLoss(abs(sub(x, target)), reduction));
}

export interface SmoothL1LossOptions extends LossOptions {
  /** Where the square turns into a straight line; 0: nowhere, as `l1Loss`. Default: 1. */
  beta?: number;
}

/**
 * With d = |x_i - target_i|: loss_i = d^2 / (2 beta) where d < beta, else d - beta / 2. With beta 0 the derivative at d = 0
 * is 0, as in `l1Loss` (PyTorch's is -1).
 *
 * Shapes and errors as `mseLoss`. Source: torch.nn.functional.smooth_l1_loss.
 */
export function smoothL1Loss(x: Tensor, target: Tensor, options: SmoothL1LossOptions = {}): Tensor {
  const op = 'smoothL1Loss';
  const reduction = checkReduction(op, options.reduction ?? 'mean');
  const beta = checkNumber(op, 'beta', options.beta ?? 1, 0);
  checkPair(op, x, target);
  return tidy(() => {
    const distance = abs(sub(x, target));
    if (beta === 0) return reduceLoss(distance, reduction);
    // Neither part is infinite or NaN where the other counts: so no gradient of 0 * Infinity.
    const near = minimum(distance, beta);
    return reduceLoss(add(mul(square(near), 0.5 / beta), sub(distance, near)), reduction);
  });
}

export interface HuberLossOptions extends LossOptions {
  /** Where the square turns into a straight line. Default: 1. */
  delta?: number;
}

/**
 * With d = |x_i - target_i|: loss_i = d^2 / 2 where d <= delta, else delta (d - delta / 2).
 *
 * Shapes and errors as `mseLoss`. Source: torch.nn.functional.huber_loss.
 */
export function huberLoss(x: Tensor, target: Tensor, options: HuberLossOptions = {}): Tensor {
  const op = 'huberLoss';
  const reduction = checkReduction(op, options.reduction ?? 'mean');
  const delta = checkNumber(op, 'delta', options.delta ?? 1, 0, true);
  checkPair(op, x, target);
  return tidy(() => {
    const distance = abs(sub(x, target));
    const near = minimum(distance, delta);
    return reduceLoss(add(mul(square(near), 0.5), mul(sub(distance, near), delta)), reduction);
  });
}

export interface KlDivOptions {
  /** As elsewhere, and 'batchmean': the sum divided by the size of axis 0, which is what the formula of the divergence says. */
  reduction?: Reduction | 'batchmean';
  /** Whether the target holds logarithms, too. Default: false. */
  logTarget?: boolean;
}

/**
 * The Kullback-Leibler divergence, element by element: loss_i = target_i (log target_i - x_i), 0 where target_i is 0, for
 * logarithms of probabilities x; with `logTarget` loss_i = exp(target_i) (target_i - x_i).
 *
 * Shapes and errors as `mseLoss`. The default reduction 'mean' divides by the number of elements, as PyTorch's does.
 * Source: torch.nn.functional.kl_div.
 */
export function klDiv(x: Tensor, target: Tensor, options: KlDivOptions = {}): Tensor {
  const op = 'klDiv';
  const { reduction = 'mean', logTarget = false } = options;
  if (reduction !== 'batchmean') checkReduction(op, reduction);
  if (typeof logTarget !== 'boolean') throw new ShapeError(op, `expected logTarget to be true or false, got ${String(logTarget)}`);
  checkPair(op, x, target);
  if (reduction === 'batchmean' && x.rank === 0) throw new ShapeError(op, "expected a batch for reduction 'batchmean', got a scalar");
  return tidy(() => {
    let loss: Tensor;
    if (logTarget) loss = mul(exp(target), sub(target, x));
    else {
      const none = eq(target, 0);
      loss = sub(where(none, 0, mul(target, log(where(none, 1, target)))), mul(target, x));
    }
    return reduction === 'batchmean' ? div(sum(loss), x.shape[0]) : reduceLoss(loss, reduction);
  });
}
