// Elementary functions of four floats. Each reduces its argument to an interval around 0 and takes a polynomial there whose
// coefficients are the minimax ones (Remez exchange in double, weighted for relative error, rounded to float32).
// What is exact by construction (2^n, exponents) stays apart until the end, so errors are one or two units in the last place.
import { madd } from '../simd';

// @ts-ignore: decorator
@inline const MAGIC: f32 = 12582912; // 1.5 * 2^23: adding it rounds to a whole number, which then stands in the low bits
// @ts-ignore: decorator
@inline const MAGIC_BITS: i32 = 0x4b400000;
// ln 2 in two parts: the first has so few bits that its product with a whole number is exact.
// @ts-ignore: decorator
@inline const LN2_HIGH: f32 = 0.693359375;
// @ts-ignore: decorator
@inline const LN2_LOW: f32 = -2.12194440e-4;

// @ts-ignore: decorator
@inline
export function number4(x: f32): v128 {
  return f32x4.splat(x);
}

/** x within [low, high]; NaN stays. */
// @ts-ignore: decorator
@inline
function clamp(x: v128, low: f32, high: f32): v128 {
  return f32x4.pmax(f32x4.pmin(x, number4(high)), number4(low));
}

/** The magnitude of `x` with the sign of `sign`. */
// @ts-ignore: decorator
@inline
export function withSign(x: v128, sign: v128): v128 {
  return v128.or(x, v128.and(sign, i32x4.splat(0x80000000)));
}

/** e^r - 1 for |r| <= ln 2 / 2, with a relative error of 1e-8 before rounding. */
// @ts-ignore: decorator
@inline
function expm1Near(r: v128): v128 {
  let q = madd(number4(0.00836907327), r, number4(0.00139508094));
  q = madd(number4(0.0416662022), r, q);
  q = madd(number4(0.166665167), r, q);
  q = madd(number4(0.5), r, q);
  return madd(r, v128.mul<f32>(r, r), q);
}

/** n + MAGIC for the whole number n nearest to x / ln 2. */
// @ts-ignore: decorator
@inline
function halvings(x: v128): v128 {
  return madd(number4(MAGIC), x, number4(1.44269504));
}

/** x - n ln 2. */
// @ts-ignore: decorator
@inline
function rest(x: v128, n: v128): v128 {
  return madd(madd(x, n, number4(-LN2_HIGH)), n, number4(-LN2_LOW));
}

/** 2^(n + extra) from n + MAGIC; the exponent must be in range. */
// @ts-ignore: decorator
@inline
function power2(shifted: v128, extra: i32): v128 {
  return v128.shl<i32>(v128.add<i32>(shifted, i32x4.splat(127 + extra - MAGIC_BITS)), 23);
}

/** p 2^n from n + MAGIC, in two steps, so that neither factor overflows where the product does not (or is denormal). */
// @ts-ignore: decorator
@inline
function scaled(p: v128, shifted: v128): v128 {
  const n = v128.sub<i32>(shifted, i32x4.splat(MAGIC_BITS));
  const half = v128.shr<i32>(n, 1);
  const bias = i32x4.splat(127);
  const first = v128.shl<i32>(v128.add<i32>(half, bias), 23);
  const second = v128.shl<i32>(v128.add<i32>(v128.sub<i32>(n, half), bias), 23);
  return v128.mul<f32>(v128.mul<f32>(p, first), second);
}

// @ts-ignore: decorator
@inline
export function exp(value: v128): v128 {
  const x = clamp(value, -104, 89);
  const shifted = halvings(x);
  const r = rest(x, v128.sub<f32>(shifted, number4(MAGIC)));
  return scaled(v128.add<f32>(number4(1), expm1Near(r)), shifted);
}

// @ts-ignore: decorator
@inline
export function exp2(value: v128): v128 {
  const x = clamp(value, -151, 129);
  const shifted = v128.add<f32>(x, number4(MAGIC));
  const r = v128.mul<f32>(v128.sub<f32>(x, v128.sub<f32>(shifted, number4(MAGIC))), number4(0.693147181));
  return scaled(v128.add<f32>(number4(1), expm1Near(r)), shifted);
}

/** (e^x - 1) / 4 for x <= 89.5: a quarter, so that what is not infinite in sinh and cosh does not overflow on the way. */
// @ts-ignore: decorator
@inline
function quarterExpm1(x: v128): v128 {
  const shifted = halvings(x);
  const r = rest(x, v128.sub<f32>(shifted, number4(MAGIC)));
  const quarter = power2(shifted, -2);
  return madd(v128.sub<f32>(quarter, number4(0.25)), quarter, expm1Near(r));
}

// @ts-ignore: decorator
@inline
export function expm1(x: v128): v128 {
  // The sign is right but for -0.
  return withSign(v128.mul<f32>(quarterExpm1(clamp(x, -85, 89)), number4(4)), x);
}

/** q = (e^2|x| - 1) / 4: tanh |x| = 2 q / (2 q + 1). */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const a = f32x4.pmin(v128.abs<f32>(x), number4(10));
  const q = quarterExpm1(v128.add<f32>(a, a));
  const q2 = v128.add<f32>(q, q);
  return withSign(v128.div<f32>(q2, v128.add<f32>(q2, number4(1))), x);
}

// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  return v128.div<f32>(number4(1), v128.add<f32>(number4(1), exp(v128.neg<f32>(x))));
}

/** q = (e^|x| - 1) / 4: sinh |x| = 2 (q + q / (4 q + 1)). */
// @ts-ignore: decorator
@inline
export function sinh(x: v128): v128 {
  const q = quarterExpm1(f32x4.pmin(v128.abs<f32>(x), number4(89.5)));
  const y = v128.add<f32>(q, v128.div<f32>(q, madd(number4(1), q, number4(4))));
  return withSign(v128.add<f32>(y, y), x);
}

/** p = e^|x| / 4: cosh x = 2 (p + 1 / (16 p)). */
// @ts-ignore: decorator
@inline
export function cosh(x: v128): v128 {
  const p = v128.add<f32>(quarterExpm1(f32x4.pmin(v128.abs<f32>(x), number4(89.5))), number4(0.25));
  const y = v128.add<f32>(p, v128.div<f32>(number4(0.0625), p));
  return v128.add<f32>(y, y);
}

/**
 * factor * ln x, as n (high + low) + factor * ln m, where x = m 2^n with m in [sqrt(1/2), sqrt 2]: high + low is the
 * logarithm of 2, and high has few bits. 0: -infinity; below: NaN.
 */
// @ts-ignore: decorator
@inline
function logarithm(value: v128, high: f32, low: f32, factor: f32): v128 {
  const denormal = v128.lt<f32>(value, number4(1.17549435e-38));
  const x = v128.bitselect(v128.mul<f32>(value, number4(8388608)), value, denormal);
  const exponent = v128.shr<i32>(v128.sub<i32>(x, i32x4.splat(0x3f3504f3)), 23);
  const m = v128.sub<i32>(x, v128.shl<i32>(exponent, 23));
  const n = f32x4.convert_i32x4_s(v128.sub<i32>(exponent, v128.and(denormal, i32x4.splat(23))));
  const f = v128.sub<f32>(m, number4(1));
  let p = madd(number4(0.12763659), f, number4(-0.0763632283));
  p = madd(number4(-0.131604999), f, p);
  p = madd(number4(0.14201504), f, p);
  p = madd(number4(-0.166233018), f, p);
  p = madd(number4(0.200012356), f, p);
  p = madd(number4(-0.250008225), f, p);
  p = madd(number4(0.333333313), f, p);
  const f2 = v128.mul<f32>(f, f);
  let y = v128.mul<f32>(f2, madd(number4(-0.5), f, p));
  if (factor == 1) {
    y = madd(y, n, number4(low));
    y = madd(v128.add<f32>(f, y), n, number4(high));
  } else {
    y = v128.mul<f32>(v128.add<f32>(f, y), number4(factor));
    y = madd(madd(y, n, number4(low)), n, number4(high));
  }
  y = v128.bitselect(y, value, v128.lt<f32>(value, number4(f32.MAX_VALUE * 2)));
  const outside = v128.bitselect(number4(-f32.MAX_VALUE * 2), number4(NaN), v128.eq<f32>(value, number4(0)));
  return v128.bitselect(outside, y, v128.le<f32>(value, number4(0)));
}

// @ts-ignore: decorator
@inline
export function log(x: v128): v128 {
  return logarithm(x, LN2_HIGH, LN2_LOW, 1);
}

// @ts-ignore: decorator
@inline
export function log2(x: v128): v128 {
  return logarithm(x, 1, 0, 1.44269504);
}

// @ts-ignore: decorator
@inline
export function log10(x: v128): v128 {
  return logarithm(x, 0.301025391, 4.60503898e-6, 0.434294482);
}

/** u = 1 + x as rounded: ln u + (x - (u - 1)) / u, where the second is what the rounding lost. */
// @ts-ignore: decorator
@inline
export function log1p(x: v128): v128 {
  const u = v128.add<f32>(number4(1), x);
  const lost = v128.div<f32>(v128.sub<f32>(x, v128.sub<f32>(u, number4(1))), u);
  // NaN at the ends, -1 and infinity, where ln u says all.
  const finite = v128.eq<f32>(lost, lost);
  return withSign(v128.abs<f32>(v128.add<f32>(log(u), v128.and(lost, finite))), x);
}

/** Near 0 x times a polynomial of x^2; from 1 on 1 - e^q, q being a polynomial for ln erfc. From 4 on it is 1. */
// @ts-ignore: decorator
@inline
export function erf(x: v128): v128 {
  const a = f32x4.pmin(v128.abs<f32>(x), number4(4));
  const s = v128.mul<f32>(a, a);
  let p = madd(number4(-0.000802084222), s, number4(0.0000788912366));
  p = madd(number4(0.00518953567), s, p);
  p = madd(number4(-0.0268544443), s, p);
  p = madd(number4(0.112836003), s, p);
  p = madd(number4(-0.37612626), s, p);
  p = madd(number4(1.12837911), s, p);
  let q = madd(number4(-0.00296400534), a, number4(0.0001879716));
  q = madd(number4(0.0219064727), a, q);
  q = madd(number4(-0.103256196), a, q);
  q = madd(number4(-0.637965024), a, q);
  q = madd(number4(-1.12720227), a, q);
  q = madd(number4(-0.000312470307), a, q);
  const far = v128.sub<f32>(number4(1), exp(q));
  return withSign(v128.bitselect(v128.mul<f32>(a, p), far, v128.lt<f32>(a, number4(1))), x);
}
