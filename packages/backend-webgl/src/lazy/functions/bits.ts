import { type Definitions, one } from './definition.js';

/**
 * What works on the bits of floats. Drivers may assume that there is no NaN, that additions are associative, and may
 * contract a * b + c: only what is done to bits is certain.
 */
export const bits: Definitions = {
  nan: one('bvec4 nan(vec4 x) { return greaterThan(floatBitsToInt(x) & 0x7fffffff, ivec4(0x7f800000)); }'),
  /** NaN and infinity. */
  constants: one(`vec4 nans() { return intBitsToFloat(ivec4(0x7fc00000)); }
vec4 infinity() { return intBitsToFloat(ivec4(0x7f800000)); }`),
  both: one('bvec4 both(bvec4 a, bvec4 b) { return bvec4(uvec4(a) & uvec4(b)); }'),
  either: one('bvec4 either(bvec4 a, bvec4 b) { return bvec4(uvec4(a) | uvec4(b)); }'),
  /** `mix` of integers. */
  pick: one('ivec4 pick(ivec4 no, ivec4 yes, bvec4 c) { return no ^ ((no ^ yes) & -ivec4(c)); }'),
  /** The magnitude of x, the sign of s. */
  signed: one(
    'vec4 signed(vec4 x, vec4 s) { return intBitsToFloat((floatBitsToInt(x) & 0x7fffffff) | (floatBitsToInt(s) & (-0x7fffffff - 1))); }',
  ),
  /**
   * x, of which the compiler does not know that it is: for differences that must not be rearranged. `out_shift` is never
   * negative.
   */
  hard: one('vec4 hard(vec4 x) { return intBitsToFloat(floatBitsToInt(x) ^ (out_shift >> 31)); }'),
  /** x rounded toward zero to 12 bits: products of two such are exact. */
  head: one('vec4 head(vec4 x) { return intBitsToFloat(floatBitsToInt(x) & -4096); }'),
  /** 2^n for n from -126 to 127. */
  two: one('vec4 two(ivec4 n) { return intBitsToFloat((n + 127) << 23); }'),
  /** x 2^n for n from -252 to 254, in two steps: either factor is a normal number. */
  scale: one('vec4 scale(vec4 x, ivec4 n) { ivec4 h = n >> 1; return hard(x * two(h)) * two(n - h); }', 'hard', 'two'),
  /** x = m 2^k with m from sqrt(1/2) to sqrt(2), for finite x > 0, denormal ones too. */
  parts: one(
    `vec4 parts(vec4 x, out vec4 k) {
  ivec4 b = floatBitsToInt(x);
  bvec4 tiny = lessThan(b, ivec4(0x800000));
  b = pick(b, floatBitsToInt(vec4(b)), tiny);
  ivec4 e = (b - 0x3f3504f3) >> 23;
  k = vec4(e) - mix(vec4(0.0), vec4(149.0), tiny);
  return intBitsToFloat(b - (e << 23));
}`,
    'pick',
  ),
};
