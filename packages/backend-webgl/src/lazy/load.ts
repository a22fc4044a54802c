import { formats } from '../gl/formats.js';
import type { UniformType, UniformValue } from '../gl/kernel.js';
import type { Leaf } from './node.js';

/** Merged axes that a window may have. The loop over them is the same program for every rank. */
export const MAX_AXES = 8;

/** `load_x(t)`: elements 4t to 4t + 3 of the window. */
export function loadSource(name: string, leaf: Leaf): string {
  const { vector } = formats[leaf.type];
  if (leaf.mode === 'flat') return `${vector} load_${name}(int t) { return ${name}_texel((${name}_at >> 2) + t); }`;
  if (leaf.mode === 'one') return `${vector} load_${name}(int t) { return ${vector}(${name}_el(${name}_at)); }`;
  // Axes are (size, step), the last one first: one division an axis. Rows whose length is a multiple of four hold the
  // four elements together: one index serves them all.
  return `int ${name}_index(int e) {
  int at = ${name}_at;
  for (int i = 0; i < ${name}_rank; i++) {
    ivec2 axis = ${name}_axes[i];
    int q = e / axis.x;
    at += (e - q * axis.x) * axis.y;
    e = q;
  }
  return at;
}
${vector} load_${name}(int t) {
  int e = t << 2;
  int step = ${name}_axes[0].y;
  int at = ${name}_index(e);
  bool row = (${name}_axes[0].x & 3) == 0 || ${name}_rank == 1;
  if (row && step == 1) return ${name}_four(at);
  // A loop, since what is written out four times takes drivers four times as long to compile.
  ${vector} v;
  for (int j = 0; j < 4; j++) {
    v[j] = ${name}_el(at);
    at = row ? at + step : ${name}_index(e + j + 1);
  }
  return v;
}`;
}

/** The uniforms of a leaf, as they are declared and as they are set. */
export function declareLeaf(name: string, leaf: Leaf, uniforms: Record<string, UniformType>): void {
  if (leaf.mode !== 'strided') return;
  uniforms[`${name}_rank`] = 'int';
  uniforms[`${name}_axes`] = `ivec2[${MAX_AXES}]`;
}

export function loadLeaf(name: string, leaf: Leaf, uniforms: Record<string, UniformValue>): void {
  if (leaf.mode !== 'strided') return;
  uniforms[`${name}_rank`] = leaf.shape.length;
  const axes: number[] = [];
  for (let i = leaf.shape.length - 1; i >= 0; i--) axes.push(leaf.shape[i], leaf.strides[i]);
  uniforms[`${name}_axes`] = axes;
}
