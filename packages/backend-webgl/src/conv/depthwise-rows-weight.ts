/**
 * The weight gradient of groups of one input channel that move by one along a row, both operands by rows as `rows-weight.ts`
 * has them. An invocation has 4 neighbouring taps of one output channel (the lanes) and sums over a slice of the pixels: four
 * taps from a multiple of four on see 4 pixels in two texels, whatever the kernel's width.
 *
 * The result is laid out as that of `depthwise-weight.ts`.
 */
import type { ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { define, withScratch } from '../gl/define.js';
import type { WeightGradients } from './collect.js';
import { collectDepthwise } from './depthwise-weight.js';
import type { ConvPlan } from './plan.js';
import { frameRows, texelsOf, window } from './row-frame.js';
import { cutFour, foursUniforms, MAX_FOURS, rowFours, walkFours } from './row-walk.js';
import { sliced } from './slices.js';

const weightKernel = () =>
  define('depthwise rows weight gradient', () => ({
    inputs: { x: 'float32', dy: 'float32' },
    output: 'float32',
    uniforms: { ...foursUniforms, outputs: 'int', products: 'int', share: 'int', kernel: 'ivec2', groups: 'int', hop: 'ivec2' },
    body: `${walkFours}
${cutFour}
vec4 sumOfDy(int slice, int o) {
  int first = slice * perSlice;
  begin(first, o, 0);
  float total = 0.0;
  for (int left = min(perSlice, fours - first); left > 0; left--) {
    total += dot(dy_texel(d), vec4(1.0));
    next();
  }
  return vec4(total);
}
void compute(int t) {
  if (t >= products) {
    int slice = (t - products) / planes.y;
    out0 = sumOfDy(slice, t - products - slice * planes.y);
    return;
  }
  int slice = t / outputs;
  int q = t - slice * outputs;
  int q1 = q / groups;
  int group = q - q1 * groups;
  int q2 = q1 / kernel.y;
  int ky = q1 - q2 * kernel.y;
  int o = q2 / kernel.x;
  int kz = q2 - o * kernel.x;
  int first = slice * perSlice;
  begin(first, o, o / share);
  p += kz * hop.x + ky * hop.y + group;
  vec4 total = vec4(0.0);
  for (int left = min(perSlice, fours - first); left > 0; left--) {
    vec4 v = dy_texel(d);
    vec4 p0 = x_texel(p);
    vec4 p1 = x_texel(p + 1);
    vec4 v1 = ${window(1)}, v2 = ${window(2)}, v3 = ${window(3)};
    int count = size.z - (i << 2);
    if (count < 4) {
      p0 = cutFour(p0, count);
      v1 = cutFour(v1, count);
      v2 = cutFour(v2, count);
      v3 = cutFour(v3, count);
    }
    total += vec4(dot(v, p0), dot(v, v1), dot(v, v2), dot(v, v3));
    next();
  }
  out0 = total;
}`,
  }));

export function depthwiseRowsGradWeight(
  engine: Engine,
  x: TensorRef | null,
  dy: TensorRef,
  g: ConvGeometry,
  { outPer, xFrame }: ConvPlan,
  out: WeightGradients,
): void {
  const groups = Math.ceil(g.kernel[2] / 4);
  const outputs = g.outChannels * g.kernel[0] * g.kernel[1] * groups;
  const across = rowFours(g);
  const rowTexels = across - 1 + texelsOf(g.kernel[2], 1);
  const { slices, perSlice } = sliced(g.batch * g.outSize[0] * g.outSize[1] * across, out.dw ? outputs : g.outChannels, MAX_FOURS);
  const products = out.dw ? slices * outputs : 0;
  const depth = xFrame.size[1] * rowTexels;
  withScratch((keep) => {
    const dyRows = frameRows(engine, keep, dy, g.batch * g.outChannels, g.outSize, { low: [0, 0, 0], size: g.outSize }, across);
    const xRows = x && out.dw ? frameRows(engine, keep, x, g.batch * g.inChannels, g.inSize, xFrame, rowTexels) : dyRows;
    const y = keep(
      engine.draw(weightKernel(), products + (out.db ? slices * g.outChannels : 0), {
        inputs: { x: xRows.input, dy: dyRows.input },
        uniforms: {
          outputs,
          products,
          share: outPer,
          kernel: [g.kernel[0], g.kernel[1]],
          groups,
          hop: [g.dilation[0] * depth, g.dilation[1] * rowTexels],
          planes: [g.inChannels, g.outChannels],
          size: g.outSize,
          rowFours: across,
          fours: g.batch * g.outSize[0] * g.outSize[1] * across,
          perSlice,
          step: [g.stride[0] * depth, g.stride[1] * rowTexels],
          plane: xFrame.size[0] * depth,
          dyPlane: g.outSize[0] * g.outSize[1] * across,
          xAt: xRows.first,
          dyAt: dyRows.first,
        },
      }),
    );
    collectDepthwise(engine, y, g, { slices, outputs, products }, out);
  });
}
