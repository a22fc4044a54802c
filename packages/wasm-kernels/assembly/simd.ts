// What the SIMD level decides, and nothing else does.

/** c + a b: one rounding where the level has relaxed SIMD (a fused multiply-add), two where not. */
// @ts-ignore: decorator
@inline
export function madd(c: v128, a: v128, b: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(c, f32x4.mul(a, b));
}

/** The sum of the four lanes, pairwise. */
// @ts-ignore: decorator
@inline
export function sum4(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** `bytes` rounded up to whole cache lines. */
// @ts-ignore: decorator
@inline
export function lines(bytes: usize): usize {
  return (bytes + 63) & ~63;
}
