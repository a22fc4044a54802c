import { type Definitions, one, polynomial } from './definition.js';

/** (log((1 + s) / (1 - s)) - 2 s) / s^3 as a function of z = s^2, for |s| < 0.172: right to 1e-9 of the logarithm. */
export const series = polynomial('z', [0.66666776, 0.3997745, 0.29874423]);

const logarithm = (name: string, ofTwo: string, factor: string) =>
  one(
    `vec4 ${name}(vec4 x) {
  vec4 k, m = parts(x, k);
  return logEdges(x, k * ${ofTwo} + log1(m - 1.0)${factor});
}`,
    'parts',
    'log1',
    'logEdges',
  );

/** log(x) = k log 2 + log m with x = m 2^k. */
export const logarithms = {
  f_log: logarithm('f_log', '0.6931472', ''),
  f_log2: logarithm('f_log2', '1.0', ' * 1.442695'),
  f_log10: logarithm('f_log10', '0.30103', ' * 0.4342945'),
  /** Where 1 + x is near 1, x itself and not what is left of it in the sum. */
  f_log1p: one(
    `vec4 f_log1p(vec4 x) {
  vec4 u = 1.0 + x, k, m = parts(u, k);
  bvec4 near = equal(k, vec4(0.0));
  vec4 y = mix(log1(mix(m - 1.0, x, near)), x, lessThan(abs(x), vec4(1e-7)));
  return logEdges(u, mix(y + k * 0.6931472, y, near));
}`,
    'parts',
    'log1',
    'logEdges',
  ),

  /** log(1 + f) for 1 + f from sqrt(1/2) to sqrt(2). */
  log1: one(`vec4 log1(vec4 f) { vec4 s = f / (2.0 + f), z = s * s; return s * (2.0 + z * (${series})); }`),
  /** y where x is positive and finite, else what the logarithm is there. */
  logEdges: one(
    `vec4 logEdges(vec4 x, vec4 y) {
  ivec4 b = floatBitsToInt(x);
  vec4 edge = mix(nans(), -infinity(), equal(b & 0x7fffffff, ivec4(0)));
  edge = mix(edge, x, equal(b, ivec4(0x7f800000)));
  return mix(edge, y, lessThan(uvec4(b) - 1u, uvec4(0x7f7fffffu)));
}`,
    'constants',
  ),
} satisfies Definitions;
