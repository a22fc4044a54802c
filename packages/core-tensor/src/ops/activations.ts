/**
 * Activations as functions of other ops. Where a branch is not taken its operand is replaced by 0: `where` sends the
 * gradient 0 into it, and 0 times an infinite slope would be NaN.
 */
import { full } from '../creation.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { checkTensor, describe } from '../operand.js';
import { showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { add, div, ge, gt, le, lt, mul, sub } from './binary.js';
import { cast } from './cast.js';
import { tidy } from './handles.js';
import { softmax } from './softmax.js';
import { abs, erf, exp, expm1, log1p, neg, sigmoid, square, tanh } from './unary.js';
import { reshape } from './view.js';
import { clamp, where } from './where.js';

function floats(op: string, x: Tensor): void {
  if (isFloat(checkTensor(op, x).dtype)) return;
  throw new DTypeError(op, `expected a float input, got ${x.dtype}; use cast('float32') first`);
}

function numbers(op: string, x: Tensor): void {
  if (checkTensor(op, x).dtype === 'bool') throw new DTypeError(op, "expected numbers, got bool; use cast('float32') first");
}

function number(op: string, name: string, value: unknown): number {
  if (typeof value === 'number' && !Number.isNaN(value)) return value;
  throw new DTypeError(op, `expected a number as ${name}, got ${typeof value === 'number' ? value : describe(value)}`);
}

/**
 * y = x > 0 ? x : negativeSlope x.
 *
 * Any shape. `negativeSlope` 0.01 by default; it is also the derivative at 0. Errors: `DTypeError` unless x is float.
 * Source: torch.nn.functional.leaky_relu.
 */
export function leakyRelu(x: Tensor, negativeSlope = 0.01): Tensor {
  floats('leakyRelu', x);
  number('leakyRelu', 'negativeSlope', negativeSlope);
  // A factor of its own makes the derivative one product.
  return tidy(() => mul(x, where(gt(x, 0), 1, full([], negativeSlope, { dtype: x.dtype, backend: x.backend }))));
}

/**
 * y = x > 0 ? x : weight x, with one weight for all or one a channel.
 *
 * x of any shape; weight [1], or [channels] for x [batch, channels, ...]. The derivative at 0 is the weight.
 * Errors: `ShapeError` for another number of weights, `DTypeError` unless both are float.
 * Source: torch.nn.functional.prelu.
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  const op = 'prelu';
  floats(op, x);
  if (!isFloat(checkTensor(op, weight).dtype))
    throw new DTypeError(op, `expected a float weight, got ${weight.dtype}; use cast('float32')`);
  if (weight.rank > 1) throw new ShapeError(op, `expected weight [1] or [channels], got ${showShape(weight.shape)}; flatten it`);
  const channels = x.rank > 1 ? x.shape[1] : 1;
  if (weight.size !== 1 && weight.size !== channels) {
    throw new ShapeError(
      op,
      `expected weight [1] or [${channels}], one a channel of input ${showShape(x.shape)}, got ${showShape(weight.shape)}`,
    );
  }
  return tidy(() => {
    const w = cast(weight, x.dtype);
    const factors =
      w.size === 1
        ? reshape(w, [])
        : reshape(
            w,
            x.shape.slice(1).map((d, i) => (i === 0 ? channels : 1)),
          );
    const positive = gt(x, 0);
    return where(positive, x, mul(where(positive, 0, x), factors));
  });
}

/**
 * y = x > 0 ? x : alpha (e^x - 1).
 *
 * Any shape; `alpha` 1 by default. The derivative at 0 is alpha. Errors: `DTypeError` unless x is float.
 * Source: torch.nn.functional.elu.
 */
export function elu(x: Tensor, alpha = 1): Tensor {
  floats('elu', x);
  number('elu', 'alpha', alpha);
  return tidy(() => exponentialUnit(x, alpha, 1));
}

/** x > 0 ? scale x : slope (e^x - 1) */
function exponentialUnit(x: Tensor, slope: number, scale: number): Tensor {
  const positive = gt(x, 0);
  const below = mul(expm1(where(positive, 0, x)), slope);
  return where(positive, scale === 1 ? x : mul(x, scale), below);
}

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/**
 * y = scale (x > 0 ? x : alpha (e^x - 1)) with scale = 1.0507... and alpha = 1.6732...: the values that keep mean 0 and
 * variance 1 through a deep network. Any shape. The derivative at 0 is scale alpha. Errors: `DTypeError` unless x is
 * float. Source: torch.nn.functional.selu.
 */
export function selu(x: Tensor): Tensor {
  floats('selu', x);
  return tidy(() => exponentialUnit(x, SELU_ALPHA * SELU_SCALE, SELU_SCALE));
}

export interface GeluOptions {
  /** 'none' (default): with the error function; 'tanh': the faster approximation, off by up to 5e-4. */
  approximate?: 'none' | 'tanh';
}

/**
 * y = x P(X <= x) for a standard normal X: x / 2 (1 + erf(x / sqrt 2)); approximated as
 * x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
 *
 * Any shape. NaN at -infinity, as 0 times infinity. Errors: `DTypeError` unless x is float.
 * Source: torch.nn.functional.gelu.
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  floats('gelu', x);
  const { approximate = 'none' } = options;
  if (approximate !== 'none' && approximate !== 'tanh') {
    throw new DTypeError('gelu', `expected approximate 'none' or 'tanh', got ${String(approximate)}`);
  }
  return tidy(() => {
    if (approximate === 'none') return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
    const inner = mul(mul(x, Math.sqrt(2 / Math.PI)), add(mul(square(x), 0.044715), 1));
    return mul(mul(x, 0.5), add(tanh(inner), 1));
  });
}

/**
 * y = x / (1 + e^-x), also called swish. Any shape. NaN at -infinity, as 0 times infinity. Errors: `DTypeError` unless x
 * is float. Source: torch.nn.functional.silu.
 */
export function silu(x: Tensor): Tensor {
  floats('silu', x);
  return tidy(() => mul(x, sigmoid(x)));
}

/**
 * y = x tanh(ln(1 + e^x)). Any shape. NaN at -infinity, as 0 times infinity. Errors: `DTypeError` unless x is float.
 * Source: torch.nn.functional.mish.
 */
export function mish(x: Tensor): Tensor {
  floats('mish', x);
  return tidy(() => mul(x, tanh(logOnePlusExp(x, 1, 20))));
}

/**
 * y = x limited to [minVal, maxVal].
 *
 * Any shape, float or int32. Default: [-1, 1]. The derivative is 0 beyond the bounds and at them, other than that of
 * `clamp`. NaN stays. Errors: `DTypeError` for bool; `ShapeError` where minVal > maxVal.
 * Source: torch.nn.functional.hardtanh.
 */
export function hardtanh(x: Tensor, minVal = -1, maxVal = 1): Tensor {
  return limited('hardtanh', x, minVal, maxVal);
}

/** y = min(max(x, 0), 6). Otherwise as `hardtanh`. Source: torch.nn.functional.relu6. */
export function relu6(x: Tensor): Tensor {
  return limited('relu6', x, 0, 6);
}

function limited(op: string, x: Tensor, min: number, max: number): Tensor {
  numbers(op, x);
  number(op, 'minVal', min);
  number(op, 'maxVal', max);
  if (min > max) throw new ShapeError(op, `expected minVal <= maxVal, got ${min} and ${max}; swap them`);
  if (!isFloat(x.dtype)) return clamp(x, min, max);
  return tidy(() => where(le(x, min), min, where(ge(x, max), max, x)));
}

/**
 * y = min(max(x + 3, 0), 6) / 6. Any shape. The derivative is 1/6 between -3 and 3, 0 beyond and at them. NaN stays.
 * Errors: `DTypeError` unless x is float. Source: torch.nn.functional.hardsigmoid.
 */
export function hardsigmoid(x: Tensor): Tensor {
  floats('hardsigmoid', x);
  return tidy(() => where(le(x, -3), 0, where(ge(x, 3), 1, div(add(x, 3), 6))));
}

/**
 * y = x min(max(x + 3, 0), 6) / 6. Any shape. The derivative is x / 3 + 1/2 from -3 to 3, the ends included: -1/2 and 3/2
 * there. NaN at -infinity, as 0 times infinity. Errors: `DTypeError` unless x is float.
 * Source: torch.nn.functional.hardswish.
 */
export function hardswish(x: Tensor): Tensor {
  floats('hardswish', x);
  return tidy(() => mul(x, where(lt(x, -3), 0, where(gt(x, 3), 1, div(add(x, 3), 6)))));
}

export interface SoftplusOptions {
  /** How sharp the bend is; default 1. */
  beta?: number;
  /** Where beta x is above this, y = x; default 20. */
  threshold?: number;
}

/**
 * y = ln(1 + e^(beta x)) / beta, and x itself where beta x > threshold.
 *
 * Any shape. Errors: `DTypeError` unless x is float and the options are numbers, beta not 0.
 * Source: torch.nn.functional.softplus.
 */
export function softplus(x: Tensor, options: SoftplusOptions = {}): Tensor {
  floats('softplus', x);
  const { beta = 1, threshold = 20 } = options;
  number('softplus', 'threshold', threshold);
  if (number('softplus', 'beta', beta) === 0) throw new DTypeError('softplus', 'expected a number other than 0 as beta, got 0');
  return tidy(() => logOnePlusExp(x, beta, threshold));
}

function logOnePlusExp(x: Tensor, beta: number, threshold: number): Tensor {
  const scaled = beta === 1 ? x : mul(x, beta);
  const straight = gt(scaled, threshold);
  const bent = log1p(exp(where(straight, 0, scaled)));
  return where(straight, x, beta === 1 ? bent : div(bent, beta));
}

/**
 * y = ln(1 / (1 + e^-x)), exact at both ends: near x far below 0, near -e^-x far above. Any shape. The derivative at 0 is
 * 1/2. Errors: `DTypeError` unless x is float. Source: torch.nn.functional.logsigmoid.
 */
export function logsigmoid(x: Tensor): Tensor {
  floats('logsigmoid', x);
  return tidy(() => {
    const below = lt(x, 0);
    // -|x| with a derivative at 0, where that of abs is 0.
    const negative = where(below, x, neg(x));
    return sub(where(below, x, 0), log1p(exp(negative)));
  });
}

/**
 * y = x / (1 + |x|). Any shape; int32 gives float32. NaN at the infinities. Errors: `DTypeError` for bool.
 * Source: torch.nn.functional.softsign.
 */
export function softsign(x: Tensor): Tensor {
  numbers('softsign', x);
  return tidy(() => div(x, add(abs(x), 1)));
}

/**
 * y = x - tanh(x). Any shape; int32 gives float32. Errors: `DTypeError` for bool.
 * Source: torch.nn.functional.tanhshrink.
 */
export function tanhshrink(x: Tensor): Tensor {
  numbers('tanhshrink', x);
  return tidy(() => sub(x, tanh(x)));
}

/**
 * y = softmax(-x) along axis `dim`. Any shape. Errors: `DTypeError` unless float; `ShapeError` for the axis.
 * Source: torch.nn.functional.softmin.
 */
export function softmin(x: Tensor, dim: number): Tensor {
  floats('softmin', x);
  return tidy(() => softmax(neg(x), dim));
}
