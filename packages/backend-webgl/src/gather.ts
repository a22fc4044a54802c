import { contiguousStrides, type TensorRef } from '@konv/core-tensor';
import { mergeLoop } from './axes.js';
import type { Engine } from './engine.js';
import { formats, texelType, type TexelType } from './gl/formats.js';
import type { Kernel } from './gl/kernel.js';

const kernels = new Map<string, Kernel>();

/**
 * An invocation writes four elements, each from where its index says. Where the last axis has a multiple of four they stand
 * in one row; there rows of an embedding have one index, and four elements of `x` together.
 *
 *     index  [ i | i i i i | ...      position of an element in `index` and in `x` (but for the indexed axis): `place`
 *     x      [ row i: a b c d | ...
 *     out    [ ... | a b c d | ...
 */
function kernelFor(type: TexelType, rank: number): Kernel {
  const name = `gather ${type} ${rank}`;
  let kernel = kernels.get(name);
  if (kernel) return kernel;
  const { scalar, vector } = formats[type];
  const last = rank - 1;
  const lines = Array.from({ length: last }, (_, i) => `  at += (e % size[${last - i}]) * move[${last - i}];\n  e /= size[${last - i}];\n`);
  kernel = {
    name,
    inputs: { x: type, index: 'int32' },
    output: type,
    uniforms: { size: `int[${rank}]`, move: `ivec2[${rank}]`, count: 'int', stride: 'int' },
    body: `const ${scalar} none = ${type === 'float32' ? 'intBitsToFloat(0x7fc00000)' : '0'};
bool inside(int k) { return k >= 0 && k < count; }
ivec2 place(int e) {
  ivec2 at = ivec2(index_at, x_at);
${lines.join('')}  return at + e * move[0];
}
${scalar} pick(ivec2 at) {
  int k = index_el(at.x);
  return inside(k) ? x_el(at.y + k * stride) : none;
}
void compute(int t) {
  int e = t << 2;
  if ((size[${last}] & 3) != 0) {
    out0 = ${vector}(pick(place(e)), pick(place(e + 1)), pick(place(e + 2)), pick(place(e + 3)));
    return;
  }
  ivec2 at = place(e), s = move[${last}];
  if (s == ivec2(0, 1)) {
    int k = index_el(at.x);
    out0 = inside(k) ? x_four(at.y + k * stride) : ${vector}(none);
  } else {
    out0 = ${vector}(pick(at), pick(at + s), pick(at + 2 * s), pick(at + 3 * s));
  }
}`,
  };
  kernels.set(name, kernel);
  return kernel;
}

export function gather(engine: Engine, x: TensorRef, index: TensorRef, axis: number, out: TensorRef): void {
  const strides = contiguousStrides(x.shape);
  const axes = mergeLoop(out.shape.map((size, i) => ({ size, steps: [index.strides[i], i === axis ? 0 : strides[i]] })));
  const uniforms = {
    size: axes.map((a) => a.size),
    move: axes.flatMap((a) => a.steps),
    count: x.shape[axis] ?? 1,
    stride: strides[axis] ?? 1,
  };
  engine.compute(kernelFor(texelType(out.dtype), axes.length), { inputs: { x, index }, uniforms }, out);
}
