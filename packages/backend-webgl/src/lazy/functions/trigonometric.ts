import { type Definitions, lanes, one, polynomial } from './definition.js';

/** On |r| <= pi / 4, with z = r^2: sin r = r (1 + z sine), cos r = 1 - z / 2 + z^2 cosine, right to 4e-9. */
const sine = polynomial('z', [-0.16666655, 0.008332176, -0.00019516979]);
const cosine = polynomial('z', [0.041666646, -0.0013887313, 2.4432824e-5]);

/** 2 / pi = 0.A B C D ... in words of 32 bits. */
const [A, B, C, D, E, F, G] = ['0xa2f9836eu', '0x4e441529u', '0xfc2757d1u', '0xf534ddc0u', '0xdb629599u', '0x3c439041u', '0xfe5163abu'];

/** Functions of arguments of any size. */
export const trigonometric = {
  f_sin: lanes('f_sin', 'float f_sin(float x) { return wave(x, 0u); }', 'wave'),
  f_cos: lanes('f_cos', 'float f_cos(float x) { return wave(x, 1u); }', 'wave'),
  f_tan: lanes(
    'f_tan',
    `float f_tan(float x) {
  uint q;
  float r = turned(x, q), z = r * r, s = r * (1.0 + z * (${sine})), c = 1.0 - 0.5 * z + z * z * (${cosine});
  return (q & 1u) == 0u ? s / c : -c / s;
}`,
    'turned',
  ),

  /** sin(x + shift pi / 2) */
  wave: one(
    `float wave(float x, uint shift) {
  uint q;
  float r = turned(x, q), z = r * r;
  q += shift;
  r = (q & 1u) == 0u ? r * (1.0 + z * (${sine})) : 1.0 - 0.5 * z + z * z * (${cosine});
  return (q & 2u) == 0u ? r : -r;
}`,
    'turned',
  ),
  /**
   * x = q pi / 2 + r with |r| <= pi / 4. The method of Payne and Hanek: with x = m 2^e, m of 24 bits, the product m (2 / pi)
   * 2^e is needed modulo 4 only, so bits of 2 / pi that are multiples of 4 / m 2^e are skipped and the next 96 serve: of
   * their product with m two bits before the point and 62 behind it are right, and no float32 is nearer to a multiple of
   * pi / 2 than 2^-31.
   *
   *     window  |---- v.x ----|---- v.y ----|---- v.z ----|
   *     m v.x       high:low
   *     m v.y             high    :    low
   *     m v.z                          high : (dropped)
   *     sum        |-- whole.x -|-- whole.y --|               quadrant: the upper two bits
   */
  turned: one(
    `float turned(float x, out uint q) {
  uint b = floatBitsToUint(x) & 0x7fffffffu;
  q = 0u;
  if (b < 0x3f490fdbu) return x;
  if (b >= 0x7f800000u) return uintBitsToFloat(0x7fc00000u);
  uint m = (b & 0x7fffffu) | 0x800000u;
  int first = int(b >> 23) - 120, s = first & 31;
  uvec4 w = first < 32 ? uvec4(0u, ${A}, ${B}, ${C}) : uvec4(${A}, ${B}, ${C}, ${D});
  if (first >= 64) w = first < 96 ? uvec4(${B}, ${C}, ${D}, ${E}) : first < 128 ? uvec4(${C}, ${D}, ${E}, ${F}) : uvec4(${D}, ${E}, ${F}, ${G});
  uvec3 v = (w.xyz << s) | ((w.yzw >> 1) >> (31 - s));
  uint carried = upper(m, v.z), low = m * v.y + carried;
  uint high = m * v.x + upper(m, v.y) + (low < carried ? 1u : 0u);
  q = (high + 0x20000000u) >> 30;
  high -= q << 30;
  bool minus = high >= 0x80000000u;
  if (minus) {
    low = ~low + 1u;
    high = ~high + (low == 0u ? 1u : 0u);
  }
  float r = (float(high) * 9.313225746154785e-10 + float(low) * 2.168404344971009e-19) * 1.5707964;
  bool negative = x < 0.0;
  if (negative) q = 4u - q;
  return minus == negative ? r : -r;
}`,
    'upper',
  ),
  /** The upper word of a b, for a < 2^24, in halves of words. */
  upper: one(`uint upper(uint a, uint b) {
  uint al = a & 0xffffu, ah = a >> 16, bl = b & 0xffffu, bh = b >> 16;
  uint mid = ah * bl + ((al * bl) >> 16), side = al * bh + (mid & 0xffffu);
  return ah * bh + (mid >> 16) + (side >> 16);
}`),
} satisfies Definitions;
