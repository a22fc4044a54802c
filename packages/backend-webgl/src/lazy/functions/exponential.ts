import { type Definitions, one, polynomial } from './definition.js';

/** (e^r - 1 - r) / r^2 for |r| < 0.347: with it e^r - 1 is right to 1.3e-7 of itself. */
const tail = [0.49999818, 0.16666576, 0.04172655, 0.008363267, 0.0009941468];

/**
 * e^x = 2^n e^r with n = round(x / ln 2), r = x - n ln 2. ln 2 is taken in two parts, of which the first has 14 bits, so that
 * its product with n is exact and so is the first difference.
 */
export const exponentials = {
  f_exp: one(
    `vec4 f_exp(vec4 x) {
  vec4 r;
  ivec4 n = wholes(clamp(x, -104.0, 89.0), r);
  return mix(scale(1.0 + em1(r), n), x, nan(x));
}`,
    'wholes',
    'em1',
    'scale',
    'nan',
  ),
  f_exp2: one(
    `vec4 f_exp2(vec4 x) {
  vec4 y = clamp(x, -151.0, 129.0), n = floor(y + 0.5);
  return mix(scale(1.0 + em1((y - n) * 0.6931472), ivec4(n)), x, nan(x));
}`,
    'em1',
    'scale',
    'nan',
  ),
  /** 2^n (e^r - 1) + (2^n - 1), halved on the way so that n = 128 fits. Near 0 it is x. */
  f_expm1: one(
    `vec4 f_expm1(vec4 x) {
  vec4 r;
  vec4 t = two(wholes(clamp(x, -20.0, 89.0), r) - 1);
  return mix(2.0 * hard(em1(r) * t + hard(t - 0.5)), x, either(nan(x), lessThan(abs(x), vec4(1e-7))));
}`,
    'wholes',
    'em1',
    'two',
    'hard',
    'either',
    'nan',
  ),
  /** With e = e^|x| - 1: (e + e / (e + 1)) / 2, or for large x the square of e^(|x| / 2). */
  f_sinh: one(
    `vec4 f_sinh(vec4 x) {
  vec4 a = abs(x);
  bvec4 large = greaterThan(a, vec4(44.0));
  vec4 e = f_expm1(mix(a, 0.5 * a, large)), f = e + 1.0;
  return signed(mix(0.5 * (e + e / f), hard(0.5 * f) * f, large), x);
}`,
    'f_expm1',
    'hard',
    'signed',
  ),
  f_cosh: one(
    `vec4 f_cosh(vec4 x) {
  vec4 a = abs(x);
  bvec4 large = greaterThan(a, vec4(44.0));
  vec4 e = f_exp(mix(a, 0.5 * a, large));
  return mix(0.5 * (e + 1.0 / e), hard(0.5 * e) * e, large);
}`,
    'f_exp',
    'hard',
  ),
  /** t / (t + 2) with t = e^(2 |x|) - 1; from 9.02 on it is 1. */
  f_tanh: one(
    `vec4 f_tanh(vec4 x) {
  vec4 t = f_expm1(2.0 * min(abs(x), 10.0));
  return mix(signed(min(t / (t + 2.0), 1.0), x), x, nan(x));
}`,
    'f_expm1',
    'signed',
    'nan',
  ),
  f_sigmoid: one('vec4 f_sigmoid(vec4 x) { return 1.0 / (1.0 + f_exp(-x)); }', 'f_exp'),

  em1: one(`vec4 em1(vec4 r) { return r + r * r * (${polynomial('r', tail)}); }`),
  wholes: one(
    `ivec4 wholes(vec4 x, out vec4 r) {
  vec4 n = floor(x * 1.442695 + 0.5);
  r = hard(x - n * 0.693145751953125) - n * 1.4286068e-6;
  return ivec4(n);
}`,
    'hard',
  ),
} satisfies Definitions;
