import { full } from '../creation.js';
import { isFloat } from '../dtype.js';
import { DTypeError } from '../errors.js';
import { checkTensor } from '../operand.js';
import type { Axes, Tensor } from '../tensor.js';
import { eq, ne, pow } from './binary.js';
import { cast } from './cast.js';
import { tidy } from './handles.js';
import { amax, amin, reducedAxes, sum } from './reduce.js';
import { abs, sqrt, square } from './unary.js';
import { where } from './where.js';

/** f(x) where x is not 0, and 0 there: value and gradient, whatever f'(0) is. */
function zeroAtZero(x: Tensor, f: (x: Tensor) => Tensor, atZero = 0): Tensor {
  const zero = eq(x, 0);
  return where(zero, atZero, f(where(zero, 1, x)));
}

function reduceNorm(x: Tensor, p: number, axes: readonly number[], keepdim: boolean): Tensor {
  switch (p) {
    case Number.POSITIVE_INFINITY:
      return amax(abs(x), axes, keepdim);
    case Number.NEGATIVE_INFINITY:
      return amin(abs(x), axes, keepdim);
    case 0:
      // Chosen nowhere, x gets the gradient 0, as in PyTorch.
      return sum(where(full(x.shape, 0, { dtype: 'bool', backend: x.backend }), x, cast(ne(x, 0), x.dtype)), axes, keepdim);
    case 1:
      return sum(abs(x), axes, keepdim);
    case 2:
      return zeroAtZero(sum(square(x), axes, keepdim), sqrt);
  }
  const power = (exponent: number) => (y: Tensor) => pow(y, exponent);
  // Below 1 the derivative at an element of 0 is infinite: PyTorch takes 0 there.
  const powers = p < 1 ? zeroAtZero(abs(x), power(p), p < 0 ? Number.POSITIVE_INFINITY : 0) : pow(abs(x), p);
  const total = sum(powers, axes, keepdim);
  return p < 0 ? pow(total, 1 / p) : zeroAtZero(total, power(1 / p));
}

/**
 * (sum of |x|^p)^(1/p) over `axes` (default: all); p = Infinity: the greatest |x|, -Infinity: the least, 0: how many are
 * not 0. p is 2 by default.
 *
 * x of any shape -> the other axes (`keepdim`: size 1). 0 over nothing. The gradient at a norm of 0 is 0; for
 * p = Infinity ties share it. NaN reaches the result.
 * Errors: `DTypeError` unless float, and where p is no number; `ShapeError` for axes. Source: torch.norm.
 */
export function norm(x: Tensor, p = 2, axes?: Axes, keepdim = false): Tensor {
  const op = 'norm';
  if (!isFloat(checkTensor(op, x).dtype)) throw new DTypeError(op, `expected floats, got ${x.dtype}; use cast('float32') first`);
  if (typeof p !== 'number' || Number.isNaN(p)) throw new DTypeError(op, `expected a number p, got ${String(p)}; 2 is the Euclidean norm`);
  const list = reducedAxes(op, axes, x.rank);
  if (list.some((a) => x.shape[a] === 0)) return sum(x, list, keepdim);
  return tidy(() => reduceNorm(x, p, list, keepdim));
}
