import { full } from '../creation.js';
import { isFloat } from '../dtype.js';
import { DTypeError } from '../errors.js';
import { checkTensor, describe } from '../operand.js';
import { sameShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { add, eq, fmod, le, lt, maximum, mul, ne, sub } from './binary.js';
import { cast } from './cast.js';
import { tidy } from './handles.js';
import { sum } from './reduce.js';
import { abs } from './unary.js';
import { clamp, logicalNot, where } from './where.js';

/** The same answer for every element of what can be neither NaN nor infinite. */
function everywhere(x: Tensor, value: boolean): Tensor {
  return full(x.shape, value ? 1 : 0, { dtype: 'bool', backend: x.backend });
}

/** True where x is NaN. Never for int32 and bool. Not differentiable. Source: torch.isnan. */
export function isnan(x: Tensor): Tensor {
  return isFloat(checkTensor('isnan', x).dtype) ? ne(x, x) : everywhere(x, false);
}

/** True where x is infinity or -infinity. Source: torch.isinf. */
export function isinf(x: Tensor): Tensor {
  if (!isFloat(checkTensor('isinf', x).dtype)) return everywhere(x, false);
  return tidy(() => eq(abs(x), Number.POSITIVE_INFINITY));
}

/** True where x is neither NaN nor infinite. Source: torch.isfinite. */
export function isfinite(x: Tensor): Tensor {
  if (!isFloat(checkTensor('isfinite', x).dtype)) return everywhere(x, true);
  return tidy(() => lt(abs(x), Number.POSITIVE_INFINITY));
}

/** x as bool: anything but 0 is true, NaN too. */
function truth(op: string, x: Tensor): Tensor {
  return checkTensor(op, x).dtype === 'bool' ? x : ne(x, 0);
}

/** True where both are true (not 0), with broadcasting. Not differentiable. Source: torch.logical_and. */
export function logicalAnd(a: Tensor, b: Tensor): Tensor {
  return tidy(() => mul(truth('logicalAnd', a), truth('logicalAnd', b)));
}

/** True where at least one is true (not 0), with broadcasting. Source: torch.logical_or. */
export function logicalOr(a: Tensor, b: Tensor): Tensor {
  return tidy(() => maximum(truth('logicalOr', a), truth('logicalOr', b)));
}

/** True where exactly one is true (not 0), with broadcasting. Source: torch.logical_xor. */
export function logicalXor(a: Tensor, b: Tensor): Tensor {
  return tidy(() => ne(truth('logicalXor', a), truth('logicalXor', b)));
}

/** max(x, min) for a number min; NaN stays. The gradient passes above the bound and at it. Source: torch.clamp_min. */
export function clampMin(x: Tensor, min: number): Tensor {
  return clamp(x, checkBound('clampMin', 'min', min), null);
}

/** min(x, max) for a number max; NaN stays. The gradient passes below the bound and at it. Source: torch.clamp_max. */
export function clampMax(x: Tensor, max: number): Tensor {
  return clamp(x, null, checkBound('clampMax', 'max', max));
}

function checkBound(op: string, which: string, value: unknown): number {
  if (typeof value === 'number' && !Number.isNaN(value)) return value;
  const got = typeof value === 'number' ? value : describe(value);
  throw new DTypeError(op, `expected a number for ${which}, got ${got}; use maximum or minimum with tensors`);
}

/**
 * The remainder of a / b with the sign of b: a - b floor(a / b). NaN for b = 0 and for an infinite a. Exact, but on a
 * backend without a kernel for fmod only up to the rounding of a. Derivatives 1 and -floor(a / b). Errors: `DTypeError`
 * unless a float takes part: PyTorch has it for whole numbers too. Source: torch.remainder.
 */
export function remainder(a: Tensor | number, b: Tensor | number): Tensor {
  return tidy(() => {
    const r = fmod(a, b);
    const negative = typeof b === 'number' ? everywhere(r, b < 0) : lt(b, 0);
    return where(mul(ne(r, 0), ne(lt(r, 0), negative)), add(r, b), r);
  });
}

export interface CloseOptions {
  /** Relative to b; default 1e-5. */
  rtol?: number;
  /** Default 1e-8. */
  atol?: number;
  /** NaN is close to NaN; default false. */
  equalNan?: boolean;
}

function tolerance(op: string, name: string, value: unknown, usual: number): number {
  if (value === undefined) return usual;
  if (typeof value === 'number' && value >= 0) return value;
  throw new DTypeError(op, `expected ${name} to be a number >= 0, got ${String(value)}`);
}

function closeness(op: string, a: Tensor, b: Tensor, options: CloseOptions): Tensor {
  checkTensor(op, a);
  checkTensor(op, b);
  if (a.dtype !== b.dtype) throw new DTypeError(op, `expected two tensors of one dtype, got ${a.dtype} and ${b.dtype}; cast one`);
  const rtol = tolerance(op, 'rtol', options.rtol, 1e-5);
  const atol = tolerance(op, 'atol', options.atol, 1e-8);
  return tidy(() => {
    const same = eq(a, b);
    if (!isFloat(a.dtype)) {
      if (a.dtype === 'bool') return same;
      const [x, y] = [cast(a, 'float32'), cast(b, 'float32')];
      return maximum(same, le(abs(sub(x, y)), add(mul(abs(y), rtol), atol)));
    }
    const distance = abs(sub(a, b));
    const near = mul(isfinite(distance), le(distance, add(mul(abs(b), rtol), atol)));
    const close = maximum(same, near);
    return options.equalNan === true ? maximum(close, mul(isnan(a), isnan(b))) : close;
  });
}

/**
 * True where |a - b| <= atol + rtol |b|, with broadcasting. Infinities are close to themselves only, NaN to nothing
 * unless `equalNan`. Errors: `DTypeError` for two dtypes, `ShapeError`. Source: torch.isclose.
 */
export function isclose(a: Tensor, b: Tensor, options: CloseOptions = {}): Tensor {
  return closeness('isclose', a, b, options);
}

/** Whether a bool tensor is true everywhere, also of nothing. Throws at once, reads later. */
function isTrueEverywhere(each: () => Tensor): Promise<boolean> {
  const failures = tidy(() => sum(logicalNot(each())));
  const count = failures.item();
  failures.dispose();
  return count.then((n) => n === 0);
}

/** Whether every element is close, as of `isclose`. Reads the answer back. Source: torch.allclose. */
export function allclose(a: Tensor, b: Tensor, options: CloseOptions = {}): Promise<boolean> {
  return isTrueEverywhere(() => closeness('allclose', a, b, options));
}

/**
 * Whether the two have one shape and equal values throughout; NaN equals nothing. Reads the answer back.
 * Source: torch.equal.
 */
export function equal(a: Tensor, b: Tensor): Promise<boolean> {
  checkTensor('equal', a);
  checkTensor('equal', b);
  if (!sameShape(a.shape, b.shape)) return Promise.resolve(false);
  return isTrueEverywhere(() => eq(a, b));
}
