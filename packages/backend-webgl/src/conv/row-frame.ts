/**
 * Images by rows: what convolutions that move by one along a row read.
 *
 *     texel   ((n groups + g) channels + c) rows + row) rowTexels + i        rows of a `Frame`
 *     lanes   positions 4 i to 4 i + 3 of the row, 0 outside of the image
 *
 * Four pixels that begin with a texel see, at each tap, 4 elements of two texels at places that are known when the program is
 * written:
 *
 *     texels        | 0 1 2 3 | 4 5 6 7 | 8 ...
 *     tap 0           -------
 *     tap 1             -------
 *     tap 2               -------
 */
import type { Spatial, TensorRef } from '@konv/core-tensor';
import type { Engine, Input } from '../engine.js';
import { define } from '../gl/define.js';
import type { Texture } from '../gl/texture.js';
import type { Frame } from './plan.js';

export const lane = (i: number): string => 'xyzw'[i & 3];
export const list = <T>(n: number, f: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => f(i));

/** Elements `first` to `first + 3` of the texels `name`0, `name`1, ... */
export function window(first: number, name = 'p'): string {
  const i = first >> 2;
  if (first % 4 === 0) return `${name}${i}`;
  const own = 'xyzw'.slice(first & 3);
  const next = 'xyzw'.slice(0, first & 3);
  return `vec4(${name}${i}.${own}, ${name}${i + 1}.${next})`;
}

/** Texels that `width` taps of `4 * fours` pixels see. */
export const texelsOf = (width: number, fours: number): number => Math.ceil((4 * fours + width - 1) / 4);

const imageKernel = () =>
  define('conv rows image', () => ({
    inputs: { x: 'float32' },
    output: 'float32',
    uniforms: { image: 'ivec3', frame: 'ivec2', low: 'ivec3', rowTexels: 'int' },
    body: `void compute(int t) {
  int q = t / rowTexels;
  int x = ((t - q * rowTexels) << 2) - low.z;
  int q1 = q / frame.y;
  int y = q - q1 * frame.y - low.y;
  int plane = q1 / frame.x;
  int z = q1 - plane * frame.x - low.x;
  out0 = vec4(0.0);
  if (z < 0 || z >= image.x || y < 0 || y >= image.y || x <= -4 || x >= image.z) return;
  vec4 v = x_four(x_at + ((plane * image.x + z) * image.y + y) * image.z + x);
  ivec4 at = ivec4(x, x + 1, x + 2, x + 3);
  out0 = vec4(
    at.x >= 0 ? v.x : 0.0,
    at.y >= 0 && at.y < image.z ? v.y : 0.0,
    at.z >= 0 && at.z < image.z ? v.z : 0.0,
    at.w < image.z ? v.w : 0.0
  );
}`,
  }));

/** An image by rows, from texel `first` on. */
export interface RowImage {
  readonly input: Input;
  readonly first: number;
}

/**
 * x `[planes, *image]` within `frame`, `rowTexels` to a row. Where it has that layout already, it is taken as it stands; else
 * the texture goes to `keep`.
 */
export function frameRows(
  engine: Engine,
  keep: (texture: Texture) => Texture,
  x: TensorRef,
  planes: number,
  image: Spatial,
  { low, size }: Frame,
  rowTexels: number,
): RowImage {
  const same = low.every((n) => n === 0) && size[0] === image[0] && size[1] === image[1] && 4 * rowTexels === image[2];
  if (same && x.offset % 4 === 0) return { input: x, first: x.offset / 4 };
  const texture = engine.draw(imageKernel(), planes * size[0] * size[1] * rowTexels, {
    inputs: { x },
    uniforms: { image, frame: [size[0], size[1]], low, rowTexels },
  });
  return { input: keep(texture), first: 0 };
}
