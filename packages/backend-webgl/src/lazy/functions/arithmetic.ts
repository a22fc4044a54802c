import { type Definitions, one } from './definition.js';

/** NaN if either is. Of two zeros it is 0 for the maximum and -0 for the minimum: equal numbers are joined bit by bit. */
const extremum = (name: string, test: string, join: '&' | '|') =>
  one(
    `vec4 ${name}(vec4 a, vec4 b) {
  vec4 m = mix(b, a, ${test}(a, b));
  m = mix(m, intBitsToFloat(floatBitsToInt(a) ${join} floatBitsToInt(b)), equal(a, b));
  return mix(mix(m, a, nan(a)), b, nan(b));
}`,
    'nan',
  );

/** Functions that are one operation, or a choice. */
export const arithmetic = {
  f_id: one('vec4 f_id(vec4 x) { return x; }'),
  f_neg: one('vec4 f_neg(vec4 x) { return -x; }'),
  f_abs: one('vec4 f_abs(vec4 x) { return abs(x); }'),
  /** 0 for NaN. */
  f_sign: one('vec4 f_sign(vec4 x) { return vec4(positive(x)) - vec4(positive(-x)); }', 'positive'),
  f_square: one('vec4 f_square(vec4 x) { return x * x; }'),
  f_reciprocal: one('vec4 f_reciprocal(vec4 x) { return 1.0 / x; }'),
  /** A driver may compute it as x times 1 / sqrt(x). */
  f_sqrt: one(
    `vec4 f_sqrt(vec4 x) {
  vec4 y = mix(sqrt(x), nans(), lessThan(x, vec4(0.0)));
  return mix(y, x, either(equal(x, vec4(0.0)), greaterThanEqual(floatBitsToInt(x), ivec4(0x7f800000))));
}`,
    'constants',
    'either',
  ),
  f_rsqrt: one('vec4 f_rsqrt(vec4 x) { return 1.0 / f_sqrt(x); }', 'f_sqrt'),
  f_floor: one('vec4 f_floor(vec4 x) { return floor(x); }'),
  f_ceil: one('vec4 f_ceil(vec4 x) { return ceil(x); }'),
  f_trunc: one('vec4 f_trunc(vec4 x) { return trunc(x); }'),
  f_round: one('vec4 f_round(vec4 x) { return roundEven(x); }'),
  /** Neither negative nor -0; NaN passes, whatever its sign. */
  f_relu: one('vec4 f_relu(vec4 x) { return mix(x, vec4(0.0), lessThanEqual(floatBitsToUint(x) - 0x80000000u, uvec4(0x7f800000u))); }'),

  f_add: one('vec4 f_add(vec4 a, vec4 b) { return a + b; }'),
  f_sub: one('vec4 f_sub(vec4 a, vec4 b) { return a - b; }'),
  f_mul: one('vec4 f_mul(vec4 a, vec4 b) { return a * b; }'),
  f_div: one('vec4 f_div(vec4 a, vec4 b) { return a / b; }'),
  f_maximum: extremum('f_maximum', 'greaterThan', '&'),
  f_minimum: extremum('f_minimum', 'lessThan', '|'),
  /** a is dy, b is y: the forward's output. */
  f_reluGrad: one('vec4 f_reluGrad(vec4 a, vec4 b) { return mix(vec4(0.0), a, positive(b)); }', 'positive'),
  f_sigmoidGrad: one('vec4 f_sigmoidGrad(vec4 a, vec4 b) { return a * (b * (1.0 - b)); }'),
  f_tanhGrad: one('vec4 f_tanhGrad(vec4 a, vec4 b) { return a * ((1.0 - b) * (1.0 + b)); }'),

  f_where: one('vec4 f_where(ivec4 c, vec4 a, vec4 b) { return mix(b, a, notEqual(c, ivec4(0))); }'),

  positive: one('bvec4 positive(vec4 x) { return lessThan(floatBitsToUint(x) - 1u, uvec4(0x7f800000u)); }'),
} satisfies Definitions;
