import type { TexelType } from './gl/formats.js';
import type { UniformType } from './gl/kernel.js';

/** v where c, else 0. */
export function choice(type: TexelType, v: string, c: string): string {
  return type === 'float32' ? `mix(vec4(0.0), ${v}, ${c})` : `${v} * ivec4(${c})`;
}

export function placeUniforms(rank: number): Record<string, UniformType> {
  return { size: `int[${rank}]`, move: `ivec2[${rank}]`, mark: `int[${rank}]`, bound: `int[${rank}]` };
}

/**
 * Of the four elements of texel t of `out`: how far their lists begin behind `i` in `index` and behind `s` in `source`,
 * their positions along the axis, and whether `index` reaches so far on the other axes.
 */
export function placeSource(rank: number): string {
  const axes = Array.from({ length: rank }, (_, i) => {
    const r = rank - 1 - i;
    return `  c = ${r === 0 ? 'e' : `e % size[${r}]`};
${r === 0 ? '' : `  e /= size[${r}];\n`}  i += c * move[${r}].x;
  s += c * move[${r}].y;
  want += c * mark[${r}];
  inside *= ivec4(lessThan(c, ivec4(bound[${r}])));`;
  });
  return `void place(int t, inout ivec4 i, inout ivec4 s, out ivec4 want, out ivec4 inside) {
  ivec4 e = (t << 2) + ivec4(0, 1, 2, 3), c;
  want = ivec4(0);
  inside = ivec4(1);
${axes.join('\n')}
}`;
}
