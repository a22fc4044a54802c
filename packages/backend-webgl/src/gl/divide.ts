/**
 * `divide(a, b)`: the quotients of whole numbers, a >= 0 and b > 0, rounded down. Software renderers divide whole numbers one
 * by one and GPUs have no instruction for it; floats are divided four at a time. The second step takes up what the first
 * has lost above 2^24, the third its rounding.
 */
export const divideSource = `ivec4 divide(ivec4 a, int b) {
  float d = float(b);
  ivec4 q = ivec4(vec4(a) / d);
  q += ivec4(floor(vec4(a - q * b) / d));
  ivec4 r = a - q * b;
  return q + ivec4(greaterThanEqual(r, ivec4(b))) - ivec4(lessThan(r, ivec4(0)));
}
int divide(int a, int b) {
  float d = float(b);
  int q = int(float(a) / d);
  q += int(floor(float(a - q * b) / d));
  int r = a - q * b;
  return r < 0 ? q - 1 : r >= b ? q + 1 : q;
}`;
