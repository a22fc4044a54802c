import { type Definitions, one } from './definition.js';

const compare = (name: string, test: string) =>
  one(`ivec4 ${name}(vec4 a, vec4 b) { return ivec4(${test}(a, b)) & ordered(a, b); }`, 'ordered');

/** Comparisons of floats, as 0 and 1: false for NaN, but for `ne`. */
export const comparisons = {
  ordered: one('ivec4 ordered(vec4 a, vec4 b) { return 1 - (ivec4(nan(a)) | ivec4(nan(b))); }', 'nan'),
  f_eq: compare('f_eq', 'equal'),
  f_ne: one('ivec4 f_ne(vec4 a, vec4 b) { return 1 - f_eq(a, b); }', 'f_eq'),
  f_lt: compare('f_lt', 'lessThan'),
  f_le: compare('f_le', 'lessThanEqual'),
  f_gt: compare('f_gt', 'greaterThan'),
  f_ge: compare('f_ge', 'greaterThanEqual'),
} satisfies Definitions;
