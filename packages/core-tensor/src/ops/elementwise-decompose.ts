/**
 * The optional unary kinds, `fmod` and `atan2` in terms of required ones, for backends that lack them: a few roundings
 * from the true values (5e-7 in float32, 1e-15 in float64, relative), with the same NaN and infinities. Two fall short:
 * `sin`, `cos` and `tan` have a limit (see `sinCos`), and `fmod` is exact only up to the rounding of its first operand.
 */
import type { RequiredUnaryKind, UnaryKind } from '../backend.js';
import { full } from '../creation.js';
import { isTensor, type Tensor } from '../tensor.js';
import { add, div, eq, lt, maximum, minimum, mul, pow, sub } from './binary.js';
import { cast } from './cast.js';
import { atanSeries, cosSeries, erfcTail, erfSeries, halfPiParts, sinSeries } from './elementwise-series.js';
import { abs, exp, floor, log, sqrt, square, tanh } from './unary.js';
import { where } from './where.js';

type Decomposition = (x: Tensor) => Tensor;
type Other = Tensor | number;

/** c[0] + c[1] x + c[2] x^2 + ... */
function polynomial(x: Tensor, c: readonly number[]): Tensor {
  let y = add(mul(x, c[c.length - 1]), c[c.length - 2]);
  for (let i = c.length - 3; i >= 0; i--) y = add(mul(y, x), c[i]);
  return y;
}

/** `magnitude` with the sign of x. */
function signed(x: Tensor, magnitude: Tensor): Tensor {
  return where(lt(x, 0), mul(magnitude, -1), magnitude);
}

/** Beyond this many quarter turns `halfPiParts` no longer multiply exactly. */
const mostQuarters = { float32: 2 ** 16, float64: 2 ** 27 };

/**
 * Sine and cosine: x = k pi / 2 + r with |r| <= pi / 4, a series in r, and what k mod 4 says.
 *
 * The reduction holds for |x| < 1.02e5 in float32 and 2.1e8 in float64. Beyond, the result is NaN: there is none, where a
 * backend's own kernel has one. Near a zero of the result the error is absolute, 1e-10 in float32.
 */
function sinCos(x: Tensor): { sin: Tensor; cos: Tensor } {
  const dtype = x.dtype as 'float32' | 'float64';
  const k = floor(add(mul(x, 2 / Math.PI), 0.5));
  let r = x;
  for (const part of halfPiParts[dtype]) r = sub(r, mul(k, part));
  r = where(lt(abs(k), mostQuarters[dtype]), r, Number.NaN);
  const z = square(r);
  const s = mul(r, polynomial(z, sinSeries));
  const c = polynomial(z, cosSeries);
  const quarter = sub(k, mul(floor(mul(k, 0.25)), 4));
  const odd = lt(0.5, sub(quarter, mul(floor(mul(quarter, 0.5)), 2)));
  const sin = where(odd, c, s);
  const cos = where(odd, s, c);
  return {
    sin: where(lt(1.5, quarter), mul(sin, -1), sin),
    cos: where(lt(abs(sub(quarter, 1.5)), 1), mul(cos, -1), cos),
  };
}

/** 0 <= x <= infinity. Halves the angle twice by tan(a / 2) = t / (1 + sqrt(1 + t^2)). */
function atanOf(x: Tensor): Tensor {
  const steep = lt(1, x);
  let t = where(steep, div(1, x), x);
  for (let i = 0; i < 2; i++) t = div(t, add(sqrt(add(square(t), 1)), 1));
  const angle = mul(mul(t, polynomial(square(t), atanSeries)), 4);
  return where(steep, sub(Math.PI / 2, angle), angle);
}

/** Half to even. What is no finite number has no fraction either, and stays. */
function round(x: Tensor): Tensor {
  const below = floor(x);
  const fraction = sub(x, below);
  const half = mul(below, 0.5);
  const odd = lt(floor(half), half);
  const up = maximum(lt(0.5, fraction), mul(eq(fraction, 0.5), odd));
  return where(up, add(below, 1), below);
}

function erf(x: Tensor): Tensor {
  const a = abs(x);
  const near = minimum(a, 1);
  const far = minimum(maximum(a, 1), 6);
  const tail = mul(exp(mul(square(far), -1)), polynomial(div(sub(far, 3), add(far, 3)), erfcTail));
  return signed(x, where(lt(a, 1), mul(near, polynomial(square(near), erfSeries)), sub(1, tail)));
}

/** Exact near 0, where e^x - 1 cancels: with t = tanh(x / 2), e^x - 1 = 2 t / (1 - t). */
function expm1(x: Tensor): Tensor {
  const t = tanh(mul(x, 0.5));
  return where(lt(abs(x), 1), div(mul(t, 2), sub(1, t)), sub(exp(x), 1));
}

/** The rounding of u = 1 + x is undone by the factor x / (u - 1), which is rounded alike. */
function log1p(x: Tensor): Tensor {
  const u = add(x, 1);
  const back = sub(u, 1);
  const factor = where(eq(back, x), 1, div(x, back));
  return where(eq(u, 1), x, mul(log(u), factor));
}

/** e^(|x| / 2): its square may be finite halved where e^|x| is not. */
const rootOfExp = (x: Tensor): Tensor => exp(mul(abs(x), 0.5));

function sinh(x: Tensor): Tensor {
  const t = tanh(mul(x, 0.5));
  const near = div(mul(t, 2), mul(sub(1, t), add(t, 1)));
  const h = rootOfExp(x);
  const far = sub(mul(mul(h, 0.5), h), div(div(0.5, h), h));
  return where(lt(abs(x), 1), near, signed(x, far));
}

function cosh(x: Tensor): Tensor {
  const h = rootOfExp(x);
  return add(mul(mul(h, 0.5), h), div(div(0.5, h), h));
}

/** The optional kinds in terms of required ones: the same values up to rounding, the same NaN and infinities. */
export const unaryDecompositions: Record<Exclude<UnaryKind, RequiredUnaryKind>, Decomposition> = {
  neg: (x) => mul(x, -1),
  abs: (x) => maximum(x, mul(x, -1)),
  sign: (x) => sub(cast(lt(0, x), x.dtype), cast(lt(x, 0), x.dtype)),
  square: (x) => mul(x, x),
  reciprocal: (x) => div(1, x),
  rsqrt: (x) => div(1, sqrt(x)),
  ceil: (x) => mul(floor(mul(x, -1)), -1),
  round,
  trunc: (x) => where(lt(x, 0), mul(floor(mul(x, -1)), -1), floor(x)),
  relu: (x) => maximum(x, 0),
  sigmoid: (x) => div(1, add(exp(mul(x, -1)), 1)),
  sin: (x) => sinCos(x).sin,
  cos: (x) => sinCos(x).cos,
  tan: (x) => {
    const { sin, cos } = sinCos(x);
    return div(sin, cos);
  },
  asin: (x) => signed(x, atanOf(div(abs(x), sqrt(mul(sub(1, abs(x)), add(abs(x), 1)))))),
  acos: (x) => mul(atanOf(sqrt(div(sub(1, x), add(x, 1)))), 2),
  atan: (x) => signed(x, atanOf(abs(x))),
  sinh,
  cosh,
  exp2: (x) => pow(2, x),
  expm1,
  log2: (x) => mul(log(x), Math.LOG2E),
  log10: (x) => mul(log(x), Math.LOG10E),
  log1p,
  erf,
};

const magnitude = (x: Other): Other => (typeof x === 'number' ? Math.abs(x) : abs(x));

/** As long division: the quotient's rounding is undone, the product's is not. */
export function fmodDecomposed(a: Other, b: Other): Tensor {
  const [m, n] = [magnitude(a), magnitude(b)];
  const quotient = floor(div(m, n));
  let r = sub(m, mul(quotient, n));
  r = where(lt(r, 0), add(r, n), r);
  r = where(lt(r, n), r, sub(r, n));
  // Also where n is infinite and the product above 0 times that.
  r = where(lt(m, n), m, r);
  return typeof a === 'number' ? (a < 0 ? mul(r, -1) : r) : signed(a, r);
}

/** Whether the sign bit is set, also that of -0. Of infinite numbers the reciprocal is 0: hence both. */
function isNegative(x: Tensor): Tensor {
  return maximum(lt(x, 0), lt(div(1, x), 0));
}

export function atan2Decomposed(a: Other, b: Other): Tensor {
  const like = (isTensor(a) ? a : b) as Tensor;
  const [y, x] = [a, b].map((v) => (isTensor(v) ? v : full([], v, { dtype: like.dtype, backend: like.backend })));
  const [high, wide] = [abs(y), abs(x)];
  const slope = where(eq(high, wide), 1, div(high, wide));
  const steepness = atanOf(where(eq(high, 0), 0, slope));
  const angle = where(isNegative(x), sub(Math.PI, steepness), steepness);
  return where(isNegative(y), mul(angle, -1), angle);
}
