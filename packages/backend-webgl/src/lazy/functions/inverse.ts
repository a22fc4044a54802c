import { type Definitions, one, polynomial } from './definition.js';

/** With z the square: atan t = t (1 + z arcTangent) for |t| < 0.415, asin s = s (1 + z arcSine) for s <= 1/2. */
const arcTangent = polynomial('z', [-0.33332956, 0.19977917, -0.13879742, 0.08059929]);
const arcSine = polynomial('z', [0.16666754, 0.074952416, 0.04547714, 0.024147421, 0.04221884]);

export const inverses = {
  f_atan: one('vec4 f_atan(vec4 x) { return signed(angle(abs(x)), x); }', 'angle', 'signed'),
  /** The quotient of the lesser by the greater, scaled where either could leave the range of normal numbers. */
  f_atan2: one(
    `vec4 f_atan2(vec4 y, vec4 x) {
  vec4 v = abs(y), u = abs(x), lesser = min(u, v), greater = max(u, v);
  vec4 k = mix(vec4(1.0), vec4(5.421010862427522e-20), greaterThan(greater, vec4(1e29)));
  k = mix(k, vec4(18446744073709551616.0), lessThan(greater, vec4(1e-29)));
  vec4 t = (lesser * k) / (greater * k);
  t = mix(t, vec4(0.0), equal(greater, vec4(0.0)));
  t = angle(mix(t, vec4(1.0), equal(lesser, infinity())));
  t = mix(t, 1.5707964 - t, greaterThan(v, u));
  t = mix(t, 3.1415927 - t, lessThan(floatBitsToInt(x), ivec4(0)));
  return mix(signed(t, y), nans(), either(nan(x), nan(y)));
}`,
    'angle',
    'signed',
    'constants',
    'either',
    'nan',
  ),
  f_asin: one(
    `vec4 f_asin(vec4 x) {
  bvec4 far;
  vec4 y = arc(x, far);
  return signed(mix(y, 1.5707964 - 2.0 * y, far), x);
}`,
    'arc',
    'signed',
  ),
  f_acos: one(
    `vec4 f_acos(vec4 x) {
  bvec4 far;
  vec4 y = arc(x, far);
  vec4 end = mix(2.0 * y, 3.1415927 - 2.0 * y, lessThan(x, vec4(0.0)));
  return mix(1.5707964 - signed(y, x), end, far);
}`,
    'arc',
    'signed',
  ),

  /** atan a for a >= 0: 0 + atan a, pi/4 + atan((a - 1) / (a + 1)), or pi/2 + atan(-1 / a). */
  angle: one(`vec4 angle(vec4 a) {
  bvec4 mid = greaterThan(a, vec4(0.41421357)), far = greaterThan(a, vec4(2.4142135));
  vec4 n = mix(mix(a, a - 1.0, mid), vec4(-1.0), far), d = mix(mix(vec4(1.0), a + 1.0, mid), a, far);
  vec4 t = n / d, z = t * t;
  return mix(mix(vec4(0.0), vec4(0.78539819), mid), vec4(1.5707964), far) + t * (1.0 + z * (${arcTangent}));
}`),
  /** asin |x| up to 1/2; where `far`, asin sqrt((1 - |x|) / 2), which is half of acos |x|. NaN outside of the domain. */
  arc: one(
    `vec4 arc(vec4 x, out bvec4 far) {
  vec4 a = abs(x);
  far = greaterThan(a, vec4(0.5));
  vec4 z = mix(a * a, 0.5 - 0.5 * a, far), s = mix(a, f_sqrt(z), far);
  return mix(s * (1.0 + z * (${arcSine})), nans(), greaterThan(floatBitsToInt(a), ivec4(0x3f800000)));
}`,
    'f_sqrt',
    'constants',
  ),
} satisfies Definitions;
