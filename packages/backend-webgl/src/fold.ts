import type { ReduceKind } from '@konv/core-tensor';
import { formats, type TexelType } from './gl/formats.js';
import { functionsFor } from './lazy/functions.js';

/** GLSL of what joins two values, and of what a lane without a value counts as. */
export interface Fold {
  /** Defines `fold(a, b)` of two texels. */
  readonly source: string;
  /** A constant of the texel's type. */
  readonly neutral: string;
}

const floats: Record<ReduceKind, Fold> = {
  sum: { source: 'vec4 fold(vec4 a, vec4 b) { return a + b; }', neutral: 'vec4(0.0)' },
  max: {
    source: `${functionsFor(['nan'])}
vec4 fold(vec4 a, vec4 b) { return mix(mix(mix(a, b, greaterThan(b, a)), a, nan(a)), b, nan(b)); }`,
    neutral: 'intBitsToFloat(ivec4(0xff800000))',
  },
  min: {
    source: `${functionsFor(['nan'])}
vec4 fold(vec4 a, vec4 b) { return mix(mix(mix(a, b, lessThan(b, a)), a, nan(a)), b, nan(b)); }`,
    neutral: 'intBitsToFloat(ivec4(0x7f800000))',
  },
};

const ints: Record<ReduceKind, Fold> = {
  sum: { source: 'ivec4 fold(ivec4 a, ivec4 b) { return a + b; }', neutral: 'ivec4(0)' },
  max: { source: 'ivec4 fold(ivec4 a, ivec4 b) { return max(a, b); }', neutral: 'ivec4(0x80000000)' },
  min: { source: 'ivec4 fold(ivec4 a, ivec4 b) { return min(a, b); }', neutral: 'ivec4(0x7fffffff)' },
};

/** NaN propagates; sums of int32 wrap. */
export function foldOf(kind: ReduceKind, type: TexelType): Fold {
  return type === 'float32' ? floats[kind] : ints[kind];
}

/**
 * `across(v)`: the fold of a texel's four values. `leading(v, n)`: its first n of four, the others neutral. Both need
 * `fold`.
 */
export function laneSource(type: TexelType, neutral: string): string {
  const { scalar, vector } = formats[type];
  return `${scalar} across(${vector} v) { v = fold(v, v.zwxy); return fold(v, v.yxzw).x; }
${vector} leading(${vector} v, int n) {
  ${vector} o = ${neutral};
  return ${vector}(v.x, n > 1 ? v.y : o.y, n > 2 ? v.z : o.z, n > 3 ? v.w : o.w);
}`;
}
