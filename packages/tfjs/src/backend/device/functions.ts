/**
 * exp, log, tanh and pow to some roundings, by kernels that are exact or whose error is known: a GPU's own `exp` loses a
 * digit at 80, its `log` all of them near 1, and its `pow` is made of both.
 */
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { LOWEST_POWER } from './engine.js';
import type { DeviceWork } from './work.js';

/** ln 2 in two parts: the first has few bits, so that its product with a small whole number is exact. */
const LN2_HIGH = 0.693359375;
const LN2_LOW = -2.1219444005469057e-4;

/** Within [low, high]; x is not NaN. */
const clip = (work: DeviceWork, x: TensorInfo, low: number, high: number): TensorInfo =>
  work.two('Minimum', work.two('Maximum', x, low), high);

const nearest = (work: DeviceWork, x: TensorInfo): TensorInfo => work.call('Floor', { x: work.add(x, 0.5) });

/** x 2^k for whole k within twice the table, in two exact steps: either half is a normal number. */
function scaled(work: DeviceWork, x: TensorInfo, k: TensorInfo): TensorInfo {
  const half = work.call('Floor', { x: work.mul(k, 0.5) });
  const power = (n: TensorInfo): TensorInfo => work.pick(work.memory.engine.powersOfTwo, work.cast(work.add(n, LOWEST_POWER), 'int32'));
  return work.mul(work.mul(x, power(half)), power(work.sub(k, half)));
}

/** e^x = 2^n e^r with |r| <= ln 2 / 2, where every `Exp` is good. */
export function exp(work: DeviceWork, x: TensorInfo): TensorInfo {
  const nan = work.isNaN(x);
  const y = clip(work, work.select(nan, 0, x), -105, 90);
  const n = nearest(work, work.mul(y, Math.LOG2E));
  const r = work.sub(work.sub(y, work.mul(n, LN2_HIGH)), work.mul(n, LN2_LOW));
  return work.select(nan, x, scaled(work, work.call('Exp', { x: r }), n));
}

/** A positive finite x as m 2^e with m about between sqrt(1/2) and sqrt(2): which e exactly does not matter. */
function split(work: DeviceWork, x: TensorInfo): { m: TensorInfo; e: TensorInfo } {
  const e = clip(work, nearest(work, work.mul(work.call('Log', { x }), Math.LOG2E)), -150, 128);
  return { m: scaled(work, x, work.mul(e, -1)), e };
}

/** ln m for m near 1: 2 artanh s with s = (m - 1) / (m + 1), of which the numerator is exact. */
function logNearOne(work: DeviceWork, m: TensorInfo): TensorInfo {
  const s = work.two('RealDiv', work.sub(m, 1), work.add(m, 1));
  return work.mul(s, work.polynomial(work.mul(s, s), [2, 2 / 3, 2 / 5, 2 / 7, 2 / 9, 2 / 11]));
}

const isPositive = (work: DeviceWork, x: TensorInfo): TensorInfo =>
  work.and(work.two('Greater', x, 0), work.two('Less', x, Number.POSITIVE_INFINITY));

export function log(work: DeviceWork, x: TensorInfo): TensorInfo {
  const good = isPositive(work, x);
  const { m, e } = split(work, work.select(good, x, 1));
  const value = work.add(work.mul(e, LN2_HIGH), work.add(work.mul(e, LN2_LOW), logNearOne(work, m)));
  const infinite = work.select(work.two('Greater', x, 0), x, Number.NaN);
  return work.select(good, value, work.select(work.two('Equal', x, 0), Number.NEGATIVE_INFINITY, infinite));
}

/**
 * Below 0.625 a polynomial, beyond 1 - 2 / (e^2|x| + 1).
 *
 * Source: S. Moshier, Cephes mathematical library, tanhf.
 */
export function tanh(work: DeviceWork, x: TensorInfo): TensorInfo {
  const size = work.call('Abs', { x });
  const z = work.mul(x, x);
  const series = work.polynomial(z, [-3.33332819422e-1, 1.33314422036e-1, -5.37397155531e-2, 2.06390887954e-2, -5.70498872745e-3]);
  const near = work.add(work.mul(work.mul(series, z), x), x);
  const far = work.sub(1, work.two('RealDiv', 2, work.add(exp(work, work.mul(size, 2)), 1)));
  const signed = work.select(work.two('Less', x, 0), work.mul(far, -1), far);
  return work.select(work.two('Less', size, 0.625), near, signed);
}

/** |a|^b for positive finite a and finite b: 2^(b log2 a), whose whole part is kept apart from its fraction. */
function positivePower(work: DeviceWork, a: TensorInfo, b: TensorInfo): TensorInfo {
  const { m, e } = split(work, a);
  // b in two parts, of which the first has 12 bits: its product with e is exact.
  const c = work.mul(b, 4097);
  const high = work.sub(c, work.sub(c, b));
  const low = work.sub(b, high);
  const whole = work.mul(high, e);
  const n = nearest(work, whole);
  const small = work.add(work.mul(low, e), work.mul(b, work.mul(logNearOne(work, m), Math.LOG2E)));
  const extra = nearest(work, small);
  const fraction = work.add(work.sub(whole, n), work.sub(small, extra));
  const k = clip(work, work.add(n, extra), -240, 240);
  return scaled(work, work.call('Exp', { x: work.mul(fraction, Math.LN2) }), k);
}

/** Whether a number is whole, and whether it is odd: all floats from 2^24 on are even. */
function parity(work: DeviceWork, b: TensorInfo): { whole: TensorInfo; odd: TensorInfo } {
  const whole = work.two('Equal', work.call('Floor', { x: b }), b);
  const half = work.mul(b, 0.5);
  return { whole, odd: work.and(whole, work.two('NotEqual', work.call('Floor', { x: half }), half)) };
}

/** C's pow, of two tensors of one shape. */
export function pow(work: DeviceWork, a: TensorInfo, b: TensorInfo): TensorInfo {
  const size = work.call('Abs', { x: a });
  const good = isPositive(work, size);
  const bounded = work.two('Less', work.call('Abs', { x: b }), Number.POSITIVE_INFINITY);
  // Beyond 2^31 the result is 0, 1 or infinity, whichever the power is.
  const exponent = clip(work, work.select(bounded, b, 0), -(2 ** 31), 2 ** 31);
  const usual = positivePower(work, work.select(good, size, 1), exponent);
  const { whole, odd } = parity(work, exponent);
  const negative = work.two('Less', a, 0);
  // Infinite b: 0 or infinity by whether |a| is below 1. |a| 0 or infinite: the same by the sign of b.
  const rises = work.two('Equal', work.two('Greater', size, 1), work.two('Greater', b, 0));
  const extreme = work.select(rises, Number.POSITIVE_INFINITY, 0);
  let y = work.select(work.and(good, bounded), usual, extreme);
  y = work.select(work.two('Equal', size, 1), 1, y);
  y = work.select(work.and(negative, odd), work.mul(y, -1), y);
  const imaginary = work.and(work.and(negative, good), work.and(bounded, work.not(whole)));
  const nan = work.or(work.or(work.isNaN(a), work.isNaN(b)), imaginary);
  y = work.select(nan, Number.NaN, y);
  return work.select(work.or(work.two('Equal', b, 0), work.two('Equal', a, 1)), 1, y);
}

/** a^b modulo 2^32 for b >= 0, as far as whole numbers are exact; the integer part of the true value for b < 0. */
export function powInt32(work: DeviceWork, a: TensorInfo, b: TensorInfo): TensorInfo {
  const negative = work.two('Less', b, 0);
  let rest = work.cast(work.select(negative, work.mul(b, -1), b), 'float32');
  // From 32 on only 0, 1 and -1 have powers that fit, and of those only the parity of b matters.
  const { odd } = parity(work, rest);
  rest = work.select(work.two('Less', rest, 32), rest, work.add(work.cast(odd, 'float32'), 30));
  let result = work.full(1, a.shape, 'int32');
  let base = a;
  for (let bit = 0; bit < 5; bit++) {
    result = work.select(parity(work, rest).odd, work.mul(result, base), result);
    rest = work.call('Floor', { x: work.mul(rest, 0.5) });
    base = work.mul(base, base);
  }
  const unit = work.two('Equal', work.mul(a, a), 1);
  return work.select(work.and(negative, work.not(unit)), 0, result);
}
