/**
 * Elementwise functions in GLSL: `f_` of floats, `i_` of int32 and bool. Each is written for a texel of four. Those that a
 * program uses are put before it, with what they need.
 */
interface Definition {
  readonly code: string;
  readonly needs?: readonly string[];
}

/** A function of one float, for each lane. */
const lanes = (name: string, code: string, needs: readonly string[] = []): Definition => ({
  code: `${code}
vec4 ${name}(vec4 x) { return vec4(${name}(x.x), ${name}(x.y), ${name}(x.z), ${name}(x.w)); }`,
  needs,
});
const lanes2 = (name: string, code: string, needs: readonly string[] = []): Definition => ({
  code: `${code}
vec4 ${name}(vec4 x, vec4 y) { return vec4(${name}(x.x, y.x), ${name}(x.y, y.y), ${name}(x.z, y.z), ${name}(x.w, y.w)); }`,
  needs,
});
const one = (code: string, ...needs: string[]): Definition => ({ code, needs });

export const definitions: Readonly<Record<string, Definition>> = {
  // By bits: a driver may take `x != x` for false.
  nan: one('bvec4 nan(vec4 x) { return greaterThan(floatBitsToInt(x) & 0x7fffffff, ivec4(0x7f800000)); }'),
  f_id: one('vec4 f_id(vec4 x) { return x; }'),
  i_id: one('ivec4 i_id(ivec4 x) { return x; }'),

  f_exp: one('vec4 f_exp(vec4 x) { return exp(x); }'),
  f_log: one('vec4 f_log(vec4 x) { return log(x); }'),
  f_sqrt: one('vec4 f_sqrt(vec4 x) { return sqrt(x); }'),
  f_tanh: one('vec4 f_tanh(vec4 x) { return tanh(x); }'),
  f_floor: one('vec4 f_floor(vec4 x) { return floor(x); }'),
  f_neg: one('vec4 f_neg(vec4 x) { return -x; }'),
  f_abs: one('vec4 f_abs(vec4 x) { return abs(x); }'),
  f_square: one('vec4 f_square(vec4 x) { return x * x; }'),
  f_relu: one('vec4 f_relu(vec4 x) { return mix(max(x, vec4(0.0)), x, nan(x)); }', 'nan'),
  f_sigmoid: one('vec4 f_sigmoid(vec4 x) { return 1.0 / (1.0 + f_exp(-x)); }', 'f_exp'),

  f_add: one('vec4 f_add(vec4 a, vec4 b) { return a + b; }'),
  f_sub: one('vec4 f_sub(vec4 a, vec4 b) { return a - b; }'),
  f_mul: one('vec4 f_mul(vec4 a, vec4 b) { return a * b; }'),
  f_div: one('vec4 f_div(vec4 a, vec4 b) { return a / b; }'),
  f_pow: one('vec4 f_pow(vec4 a, vec4 b) { return pow(a, b); }'),
  f_maximum: one(
    'vec4 f_maximum(vec4 a, vec4 b) { vec4 m = mix(b, a, greaterThan(a, b)); m = mix(m, a, nan(a)); return mix(m, b, nan(b)); }',
    'nan',
  ),
  f_eq: one('ivec4 f_eq(vec4 a, vec4 b) { return ivec4(equal(a, b)); }'),
  f_lt: one('ivec4 f_lt(vec4 a, vec4 b) { return ivec4(lessThan(a, b)); }'),

  i_neg: one('ivec4 i_neg(ivec4 x) { return -x; }'),
  i_abs: one('ivec4 i_abs(ivec4 x) { return abs(x); }'),
  i_sign: one('ivec4 i_sign(ivec4 x) { return sign(x); }'),
  i_square: one('ivec4 i_square(ivec4 x) { return x * x; }'),
  i_relu: one('ivec4 i_relu(ivec4 x) { return max(x, 0); }'),
  i_add: one('ivec4 i_add(ivec4 a, ivec4 b) { return a + b; }'),
  i_sub: one('ivec4 i_sub(ivec4 a, ivec4 b) { return a - b; }'),
  i_mul: one('ivec4 i_mul(ivec4 a, ivec4 b) { return a * b; }'),
  i_maximum: one('ivec4 i_maximum(ivec4 a, ivec4 b) { return max(a, b); }'),
  i_eq: one('ivec4 i_eq(ivec4 a, ivec4 b) { return ivec4(equal(a, b)); }'),
  i_lt: one('ivec4 i_lt(ivec4 a, ivec4 b) { return ivec4(lessThan(a, b)); }'),

  f_where: one('vec4 f_where(ivec4 c, vec4 a, vec4 b) { return mix(b, a, notEqual(c, ivec4(0))); }'),
  i_where: one(
    'ivec4 i_where(ivec4 c, ivec4 a, ivec4 b) { return ivec4(c.x != 0 ? a.x : b.x, c.y != 0 ? a.y : b.y, c.z != 0 ? a.z : b.z, c.w != 0 ? a.w : b.w); }',
  ),

  cast_f_i: one(
    'ivec4 cast_f_i(vec4 x) { bvec4 n = nan(x); return ivec4(n.x ? 0 : int(x.x), n.y ? 0 : int(x.y), n.z ? 0 : int(x.z), n.w ? 0 : int(x.w)); }',
    'nan',
  ),
  cast_i_f: one('vec4 cast_i_f(ivec4 x) { return vec4(x); }'),
  cast_f_b: one('ivec4 cast_f_b(vec4 x) { return ivec4(notEqual(x, vec4(0.0))); }'),
  cast_i_b: one('ivec4 cast_i_b(ivec4 x) { return ivec4(notEqual(x, ivec4(0))); }'),
};

export { lanes, lanes2 };

/** The definitions of these functions, each after what it needs. */
export function functionsFor(names: Iterable<string>): string {
  const done = new Set<string>();
  const out: string[] = [];
  const visit = (name: string): void => {
    if (done.has(name)) return;
    done.add(name);
    const { code, needs = [] } = definitions[name];
    for (const n of needs) visit(n);
    out.push(code);
  };
  for (const name of names) visit(name);
  return out.join('\n');
}
