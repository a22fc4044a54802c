import type { BatchNormAttrs, TensorRef } from '../backend.js';
import type { DType } from '../dtype.js';
import { dispatchAll } from '../dispatch.js';
import { DTypeError, ShapeError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { sameShape, showShape, sizeOf } from '../shape.js';
import { isTensor, type Tensor } from '../tensor.js';
import { add, div, maximum, mul, sub } from './binary.js';
import { cast } from './cast.js';
import { defineNonDifferentiableOp, defineOp, type Op, type OutputSpec } from './define-op.js';
import { replacing, tidy } from './handles.js';
import { copy_ } from './movement.js';
import { sum } from './reduce.js';
import { checkFloat } from './spatial.js';
import { reciprocal, sqrt, square } from './unary.js';
import { reshape } from './view.js';

/** A value for each channel against [batch, channels, inner]. */
const perChannel = (t: Tensor): Tensor => reshape(t, [1, t.size, 1]);

function checkChannels(op: string, x: Tensor, named: Readonly<Record<string, Tensor | null>>): void {
  for (const [name, t] of Object.entries(named)) {
    if (t === null) continue;
    checkFloat(op, name, t);
    if (!sameShape(t.shape, [x.shape[1]])) {
      throw new ShapeError(
        op,
        `expected ${name} [${x.shape[1]}] (input ${showShape(x.shape)}), got ${showShape(t.shape)}; build it for these channels`,
      );
    }
  }
}

/** (x [batch, channels, inner], weight | null, bias | null) -> (y, mean [channels], invStd [channels]) */
export const batchNormTrainOp: Op<BatchNormAttrs> = defineOp('batchNormTrain', {
  family: 'batchNormTrain',
  infer: (inputs) => {
    const [x, weight, bias] = inputs as [Tensor, Tensor | null, Tensor | null];
    checkFloat('batchNorm', 'input', x);
    if (x.rank !== 3) throw new ShapeError('batchNorm', `expected [batch, channels, inner], got ${showShape(x.shape)}; reshape it`);
    checkChannels('batchNorm', x, { weight, bias });
    const channels = { shape: [x.shape[1]], dtype: x.dtype };
    return [x, channels, channels];
  },
  kernel: (backend, [x, weight, bias], attrs, [y, mean, invStd]) =>
    backend.batchNormTrain?.(x as TensorRef, weight as TensorRef | null, bias as TensorRef | null, attrs, {
      y,
      mean,
      invStd,
    }),
  decompose: (inputs, { eps }) => {
    const [x, weight, bias] = inputs as [Tensor, Tensor | null, Tensor | null];
    const count = x.shape[0] * x.shape[2];
    const mean = div(sum(x, [0, 2]), count);
    const centred = sub(x, perChannel(mean));
    const invStd = reciprocal(sqrt(add(div(sum(square(centred), [0, 2]), count), eps)));
    let y = mul(centred, perChannel(invStd));
    if (weight !== null) y = mul(y, perChannel(weight));
    if (bias !== null) y = add(y, perChannel(bias));
    return [y, mean, invStd];
  },
});

/** Which gradients are wanted beside dx. */
export interface BatchNormGradients {
  readonly dw: boolean;
  readonly db: boolean;
}

/** (x, dy, weight | null, mean, invStd) -> dx, and dw and db as wanted */
export const batchNormGradOp: Op<BatchNormGradients> = defineNonDifferentiableOp<BatchNormGradients>('batchNormGrad', {
  family: 'batchNormGrad',
  infer: (inputs, { dw, db }) => {
    const [x, dy, weight, mean, invStd] = inputs as [Tensor, Tensor, Tensor | null, Tensor, Tensor];
    checkFloat('batchNormGrad', 'input', x);
    if (x.rank !== 3 || !sameShape(x.shape, dy.shape)) {
      throw new ShapeError(
        'batchNormGrad',
        `expected input and dy [batch, channels, inner], got ${showShape(x.shape)} and ${showShape(dy.shape)}; reshape them`,
      );
    }
    checkChannels('batchNormGrad', x, { weight, mean, invStd });
    const out: OutputSpec[] = [x];
    for (const wanted of [dw, db]) if (wanted) out.push({ shape: [x.shape[1]], dtype: x.dtype });
    return out;
  },
  kernel: (backend, inputs, want, outs) => {
    const [x, dy, weight, mean, invStd] = inputs as [TensorRef, TensorRef, TensorRef | null, TensorRef, TensorRef];
    backend.batchNormGrad?.(x, dy, weight, mean, invStd, {
      dx: outs[0],
      dw: want.dw ? outs[1] : null,
      db: want.db ? outs[want.dw ? 2 : 1] : null,
    });
  },
  // With x' = (x - mean) invStd: db = sum dy, dw = sum dy x', dx = weight invStd (dy - db / n - x' dw / n).
  decompose: (inputs, want) => {
    const [x, dy, weight, mean, invStd] = inputs as [Tensor, Tensor, Tensor | null, Tensor, Tensor];
    const count = x.shape[0] * x.shape[2];
    const normal = mul(sub(x, perChannel(mean)), perChannel(invStd));
    const db = sum(dy, [0, 2]);
    const dw = sum(mul(dy, normal), [0, 2]);
    const inner = sub(sub(dy, perChannel(div(db, count))), mul(normal, perChannel(div(dw, count))));
    const scale = weight === null ? invStd : mul(weight, invStd);
    const out = [mul(inner, perChannel(scale))];
    if (want.dw) out.push(dw);
    if (want.db) out.push(db);
    return out;
  },
});

/**
 * The gradients of `batchNormTrain`, in one pass where the backend has a kernel for it; dw and db are null where not
 * wanted. x and dy [batch, channels, inner], the rest [channels]. Not differentiable.
 */
export function batchNormBackward(
  x: Tensor,
  dy: Tensor,
  weight: Tensor | null,
  mean: Tensor,
  invStd: Tensor,
  want: BatchNormGradients,
): { dx: Tensor; dw: Tensor | null; db: Tensor | null } {
  const made = dispatchAll(batchNormGradOp, [x, dy, weight, mean, invStd], { dw: want.dw, db: want.db });
  return { dx: made[0], dw: want.dw ? made[1] : null, db: want.db ? made[want.dw ? 2 : 1] : null };
}

/** running = (1 - momentum) running + momentum * batch, with the unbiased variance. Both are ready before either changes. */
function updateRunning(
  mean: Tensor,
  invStd: Tensor,
  running: readonly [Tensor, Tensor],
  count: number,
  momentum: number | Tensor,
  eps: number,
): void {
  const [runningMean, runningVar] = running;
  // A rounding must not make a variance of 0 negative.
  const biased = maximum(sub(reciprocal(square(invStd)), eps), 0);
  const rest = typeof momentum === 'number' ? 1 - momentum : sub(1, momentum);
  const blend = (old: Tensor, batch: Tensor): Tensor => cast(add(mul(old, rest), mul(batch, momentum)), old.dtype);
  const newMean = blend(runningMean, mean);
  const newVar = blend(runningVar, mul(biased, count / (count - 1)));
  copy_(runningMean, newMean);
  copy_(runningVar, newVar);
}

/**
 * y = (x - mean) / sqrt(var + eps) * weight + bias, per channel. In training mean and (biased) variance are the batch's
 * own, and the running ones move toward them: running = (1 - momentum) running + momentum * batch, with the unbiased
 * variance. Else they are the running ones.
 *
 * x [batch, channels] or [batch, channels, ...]; runningMean, runningVar, weight, bias [channels] or null -> x's shape.
 * momentum 0.1 (a number, or a scalar tensor, which carries no gradient) and eps 1e-5 by default. The running statistics
 * change in place, last of all, and have no gradient; a batch without elements leaves them.
 * Errors: `ShapeError` for a wrong rank or channels, and for one value per channel in training; `DTypeError` unless float
 * or where running statistics are missing outside of training. Source: torch.nn.functional.batch_norm.
 */
export function batchNorm(
  x: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  training = false,
  momentum: number | Tensor = 0.1,
  eps = 1e-5,
): Tensor {
  const op = 'batchNorm';
  checkFloat(op, 'input', x);
  if (x.rank < 2)
    throw new ShapeError(op, `expected input [batch, channels, ...], got ${showShape(x.shape)}; unsqueeze(0) adds a batch axis`);
  if ((runningMean === null) !== (runningVar === null))
    throw new DTypeError(op, 'expected both running statistics or none, got one; pass both');
  checkNumbers(op, eps, momentum);
  checkChannels(op, x, { runningMean, runningVar, weight, bias });
  if (!training) {
    if (runningMean === null || runningVar === null)
      throw new DTypeError(op, 'expected running statistics outside of training, got none; pass them, or training');
    return tidy(() => evaluate(x, runningMean, runningVar, weight, bias, eps));
  }
  const [batch, channels] = x.shape;
  const inner = sizeOf(x.shape.slice(2));
  const count = batch * inner;
  if (count === 1) {
    throw new ShapeError(
      op,
      `expected more than one value per channel in training, got input ${showShape(x.shape)}; use a larger batch or eval()`,
    );
  }
  const y = tidy(() => {
    const x3 = x.rank === 3 ? x : reshape(x, [batch, channels, inner]);
    const [y3, mean, invStd] = dispatchAll(batchNormTrainOp, [x3, castTo(weight, x.dtype), castTo(bias, x.dtype)], { eps });
    if (runningMean !== null && runningVar !== null && count > 0) {
      noGrad(() => updateRunning(mean, invStd, [runningMean, runningVar], count, momentum, eps));
    }
    return y3;
  });
  return x.rank === 3 ? y : replacing(y, reshape(y, x.shape));
}

function checkNumbers(op: string, eps: unknown, momentum: unknown): void {
  if (typeof eps !== 'number' || !(eps >= 0)) throw new ShapeError(op, `expected eps >= 0, got ${String(eps)}; the default is 1e-5`);
  if (isTensor(momentum)) {
    if (momentum.size === 1) return;
    throw new ShapeError(op, `expected momentum to be a scalar, got shape ${showShape(momentum.shape)}; pass a number`);
  }
  if (typeof momentum !== 'number' || !(momentum >= 0 && momentum <= 1)) {
    throw new ShapeError(op, `expected momentum in [0, 1], got ${String(momentum)}; the default is 0.1`);
  }
}

const castTo = (t: Tensor | null, dtype: DType): Tensor | null => (t === null ? null : cast(t, dtype));

/** With known statistics it is one factor and one summand a channel. */
function evaluate(x: Tensor, runningMean: Tensor, runningVar: Tensor, weight: Tensor | null, bias: Tensor | null, eps: number): Tensor {
  const { dtype } = x;
  const invStd = reciprocal(sqrt(add(cast(runningVar, dtype), eps)));
  const scale = weight === null ? invStd : mul(invStd, cast(weight, dtype));
  const shift = mul(cast(runningMean, dtype), scale);
  const perAxis = [1, x.shape[1], ...x.shape.slice(2).map(() => 1)];
  const moved = bias === null ? sub(0, shift) : sub(cast(bias, dtype), shift);
  return add(mul(x, reshape(scale, perAxis)), reshape(moved, perAxis));
}
