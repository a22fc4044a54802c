import type { PoolGeometry } from '@konv/core-tensor';
import { divideSource } from '../gl/divide.js';
import type { UniformType, UniformValue } from '../gl/kernel.js';

/** `within(p, n)`: 1 for each lane with 0 <= p < n, else 0. */
export const helpers = `${divideSource}
ivec4 within(ivec4 p, int n) { return ivec4(lessThan(uvec4(p), uvec4(n))); }`;

export const geometryUniforms = {
  in_size: 'ivec3',
  out_size: 'ivec3',
  kernel: 'ivec3',
  stride: 'ivec3',
  dilation: 'ivec3',
  pad: 'ivec3',
} as const satisfies Record<string, UniformType>;

export function geometryOf(g: PoolGeometry): Record<string, UniformValue> {
  const { inSize: in_size, outSize: out_size, kernel, stride, dilation, padLow: pad } = g;
  return { in_size, out_size, kernel, stride, dilation, pad };
}

/**
 * `places(size)`: `plane`, `z`, `y`, `x` of the four lanes of a texel, in planes of `size`.
 */
export const places = (size: 'in_size' | 'out_size'): string => `  ivec4 e = (t << 2) + ivec4(0, 1, 2, 3);
  ivec4 row = divide(e, ${size}.z);
  ivec4 x = e - row * ${size}.z;
  ivec4 slice = divide(row, ${size}.y);
  ivec4 y = row - slice * ${size}.y;
  ivec4 plane = slice, z = ivec4(0);
  if (${size}.x > 1) {
    plane = divide(slice, ${size}.x);
    z = slice - plane * ${size}.x;
  }`;

/** Elements that an average divides by: the window clipped to the padded input (`counts_pad`), or to the input. */
export const divisorSource = `float divisor(ivec3 start) {
  ivec3 end = start + kernel;
  ivec3 n = counts_pad != 0 ? min(end, in_size + pad_high) - start : min(end, in_size) - max(start, 0);
  return float(n.x * n.y * n.z);
}`;
export const averageUniforms = { ...geometryUniforms, pad_high: 'ivec3', counts_pad: 'int' } as const satisfies Record<string, UniformType>;

export const averageOf = (g: PoolGeometry): Record<string, UniformValue> => ({
  ...geometryOf(g),
  pad_high: g.padHigh,
  counts_pad: Number(g.countIncludePad),
});
