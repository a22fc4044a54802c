import { dispatchAll } from '../dispatch.js';
import { DTypeError, ShapeError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { sameShape, type Shape, showShape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { batchNorm, batchNormTrainOp } from './batch-norm.js';
import { add, mul } from './binary.js';
import { cast } from './cast.js';
import { tidy } from './handles.js';
import { copy_ } from './movement.js';
import { mean } from './reduce.js';
import { checkFloat } from './spatial.js';
import { expand, reshape } from './view.js';

type Optional = Tensor | null;

export interface InstanceNormOptions {
  /** The batch's own statistics rather than the running ones. Default: true. */
  useInputStats?: boolean;
  /** How far the running statistics move. Default: 0.1. */
  momentum?: number | Tensor;
  /** Added to the variance. Default: 1e-5. */
  eps?: number;
}

/** Each of `rows` equal parts of x, less its mean and divided by its standard deviation: [1, rows, size / rows]. */
function normalizeRows(x: Tensor, rows: number, eps: number): Tensor {
  const inner = rows === 0 ? 0 : x.size / rows;
  return dispatchAll(batchNormTrainOp, [reshape(x, [1, rows, inner]), null, null], { eps })[0];
}

function checkEps(op: string, eps: unknown): void {
  if (typeof eps === 'number' && eps >= 0) return;
  throw new ShapeError(op, `expected eps >= 0, got ${String(eps)}; the default is 1e-5`);
}

function checkAffine(op: string, x: Tensor, shape: Shape, weight: Optional, bias: Optional): void {
  for (const [name, t] of Object.entries({ weight, bias })) {
    if (t === null) continue;
    checkFloat(op, name, t);
    if (sameShape(t.shape, shape)) continue;
    throw new ShapeError(
      op,
      `expected ${name} ${showShape(shape)} (input ${showShape(x.shape)}), got ${showShape(t.shape)}; build it for this input`,
    );
  }
}

/** y weight + bias, both seen in `shape`. */
function affine(y: Tensor, shape: Shape, weight: Optional, bias: Optional): Tensor {
  const scaled = weight === null ? y : mul(y, reshape(cast(weight, y.dtype), shape));
  return bias === null ? scaled : add(scaled, reshape(cast(bias, y.dtype), shape));
}

/**
 * y = (x - mean) / sqrt(var + eps) * weight + bias, mean and (biased) variance over the last axes.
 *
 * x [..., *normalizedShape], weight and bias [*normalizedShape] or null -> x's shape. eps 1e-5 by default.
 * One value to normalise gives 0 (and so the bias). Errors: `ShapeError` where x does not end in `normalizedShape`;
 * `DTypeError` unless float. Source: torch.nn.functional.layer_norm.
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: number | Shape,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  eps = 1e-5,
): Tensor {
  const op = 'layerNorm';
  checkFloat(op, 'input', x);
  const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
  if (!Array.isArray(shape) || shape.length === 0) {
    throw new ShapeError(
      op,
      `expected normalizedShape to name at least one axis, got ${String(normalizedShape)}; pass the last sizes of x`,
    );
  }
  const lead = x.rank - shape.length;
  if (lead < 0 || !sameShape(x.shape.slice(lead), shape)) {
    throw new ShapeError(op, `expected input [..., ${shape.join(', ')}], got ${showShape(x.shape)}; normalizedShape is what x ends in`);
  }
  checkAffine(op, x, shape, weight, bias);
  checkEps(op, eps);
  return whole(tidy(() => affine(reshape(normalizeRows(x, sizeOf(x.shape.slice(0, lead)), eps), x.shape), shape, weight, bias)));
}

/** A result that nobody else sees is no view. */
function whole(y: Tensor): Tensor {
  y.isView = false;
  return y;
}

/**
 * y = (x - mean) / sqrt(var + eps) * weight + bias, mean and (biased) variance over each sample's groups of
 * channels / numGroups channels.
 *
 * x [batch, channels, ...], weight and bias [channels] or null -> x's shape. eps 1e-5 by default.
 * Errors: `ShapeError` where `numGroups` does not divide the channels, and for a batch with one value in all;
 * `DTypeError` unless float. Source: torch.nn.functional.group_norm.
 */
export function groupNorm(x: Tensor, numGroups: number, weight: Tensor | null = null, bias: Tensor | null = null, eps = 1e-5): Tensor {
  const op = 'groupNorm';
  checkFloat(op, 'input', x);
  if (x.rank < 2)
    throw new ShapeError(op, `expected input [batch, channels, ...], got ${showShape(x.shape)}; unsqueeze(0) adds a batch axis`);
  const [batch, channels] = x.shape;
  if (!Number.isSafeInteger(numGroups) || numGroups < 1 || channels % numGroups !== 0) {
    throw new ShapeError(
      op,
      `expected numGroups to divide the ${channels} channels of input ${showShape(x.shape)}, got ${String(numGroups)}; ` +
        'take a divisor of the channels',
    );
  }
  checkAffine(op, x, [channels], weight, bias);
  checkEps(op, eps);
  if (x.size / numGroups === 1) {
    throw new ShapeError(op, `expected more than one value per channel, got input ${showShape(x.shape)}; normalise over more`);
  }
  const perChannel = [1, channels, ...x.shape.slice(2).map(() => 1)];
  return whole(tidy(() => affine(reshape(normalizeRows(x, batch * numGroups, eps), x.shape), perChannel, weight, bias)));
}

/**
 * y = (x - mean) / sqrt(var + eps) * weight + bias, mean and (biased) variance over the positions of each channel of each
 * sample; with `useInputStats: false` they are the running ones, as in `batchNorm`.
 *
 * x [batch, channels, ...spatial], the rest [channels] or null -> x's shape. eps 1e-5 and momentum 0.1 by default.
 * Errors: `ShapeError` for a wrong rank or channels, and for one position per channel; `DTypeError` unless float or where
 * running statistics are wanted and missing. Source: torch.nn.functional.instance_norm.
 */
export function instanceNorm(
  x: Tensor,
  runningMean: Tensor | null = null,
  runningVar: Tensor | null = null,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  options: InstanceNormOptions = {},
): Tensor {
  const op = 'instanceNorm';
  const { useInputStats = true, momentum = 0.1, eps = 1e-5 } = options;
  checkFloat(op, 'input', x);
  if (x.rank < 3)
    throw new ShapeError(op, `expected input [batch, channels, ...spatial], got ${showShape(x.shape)}; unsqueeze(0) adds a batch axis`);
  const [batch, channels, ...spatial] = x.shape;
  if (!useInputStats) return batchNorm(x, runningMean, runningVar, weight, bias, false, momentum, eps);
  checkAffine(op, x, [channels], weight, bias);
  if ((runningMean === null) !== (runningVar === null))
    throw new DTypeError(op, 'expected both running statistics or none, got one; pass both');
  checkAffine(op, x, [channels], runningMean, runningVar);
  checkEps(op, eps);
  const inner = sizeOf(spatial);
  if (inner === 1) {
    throw new ShapeError(op, `expected more than one position per channel, got input ${showShape(x.shape)}; use batchNorm or eval()`);
  }
  const each = (t: Tensor | null): Tensor | null =>
    t === null ? null : reshape(expand(reshape(t, [1, channels]), [batch, channels]), [batch * channels]);
  const running = [runningMean, runningVar].filter((t) => t !== null);
  const y = tidy(() => {
    const copies = noGrad(() => [runningMean, runningVar].map((t) => (t === null ? null : (each(t)?.clone() ?? null))));
    const made = batchNorm(reshape(x, [1, batch * channels, inner]), copies[0], copies[1], each(weight), each(bias), true, momentum, eps);
    if (running.length === 2 && batch > 0) {
      noGrad(() => {
        const means = copies.map((t) => mean(reshape(t as Tensor, [batch, channels]), 0));
        for (let i = 0; i < 2; i++) copy_(running[i], means[i]);
      });
    }
    return reshape(made, x.shape);
  });
  return whole(y);
}
