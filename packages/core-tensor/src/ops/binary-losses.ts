import { ShapeError } from '../errors.js';
import { broadcastShapes, sameShape, showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { logsigmoid } from './activations.js';
import { add, lt, maximum, mul, sub } from './binary.js';
import { tidy } from './handles.js';
import { checkPair, checkReduction, type LossOptions, reduceLoss } from './loss-reduction.js';
import { detach } from './movement.js';
import { checkFloat } from './spatial.js';
import { log, square } from './unary.js';
import { where } from './where.js';

export interface BceLossOptions extends LossOptions {
  /** A factor for each loss, of a shape that broadcasts to the input's. */
  weight?: Tensor | null;
}
export interface BceWithLogitsLossOptions extends BceLossOptions {
  /** A factor for the positive part of each, of a shape that broadcasts to the input's: [classes], say. */
  posWeight?: Tensor | null;
}

/** Factors may only be spread over the losses, never the losses over them. */
function checkFactors(op: string, x: Tensor, named: Readonly<Record<string, Tensor | null>>): void {
  for (const [name, t] of Object.entries(named)) {
    if (t === null) continue;
    checkFloat(op, name, t);
    if (sameShape(broadcastShapes(op, t.shape, x.shape), x.shape)) continue;
    throw new ShapeError(
      op,
      `expected ${name} to broadcast to the input's shape ${showShape(x.shape)}, got ${showShape(t.shape)}; reshape it`,
    );
  }
}

function weighted(loss: Tensor, weight: Tensor | null): Tensor {
  return weight === null ? loss : mul(loss, weight);
}

function checkProbabilities(op: string, x: Tensor): void {
  if (!x.storage?.backend.capabilities.syncRead) return;
  const values = x.dataSync();
  for (let i = 0; i < values.length; i++) {
    if (!(values[i] < 0 || values[i] > 1)) continue;
    throw new ShapeError(
      op,
      `expected probabilities in [0, 1], got ${values[i]} at flat position ${i} of input ${showShape(x.shape)}; apply sigmoid, or ` +
        'use binaryCrossEntropyWithLogits on the scores',
    );
  }
}

/** PyTorch's least logarithm and least denominator of the gradient. */
const LEAST_LOG = -100;
const LEAST_PRODUCT = 1e-12;

/**
 * loss_i = -weight_i (target_i log x_i + (1 - target_i) log(1 - x_i)), no logarithm being less than -100.
 *
 * x (probabilities) and target (in [0, 1]) of one shape, weight broadcasting to it -> a scalar, or that shape for
 * reduction 'none'. The gradient is (x - target) / max(x (1 - x), 1e-12).
 * Errors: `ShapeError` for different shapes, and for x outside of [0, 1] where values can be read at once (elsewhere it
 * gives NaN); `DTypeError` unless float. Source: torch.nn.functional.binary_cross_entropy.
 */
export function binaryCrossEntropy(x: Tensor, target: Tensor, options: BceLossOptions = {}): Tensor {
  const op = 'binaryCrossEntropy';
  const reduction = checkReduction(op, options.reduction ?? 'mean');
  const { weight = null } = options;
  checkPair(op, x, target);
  checkFactors(op, x, { weight });
  checkProbabilities(op, x);
  return tidy(() => {
    // At the ends the logarithms have no derivative: there they are constants, and a parabola that is 0 carries PyTorch's
    // gradient (x - target) / 1e-12, of the first order and the second.
    const end = lt(detach(mul(x, sub(1, x))), LEAST_PRODUCT);
    const inner = where(end, 0.5, x);
    const fixed = detach(x);
    const logX = where(end, maximum(log(fixed), LEAST_LOG), log(inner));
    const logRest = where(end, maximum(log(sub(1, fixed)), LEAST_LOG), log(sub(1, inner)));
    const parabola = where(end, mul(sub(mul(square(x), 0.5), mul(x, detach(target))), 1 / LEAST_PRODUCT), 0);
    const pull = sub(parabola, detach(parabola));
    const loss = sub(pull, add(mul(target, logX), mul(sub(1, target), logRest)));
    return reduceLoss(weighted(loss, weight), reduction);
  });
}

/**
 * loss_i = -weight_i (posWeight target_i log s(x_i) + (1 - target_i) log(1 - s(x_i))), s the sigmoid, exact for scores of
 * any size.
 *
 * x (scores) and target (in [0, 1]) of one shape, weight and posWeight broadcasting to it -> a scalar, or that shape for
 * reduction 'none'. Errors: `ShapeError` for different shapes; `DTypeError` unless float.
 * Source: torch.nn.functional.binary_cross_entropy_with_logits.
 */
export function binaryCrossEntropyWithLogits(x: Tensor, target: Tensor, options: BceWithLogitsLossOptions = {}): Tensor {
  const op = 'binaryCrossEntropyWithLogits';
  const reduction = checkReduction(op, options.reduction ?? 'mean');
  const { weight = null, posWeight = null } = options;
  checkPair(op, x, target);
  checkFactors(op, x, { weight, posWeight });
  return tidy(() => {
    const positive = posWeight === null ? logsigmoid(x) : mul(add(mul(sub(posWeight, 1), target), 1), logsigmoid(x));
    return reduceLoss(weighted(sub(mul(sub(1, target), x), positive), weight), reduction);
  });
}
