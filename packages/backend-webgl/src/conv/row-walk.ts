import type { ConvGeometry } from '@konv/core-tensor';

/** Fours of pixels that one invocation adds up one after the other. */
export const MAX_FOURS = 1024;

/** Texels of a row of dy. */
export function rowFours(g: ConvGeometry): number {
  return Math.ceil(g.outSize[2] / 4);
}

export const foursUniforms = {
  /** Channels of x and dy. */
  planes: 'ivec2',
  /** Of dy. */
  size: 'ivec3',
  rowFours: 'int',
  /** Of the whole sum, and of a slice. */
  fours: 'int',
  perSlice: 'int',
  /** Texels of x from one slice (depth) and row of pixels to the next. */
  step: 'ivec2',
  /** Texels of one channel. */
  plane: 'int',
  dyPlane: 'int',
  xAt: 'int',
  dyAt: 'int',
} as const;

/** Goes through the fours of a slice; `d` and `p` are the texels of dy and x, which `next` moves on after each. */
export const walkFours = `int i, y, z, d, p;
void begin(int first, int dyPlanes, int xPlanes) {
  int row = first / rowFours;
  i = first - row * rowFours;
  int q = row / size.y;
  y = row - q * size.y;
  int n = q / size.x;
  z = q - n * size.x;
  d = dyAt + (n * planes.y + dyPlanes) * dyPlane + (z * size.y + y) * rowFours + i;
  p = xAt + (n * planes.x + xPlanes) * plane + z * step.x + y * step.y + i;
}
void next() {
  d++;
  p++;
  if (++i < rowFours) return;
  i = 0;
  p += step.y - rowFours;
  if (++y < size.y) return;
  y = 0;
  p += step.x - size.y * step.y;
  if (++z < size.x) return;
  z = 0;
  p += planes.x * plane - size.x * step.x;
  d += (planes.y - 1) * dyPlane;
}`;

/** GLSL: the first `count` lanes; 0 for the others, also where these are infinite. */
export const cutFour = `vec4 cutFour(vec4 v, int count) { return mix(vec4(0.0), v, lessThan(ivec4(0, 1, 2, 3), ivec4(count))); }`;
