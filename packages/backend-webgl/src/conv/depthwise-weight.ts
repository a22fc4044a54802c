/**
 * The weight gradient of groups of one input channel: dw[o][k] = sum over batch and pixels q of
 * dy[o][q] x[o / multiplier][q stride - low + k dilation].
 *
 * An invocation has 4 neighbouring taps of a row of the kernel (the lanes) and sums over one slice of the pixels, 4 of a row
 * at a time, both operands row-major:
 *
 *     texel   ((slice channels + o) kernelRows + row) tapGroups + tapGroup
 *     and behind all of these, for db, the sums of dy (in lane 0):   slice channels + o
 */
import type { ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { define } from '../gl/define.js';
import type { Kernel } from '../gl/kernel.js';
import type { Texture } from '../gl/texture.js';
import type { WeightGradients } from './collect.js';
import { denseWindow, stridedWindow } from './depthwise.js';
import { convPlan } from './plan.js';
import { cut } from './slices.js';

/** The products of 4 pixels of dy with what they see at 4 neighbouring taps. */
const denseTaps = `    vec4 a = window(line, i, image.z);
    vec4 b = window(line, i + 4, image.z);
    vec4 w0 = a, w1 = vec4(a.yzw, b.x), w2 = vec4(a.zw, b.xy), w3 = vec4(a.w, b.xyz);`;
const stridedTaps = [0, 1, 2, 3].map((k) => `    vec4 w${k} = window(line, i + ${k} * dilation.z, image.z);`).join('\n');

function weightKernel(dense: boolean): Kernel {
  return define(`depthwise weight${dense ? ' dense' : ''}`, () => ({
    inputs: { x: 'float32', dy: 'float32' },
    output: 'float32',
    uniforms: {
      outputs: 'int',
      products: 'int',
      channels: 'int',
      multiplier: 'int',
      image: 'ivec3',
      size: 'ivec3',
      kernel: 'ivec3',
      stride: 'ivec3',
      dilation: 'ivec3',
      low: 'ivec3',
      parts: 'int',
      partsPerRow: 'int',
      partsPerSlice: 'int',
      partLength: 'int',
    },
    body: `${dense ? denseWindow('x') : stridedWindow('x')}
${denseWindow('dy', 'pixels')}
// Of part \`i\`: the image, and its first pixel.
void locate(int i, out int n, out int z, out int y, out int x) {
  int row = i / partsPerRow;
  x = (i - row * partsPerRow) * partLength;
  int q = row / size.y;
  y = row - q * size.y;
  n = q / size.x;
  z = q - n * size.x;
}
int lineOfDy(int n, int o, int z, int y) { return dy_at + (((n * channels + o) * size.x + z) * size.y + y) * size.z; }
vec4 sumOfDy(int t) {
  int slice = t / channels;
  int o = t - slice * channels;
  vec4 total = vec4(0.0);
  int end = min((slice + 1) * partsPerSlice, parts);
  for (int i = slice * partsPerSlice; i < end; i++) {
    int n, z, y, x;
    locate(i, n, z, y, x);
    int line = lineOfDy(n, o, z, y);
    int last = min(x + partLength, size.z);
    for (; x < last; x += 4) total += pixels(line, x, size.z);
  }
  return vec4(total.x + total.y + (total.z + total.w), 0.0, 0.0, 0.0);
}
// Elements of x that no pixel sees may be infinite: they count for nothing, not for 0 times infinity.
vec4 cut(vec4 w, int count) { return mix(vec4(0.0), w, lessThan(ivec4(0, 1, 2, 3), ivec4(count))); }
vec4 products4(int line, int i, vec4 d, int count) {
${dense ? denseTaps : stridedTaps}
  if (count < 4) {
    w0 = cut(w0, count);
    w1 = cut(w1, count);
    w2 = cut(w2, count);
    w3 = cut(w3, count);
  }
  return vec4(dot(d, w0), dot(d, w1), dot(d, w2), dot(d, w3));
}
void compute(int t) {
  if (t >= products) {
    out0 = sumOfDy(t - products);
    return;
  }
  int slice = t / outputs;
  int q = t - slice * outputs;
  int groups = (kernel.z + 3) >> 2;
  int q1 = q / groups;
  int kx = (q - q1 * groups) << 2;
  int q2 = q1 / kernel.y;
  int ky = q1 - q2 * kernel.y;
  int o = q2 / kernel.x;
  int kz = q2 - o * kernel.x;
  int c = o / multiplier;
  vec4 total = vec4(0.0);
  int end = min((slice + 1) * partsPerSlice, parts);
  for (int i = slice * partsPerSlice; i < end; i++) {
    int n, z, y, x;
    locate(i, n, z, y, x);
    int iz = z * stride.x - low.x + kz * dilation.x;
    int iy = y * stride.y - low.y + ky * dilation.y;
    if (iz < 0 || iz >= image.x || iy < 0 || iy >= image.y) continue;
    int line = x_at + (((n * channels / multiplier + c) * image.x + iz) * image.y + iy) * image.z;
    int dyLine = lineOfDy(n, o, z, y);
    int last = min(x + partLength, size.z);
    int ix = x * stride.z - low.z + kx * dilation.z;
    for (; x < last; x += 4) {
      total += products4(line, ix, pixels(dyLine, x, size.z), size.z - x);
      ix += stride.z << 2;
    }
  }
  out0 = total;
}`,
  }));
}

function collectKernel(accumulate: boolean): Kernel {
  return define(`depthwise collect${accumulate ? ' accumulate' : ''}`, () => ({
    inputs: { y: 'float32', ...(accumulate ? { old: 'float32' as const } : {}) },
    output: 'float32',
    uniforms: { start: 'int', slices: 'int', outputs: 'int', width: 'int' },
    body: `float total(int e) {
  int q = e / width;
  int kx = e - q * width;
  int at = start + q * ((width + 3) >> 2) + (kx >> 2);
  float sum = 0.0;
  for (int s = 0; s < slices; s++) {
    sum += y_texel(at)[kx & 3];
    at += outputs;
  }
  return sum;
}
void compute(int t) {
  int e = t << 2;
  out0 = vec4(total(e), total(e + 1), total(e + 2), total(e + 3))${accumulate ? ' + old_four(old_at + e)' : ''};
}`,
  }));
}

/** dw and db of their slices, as far as they are wanted. */
export function collectDepthwise(
  engine: Engine,
  y: Texture,
  g: ConvGeometry,
  { slices, outputs, products }: { readonly slices: number; readonly outputs: number; readonly products: number },
  { dw, db, accumulate }: WeightGradients,
): void {
  if (dw) {
    const operands = { inputs: { y, ...(accumulate ? { old: dw } : {}) }, uniforms: { start: 0, slices, outputs, width: g.kernel[2] } };
    engine.compute(collectKernel(accumulate), operands, dw);
  }
  if (db) {
    engine.compute(collectKernel(false), { inputs: { y }, uniforms: { start: products, slices, outputs: g.outChannels, width: 1 } }, db);
  }
}

/** dw and, where wanted, db. */
export function depthwiseGradWeight(engine: Engine, x: TensorRef | null, dy: TensorRef, g: ConvGeometry, out: WeightGradients): void {
  const { outChannels: channels, kernel, stride, dilation, padLow: low } = g;
  const outputs = channels * kernel[0] * kernel[1] * Math.ceil(kernel[2] / 4);
  const cuts = cut(g.batch, g.outSize, out.dw ? outputs : channels, 4);
  const { slices } = cuts;
  const products = out.dw ? slices * outputs : 0;
  const y = engine.draw(weightKernel(stride[2] === 1 && dilation[2] === 1), products + (out.db ? slices * channels : 0), {
    inputs: { x: x ?? dy, dy },
    uniforms: {
      outputs,
      products,
      channels,
      multiplier: convPlan(g).outPer,
      image: g.inSize,
      size: g.outSize,
      kernel,
      stride,
      dilation,
      low,
      parts: cuts.parts,
      partsPerRow: cuts.partsPerRow,
      partsPerSlice: cuts.partsPerSlice,
      partLength: cuts.partLength,
    },
  });
  try {
    collectDepthwise(engine, y, g, { slices, outputs, products }, out);
  } finally {
    y.release();
  }
}
