import { type Definitions, one } from './definition.js';

const compare = (name: string, test: string) => one(`ivec4 ${name}(ivec4 a, ivec4 b) { return ivec4(${test}(a, b)); }`);

/** Functions of int32, which wrap modulo 2^32, and of bool, as 0 and 1. */
export const integers = {
  i_id: one('ivec4 i_id(ivec4 x) { return x; }'),
  i_neg: one('ivec4 i_neg(ivec4 x) { return -x; }'),
  i_abs: one('ivec4 i_abs(ivec4 x) { return (x ^ (x >> 31)) - (x >> 31); }'),
  i_sign: one('ivec4 i_sign(ivec4 x) { return sign(x); }'),
  i_square: one('ivec4 i_square(ivec4 x) { return x * x; }'),
  i_relu: one('ivec4 i_relu(ivec4 x) { return max(x, 0); }'),

  i_add: one('ivec4 i_add(ivec4 a, ivec4 b) { return a + b; }'),
  i_sub: one('ivec4 i_sub(ivec4 a, ivec4 b) { return a - b; }'),
  i_mul: one('ivec4 i_mul(ivec4 a, ivec4 b) { return a * b; }'),
  /** By squaring. A negative exponent truncates the fraction: only 1 and -1 survive. */
  i_pow: one(
    `ivec4 i_pow(ivec4 a, ivec4 b) {
  bvec4 inverse = lessThan(b, ivec4(0));
  ivec4 y = ivec4(1), p = a, e = pick(b, b & 1, inverse);
  while (e != ivec4(0)) {
    y = pick(y, y * p, notEqual(e & 1, ivec4(0)));
    p *= p;
    e >>= 1;
  }
  return pick(y, ivec4(0), both(inverse, notEqual(abs(a), ivec4(1))));
}`,
    'pick',
    'both',
  ),
  i_maximum: one('ivec4 i_maximum(ivec4 a, ivec4 b) { return max(a, b); }'),
  i_minimum: one('ivec4 i_minimum(ivec4 a, ivec4 b) { return min(a, b); }'),
  i_eq: compare('i_eq', 'equal'),
  i_ne: compare('i_ne', 'notEqual'),
  i_lt: compare('i_lt', 'lessThan'),
  i_le: compare('i_le', 'lessThanEqual'),
  i_gt: compare('i_gt', 'greaterThan'),
  i_ge: compare('i_ge', 'greaterThanEqual'),

  i_where: one('ivec4 i_where(ivec4 c, ivec4 a, ivec4 b) { return pick(b, a, notEqual(c, ivec4(0))); }', 'pick'),
} satisfies Definitions;

/** `cast_from_to`: f float, i int32 or bool, b bool. Floats truncate toward zero, NaN is 0 and true. */
export const casts = {
  cast_f_i: one('ivec4 cast_f_i(vec4 x) { return pick(ivec4(mix(x, vec4(0.0), nan(x))), ivec4(0), nan(x)); }', 'nan', 'pick'),
  cast_i_f: one('vec4 cast_i_f(ivec4 x) { return vec4(x); }'),
  cast_f_b: one('ivec4 cast_f_b(vec4 x) { return ivec4(notEqual(floatBitsToInt(x) & 0x7fffffff, ivec4(0))); }'),
  cast_i_b: one('ivec4 cast_i_b(ivec4 x) { return ivec4(notEqual(x, ivec4(0))); }'),
} satisfies Definitions;
