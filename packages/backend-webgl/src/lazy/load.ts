import { formats } from '../gl/formats.js';
import type { UniformValue } from '../gl/kernel.js';
import type { Leaf } from './node.js';

/** The element that stands at position `e` of a window, as GLSL: one division an axis, last axis first. */
function indexSource(name: string, rank: number): string {
  const lines = [`int ${name}_index(int e) {`, `  int at = ${name}_at;`];
  for (let axis = rank - 1; axis > 0; axis--) {
    lines.push(`  at += (e % ${name}_size[${axis}]) * ${name}_step[${axis}];`, `  e /= ${name}_size[${axis}];`);
  }
  lines.push(`  return at + e * ${name}_step[0];`, '}');
  return lines.join('\n');
}

/** `load_x(t)`: elements 4t to 4t + 3 of the window. */
export function loadSource(name: string, leaf: Leaf): string {
  const { vector } = formats[leaf.type];
  if (leaf.mode === 'flat') return `${vector} load_${name}(int t) { return ${name}_texel((${name}_at >> 2) + t); }`;
  if (leaf.mode === 'one') return `${vector} load_${name}(int t) { return ${vector}(${name}_el(${name}_at)); }`;
  const rank = leaf.shape.length;
  const last = rank - 1;
  // Rows whose length is a multiple of four hold the four elements together: one index serves them all.
  return `${indexSource(name, rank)}
${vector} load_${name}(int t) {
  int e = t << 2;
  int step = ${name}_step[${last}];
  if ((${name}_size[${last}] & 3) == 0${rank === 1 ? ' || true' : ''}) {
    int at = ${name}_index(e);
    if (step == 1) return ${name}_four(at);
    if (step == 0) return ${vector}(${name}_el(at));
    return ${vector}(${name}_el(at), ${name}_el(at + step), ${name}_el(at + 2 * step), ${name}_el(at + 3 * step));
  }
  return ${vector}(${name}_el(${name}_index(e)), ${name}_el(${name}_index(e + 1)), ${name}_el(${name}_index(e + 2)), ${name}_el(${name}_index(e + 3)));
}`;
}

/** The uniforms of a leaf. */
export function loadLeaf(name: string, leaf: Leaf, uniforms: Record<string, UniformValue>): void {
  if (leaf.mode !== 'strided') return;
  uniforms[`${name}_size`] = leaf.shape;
  uniforms[`${name}_step`] = leaf.strides;
}
