import { type Definitions, one, polynomial } from './definition.js';

/** erf x / x as a function of z = x^2 below 0.93, right to 2e-8 of itself. */
const near = polynomial('z', [1.1283791, -0.37612495, 0.112818025, -0.026765566, 0.0049909805, -0.0005976896]);
/** log(1 - erf a) from 0.92 to 4, beyond which erf is 1: right to 2e-8 of 1. */
const far = polynomial('a', [-0.0020209583, -1.11968, -0.6514665, -0.09062623, 0.01541925, -0.0012309664]);

export const errorFunction = {
  f_erf: one(
    `vec4 f_erf(vec4 x) {
  vec4 a = min(abs(x), 4.0), z = a * a;
  vec4 y = mix(1.0 - f_exp(${far}), a * (${near}), lessThan(a, vec4(0.925)));
  return mix(signed(y, x), x, nan(x));
}`,
    'f_exp',
    'signed',
    'nan',
  ),
} satisfies Definitions;
