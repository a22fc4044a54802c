import { isFloat } from '../dtype.js';
import { DTypeError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { checkTensor } from '../operand.js';
import { normalizeAxis } from '../shape.js';
import type { Axes, Tensor } from '../tensor.js';
import { add, eq, mul, ne, sub } from './binary.js';
import { cast } from './cast.js';
import { replacing, tidy } from './handles.js';
import { clone } from './movement.js';
import { pad } from './pad.js';
import { amax, reducedAxes, reducedShape, sum, varianceFor, type VarianceOptions } from './reduce.js';
import { abs, exp, log, sqrt } from './unary.js';
import { reshape, slice, squeeze } from './view.js';
import { logicalNot, where } from './where.js';

/**
 * The standard deviation over `axes` (default: all): sqrt of `variance`. NaN for one element without correction 0. The
 * gradient where it is 0 is 0. Errors: `DTypeError` unless float; `ShapeError`. Source: torch.std.
 */
export function std(x: Tensor, axes?: Axes, options: VarianceOptions = {}): Tensor {
  const v = varianceFor('std', x, axes, options);
  return tidy(() => {
    const zero = eq(v, 0);
    const y = where(zero, 0, sqrt(where(zero, 1, v)));
    v.dispose();
    return y;
  });
}

/**
 * log of the sum of exp(x) over `axes` (default: all), without overflow. -infinity over nothing.
 * Errors: `DTypeError` unless float; `ShapeError`. Source: torch.logsumexp.
 */
export function logsumexp(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  const op = 'logsumexp';
  if (!isFloat(checkTensor(op, x).dtype)) throw new DTypeError(op, `expected floats, got ${x.dtype}; use cast('float32') first`);
  const list = reducedAxes(op, axes, x.rank);
  if (list.some((a) => x.shape[a] === 0)) {
    return overNothing(x, list, keepdim, Number.NEGATIVE_INFINITY);
  }
  return tidy(() => {
    // Any shift gives the same sum, so none has a gradient; an infinite one would give NaN.
    const shift = noGrad(() => {
      const greatest = amax(x, list, true);
      return where(eq(abs(greatest), Number.POSITIVE_INFINITY), 0, greatest);
    });
    const y = add(log(sum(exp(sub(x, shift)), list, true)), shift);
    return keepdim || list.length === 0 ? y : replacing(y, reshape(y, reducedShape(x.shape, list, false)));
  });
}

/** x as numbers: bool counts as int32. */
function numbers(op: string, x: Tensor): Tensor {
  return checkTensor(op, x).dtype === 'bool' ? cast(x, 'int32') : x;
}

function between(x: Tensor, axis: number, start: number, end: number): Tensor {
  return slice(x, ...x.shape.map((_, i) => (i === axis ? ([start, end] as const) : null)));
}

/**
 * The product along `axis` (default: of all elements); 1 over nothing. Products of int32 and bool are int32.
 * The gradient is right also where elements are 0. Errors: `ShapeError`. Source: torch.prod.
 */
export function prod(x: Tensor, axis?: number | null, keepdim = false): Tensor {
  const op = 'prod';
  const { rank } = checkTensor(op, x);
  if (axis === undefined || axis === null || rank === 0) {
    reducedAxes(op, axis, rank);
    return tidy(() => {
      const y = product(reshape(numbers(op, x), [x.size]), 0);
      return replacing(y, reshape(y, keepdim ? x.shape.map(() => 1) : []));
    });
  }
  const a = normalizeAxis(op, axis, rank);
  return tidy(() => {
    const y = product(numbers(op, x), a);
    return keepdim ? y : replacing(y, squeeze(y, a));
  });
}

/** Halves multiplied with each other until one is left: so the gradient never divides by an element. */
/** `value` for each place over which there is nothing; in the graph all the same, so that `backward()` finds its way. */
function overNothing(x: Tensor, axes: readonly number[], keepdim: boolean, value: number): Tensor {
  return tidy(() => add(sum(x, axes, keepdim), value));
}

function product(x: Tensor, axis: number): Tensor {
  let y = x;
  const odd: Tensor[] = [];
  if (x.shape[axis] === 0) {
    return overNothing(x, [axis], true, 1);
  }
  while (y.shape[axis] > 1) {
    const n = y.shape[axis];
    const half = Math.floor(n / 2);
    if (n % 2 === 1) odd.push(between(y, axis, n - 1, n));
    y = mul(between(y, axis, 0, half), between(y, axis, half, 2 * half));
  }
  for (const rest of odd) y = mul(y, rest);
  return y === x ? clone(x) : y;
}

/**
 * y_i = x_0 ... x_i along `axis`. x of any shape -> the same shape; bool counts as int32. The gradient is right also
 * where elements are 0. Errors: `ShapeError`. Source: torch.cumprod.
 */
export function cumprod(x: Tensor, axis: number): Tensor {
  const op = 'cumprod';
  const a = normalizeAxis(op, axis, Math.max(1, checkTensor(op, x).rank));
  return tidy(() => {
    const start = numbers(op, x);
    if (x.rank === 0 || x.size === 0) return clone(start);
    let y = start;
    const n = x.shape[a];
    // Products of 2, 4, 8, ... neighbours, each from two of the step before.
    for (let distance = 1; distance < n; distance *= 2) {
      const frame = new Array<number>(2 * (x.rank - a)).fill(0);
      frame[frame.length - 2] = distance;
      y = mul(y, pad(between(y, a, 0, n - distance), frame, { value: 1 }));
    }
    return y === x ? clone(x) : y;
  });
}

/**
 * Whether any element over `axes` (default: all) is not 0; NaN is not. False over nothing.
 * -> bool. Errors: `ShapeError`. Source: torch.any.
 */
export function any(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  const list = reducedAxes('any', axes, checkTensor('any', x).rank);
  return tidy(() => ne(sum(x.dtype === 'bool' ? x : ne(x, 0), list, keepdim), 0));
}

/** Whether all elements over `axes` (default: all) are not 0. True over nothing. -> bool. Source: torch.all. */
export function all(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  const list = reducedAxes('all', axes, checkTensor('all', x).rank);
  return tidy(() => eq(sum(x.dtype === 'bool' ? logicalNot(x) : eq(x, 0), list, keepdim), 0));
}
