// Sums in double: four floats are two pairs of doubles.
import { firstLanes } from './lanes';

/** Lanes 0 and 1 as doubles. */
// @ts-ignore: decorator
@inline
export function lowPair(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

/** Lanes 2 and 3 as doubles. */
// @ts-ignore: decorator
@inline
export function highPair(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3));
}

/** Two pairs of doubles as four floats. */
// @ts-ignore: decorator
@inline
export function demote(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

// @ts-ignore: decorator
@inline
export function sum2(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** The sum of n floats. */
export function sumOf(n: i32, x: usize): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const whole = x + (<usize>(n & ~3) << 2);
  for (; x != whole; x += 16) {
    const v = v128.load(x);
    low = f64x2.add(low, lowPair(v));
    high = f64x2.add(high, highPair(v));
  }
  if (n & 3) {
    const v = v128.and(v128.load(x), firstLanes(n & 3));
    low = f64x2.add(low, lowPair(v));
    high = f64x2.add(high, highPair(v));
  }
  return sum2(f64x2.add(low, high));
}
