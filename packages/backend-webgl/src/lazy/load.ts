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
  if ((${name}_axes[0].x & 3) == 0 || ${name}_rank == 1) {
    int at = ${name}_index(e);
    if (step == 1) return ${name}_four(at);
    if (step == 0) return ${vector}(${name}_el(at));
    return ${vector}(${name}_el(at), ${name}_el(at + step), ${name}_el(at + 2 * step), ${name}_el(at + 3 * step));
  }
  return ${vector}(${name}_el(${name}_index(e)), ${name}_el(${name}_index(e + 1)), ${name}_el(${name}_index(e + 2)), ${name}_el(${name}_index(e + 3)));
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
