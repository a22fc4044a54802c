import { type ScanKind, sizeOf, type TensorRef } from '@konv/core-tensor';
import { texelsFor } from './buffer.js';
import type { Engine, Input } from './engine.js';
import { formats, texelType, type TexelType } from './gl/formats.js';
import type { Kernel } from './gl/kernel.js';
import type { Texture } from './gl/texture.js';

/** Terms that an invocation adds up in a pass. */
const RADIX = 8;

const kernels = new Map<string, Kernel>();

/**
 * One pass of Hillis and Steele's scan to the base 8. Before a pass element c of a row holds the sum of the `gap`
 * elements up to c, after it of eight times as many: those at c, c - gap, c - 2 gap, ...
 *
 *     x    | 4t .. 4t + 3 |             four consecutive elements, whatever their rows
 *     +    the four that stand m * gap * inner before them, each only where its row reaches so far back
 */
function kernelFor(type: TexelType): Kernel {
  const name = `scan ${type}`;
  let kernel = kernels.get(name);
  if (kernel) return kernel;
  const { vector } = formats[type];
  const chosen = type === 'float32' ? 'mix(vec4(0.0), v, there)' : 'v * ivec4(there)';
  kernel = {
    name,
    inputs: { x: type },
    output: type,
    uniforms: { size: 'int', inner: 'int', gap: 'int', reach: 'int' },
    body: `void compute(int t) {
  int e = t << 2;
  ivec4 c = ((e + ivec4(0, 1, 2, 3)) / inner) % size;
  ${vector} sum = x_four(x_at + e);
  for (int m = 1; m < reach; m++) {
    ${vector} v = x_four(x_at + e - m * gap * inner);
    bvec4 there = greaterThanEqual(c, ivec4(m * gap));
    sum += ${chosen};
  }
  out0 = sum;
}`,
  };
  kernels.set(name, kernel);
  return kernel;
}

/** Running sum along `axis`, in log8 steps. A NaN reaches what comes after it and nothing else. */
export function scan(engine: Engine, _kind: ScanKind, x: TensorRef, axis: number, out: TensorRef): void {
  const kernel = kernelFor(texelType(x.dtype));
  const size = x.shape[axis] ?? 1;
  const inner = sizeOf(x.shape.slice(axis + 1));
  const texels = texelsFor(sizeOf(x.shape));
  let from: Input = x;
  let sums: Texture | null = null;
  for (let gap = 1; gap < size || sums === null; gap *= RADIX) {
    const reach = Math.min(RADIX, Math.ceil(size / gap));
    const before: Texture | null = sums;
    try {
      from = sums = engine.draw(kernel, texels, { inputs: { x: from }, uniforms: { size, inner, gap, reach } });
    } finally {
      before?.release();
    }
  }
  engine.put(out, sums);
}
