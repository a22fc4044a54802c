import { type Definitions, lanes2, one } from './definition.js';
import { series } from './logarithm.js';

export const powers = {
  /**
   * C's pow: 2^(y log2 |x|). The exponent may be 128, so its logarithm is needed to 2^-31: numbers are kept as sums of a
   * head of 12 bits, whose products are exact, and a rest.
   *
   *     x = (1 + f) 2^k     s = f / (2 + f)     log(1 + f) = f - f^2/2 + s (f^2/2 + z series(z)),  z = s^2
   *     f^2/2 = b + c       b = head(f)^2 / 2, exactly
   *     log(1 + f) = h + l  h = head(head(f) - b)
   *     log2 x = t + u      t = head(k + (h + l) / ln 2)
   *     y log2 x = e + d    e = head(y) t, exactly
   */
  f_pow: one(
    `vec4 f_pow(vec4 x, vec4 y) {
  vec4 a = abs(x), k, f = parts(a, k) - 1.0, s = f / (2.0 + f), z = s * s;
  vec4 g = head(f), b = 0.5 * g * g, c = 0.5 * (f - g) * (f + g);
  vec4 h = head(g - b), l = (hard(g - h) - b) + ((f - g) - c + s * (b + c + z * (${series})));
  vec4 p = h * 1.4423828125, q = h * 0.0003122284 + l * 1.442695;
  vec4 t = head(k + (p + q)), u = hard(hard(k - t) + p) + q;
  vec4 w = clamp(y, -17179869184.0, 17179869184.0), v = head(w);
  vec4 e = v * t, d = w * u + (w - v) * t;
  vec4 n = floor(clamp(e + d, -200.0, 200.0) + 0.5);
  vec4 r = scale(1.0 + em1(clamp(hard(e - n) + d, -0.51, 0.51) * 0.6931472), ivec4(n));
  return powEdges(x, y, r);
}`,
    'parts',
    'head',
    'hard',
    'scale',
    'em1',
    'powEdges',
  ),
  /** r = |x|^y, with what follows from zeros, infinities, the sign of x and NaN. */
  powEdges: one(
    `vec4 powEdges(vec4 x, vec4 y, vec4 r) {
  ivec4 bits = floatBitsToInt(x), magnitude = bits & 0x7fffffff, none = ivec4(0), infinite = ivec4(0x7f800000);
  bvec4 large = equal(magnitude, infinite), end = either(large, equal(magnitude, none));
  r = mix(r, mix(vec4(0.0), infinity(), equal(large, greaterThan(y, vec4(0.0)))), end);
  vec4 half_y = 0.5 * y;
  bvec4 whole = equal(floor(y), y), odd = both(whole, notEqual(floor(half_y), half_y));
  r = intBitsToFloat(floatBitsToInt(r) ^ (bits & -ivec4(odd) & (-0x7fffffff - 1)));
  r = mix(r, nans(), both(both(lessThan(bits, none), not(end)), not(whole)));
  r = mix(r, nans(), either(nan(x), nan(y)));
  return mix(r, vec4(1.0), either(equal(bits, ivec4(0x3f800000)), equal(floatBitsToInt(y) & 0x7fffffff, none)));
}`,
    'constants',
    'either',
    'both',
    'nan',
  ),
  /**
   * The remainder of integers: |a| = m 2^i and |b| = n 2^j leave (m 2^(i - j) mod n) 2^j, eight bits of 2^(i - j) at a time.
   * The result is put together from bits.
   */
  f_fmod: lanes2(
    'f_fmod',
    `float f_fmod(float a, float b) {
  uint x = floatBitsToUint(a) & 0x7fffffffu, y = floatBitsToUint(b) & 0x7fffffffu;
  if (x >= 0x7f800000u || y > 0x7f800000u || y == 0u) return uintBitsToFloat(0x7fc00000u);
  if (x < y) return a;
  int i = max(int(x >> 23), 1), j = max(int(y >> 23), 1);
  uint m = (x & 0x7fffffu) | (x < 0x800000u ? 0u : 0x800000u), n = (y & 0x7fffffu) | (y < 0x800000u ? 0u : 0x800000u);
  m %= n;
  for (i -= j; i > 0; i -= 8) m = (m << min(i, 8)) % n;
  uint r = floatBitsToUint(float(m));
  bool normal = int(r >> 23) + j > 150;
  r = m == 0u ? 0u : normal ? r + (uint(j - 150) << 23) : m << (j - 1);
  return uintBitsToFloat(r | (floatBitsToUint(a) & 0x80000000u));
}`,
  ),
} satisfies Definitions;
