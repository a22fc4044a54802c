/**
 * The weight gradient of convolutions that move by one along a row:
 * dw[4 o's][c][row of taps] += sum over batch and pixels q of dy[4 o's][q] x[c][q + taps].
 *
 * Both operands by rows (`row-frame.ts`): x in the plan's frame, dy as it is, rows filled up with zeros. An invocation has 4
 * output channels (the lanes) by `depth` input channels by all taps of a row of the kernel (target `channel * width + tap`),
 * and sums over a slice of the pixels, four at a time: 4 fetches of dy and 2 of each channel of x for 16 width depth
 * multiplications.
 *
 *     texel   ((((slice groups + g) outBlocks + o) inBlocks + c) kernelRows + row          blocks of `depth` channels
 *     and behind all of these, for db, the sums of dy:   (slice groups + g) outBlocks + o
 */
import type { ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { define, repeat, withScratch } from '../gl/define.js';
import type { Kernel } from '../gl/kernel.js';
import { collect, type WeightGradients } from './collect.js';
import type { ConvPlan } from './plan.js';
import { frameRows, list, texelsOf, window } from './row-frame.js';
import { cutFour, foursUniforms, MAX_FOURS, rowFours, walkFours } from './row-walk.js';
import { sliced } from './slices.js';

export function servesWeight(engine: Engine, g: ConvGeometry): boolean {
  return g.kernel[2] <= Math.min(7, engine.maxTargets) && g.stride[2] === 1 && (g.dilation[2] === 1 || g.kernel[2] === 1);
}

function weightKernel(width: number, depth: number): Kernel {
  const pairs = list(depth * width, (i) => ({ c: Math.floor(i / width), k: i % width }));
  const texels = texelsOf(width, 1);
  return define(`conv rows weight gradient ${width} taps ${depth}`, () => ({
    inputs: { x: 'float32', dy: 'float32' },
    output: 'float32',
    targets: depth * width,
    uniforms: {
      ...foursUniforms,
      outputs: 'int',
      products: 'int',
      sums: 'int',
      channels: 'ivec2',
      blocks: 'ivec2',
      kernel: 'ivec2',
      hop: 'ivec2',
    },
    body: `${walkFours}
${cutFour}
int outChannel(int go) {
  int g = go / blocks.y;
  return g * channels.y + ((go - g * blocks.y) << 2);
}
void sumOfDy(int slice, int go) {
  int first = slice * perSlice;
  begin(first, outChannel(go), 0);
  vec4 total = vec4(0.0);
  for (int left = min(perSlice, fours - first); left > 0; left--) {
    total += vec4(${list(4, (o) => `dot(dy_texel(d + ${o} * dyPlane), vec4(1.0))`).join(', ')});
    next();
  }
  out0 = total;
}
void compute(int t) {
${repeat(pairs.length, (i) => `  out${i} = vec4(0.0);`)}
  if (t >= products) {
    int slice = (t - products) / sums;
    sumOfDy(slice, t - products - slice * sums);
    return;
  }
  int slice = t / outputs;
  int q = t - slice * outputs;
  int q1 = q / kernel.y;
  int ky = q - q1 * kernel.y;
  int q2 = q1 / kernel.x;
  int kz = q1 - q2 * kernel.x;
  int go = q2 / blocks.x;
  int first = slice * perSlice;
  begin(first, outChannel(go), go / blocks.y * channels.x + (q2 - go * blocks.x) * ${depth});
  p += kz * hop.x + ky * hop.y;
  vec4 ${pairs.map((_, i) => `a${i} = vec4(0.0)`).join(', ')};
  for (int left = min(perSlice, fours - first); left > 0; left--) {
${repeat(4, (o) => `    vec4 d${o} = dy_texel(d + ${o} * dyPlane);`)}
${repeat(depth, (c) => repeat(texels, (i) => `    vec4 x${c}_${i} = x_texel(p + ${c} * plane + ${i});`))}
${pairs.map(({ c, k }) => `    vec4 v${c}_${k} = ${window(k, `x${c}_`)};`).join('\n')}
    int count = size.z - (i << 2);
    if (count < 4) {
      // Behind the end of a row dy is 0, but what x has there may be infinite.
${pairs.map(({ c, k }) => `      v${c}_${k} = cutFour(v${c}_${k}, count);`).join('\n')}
    }
${pairs.map(({ c, k }, i) => `    a${i} += vec4(${list(4, (o) => `dot(d${o}, v${c}_${k})`).join(', ')});`).join('\n')}
    next();
  }
${repeat(pairs.length, (i) => `  out${i} = a${i};`)}
}`,
  }));
}

/** dw and, where wanted, db. */
export function rowsWeightGradient(
  engine: Engine,
  x: TensorRef | null,
  dy: TensorRef,
  g: ConvGeometry,
  { inPer, outPer, xFrame }: ConvPlan,
  out: WeightGradients,
): void {
  const width = g.kernel[2];
  // A power of two, so that programs are few; at least two targets, so that what is collected has layers.
  const enough = 2 ** Math.ceil(Math.log2(inPer));
  const depth = Math.max(width === 1 ? 2 : 1, Math.min(Math.floor(Math.min(8, engine.maxTargets) / width), enough));
  const inBlocks = Math.ceil(inPer / depth);
  const outBlocks = Math.ceil(outPer / 4);
  const sums = g.groups * outBlocks;
  const outputs = sums * inBlocks * g.kernel[0] * g.kernel[1];
  const across = rowFours(g);
  const rowTexels = across - 1 + texelsOf(width, 1);
  const fours = g.batch * g.outSize[0] * g.outSize[1] * across;
  const { slices, perSlice } = sliced(fours, out.dw ? outputs : sums, MAX_FOURS);
  const products = out.dw ? slices * outputs : 0;
  const depthStep = xFrame.size[1] * rowTexels;
  withScratch((keep) => {
    const dyRows = frameRows(engine, keep, dy, g.batch * g.outChannels, g.outSize, { low: [0, 0, 0], size: g.outSize }, across);
    const xRows = x && out.dw ? frameRows(engine, keep, x, g.batch * g.inChannels, g.inSize, xFrame, rowTexels) : dyRows;
    const y = keep(
      engine.draw(weightKernel(width, depth), products + (out.db ? slices * sums : 0), {
        inputs: { x: xRows.input, dy: dyRows.input },
        uniforms: {
          outputs,
          products,
          sums,
          channels: [inPer, outPer],
          planes: [g.inChannels, g.outChannels],
          blocks: [inBlocks, outBlocks],
          kernel: [g.kernel[0], g.kernel[1]],
          size: g.outSize,
          rowFours: across,
          fours,
          perSlice,
          step: [g.stride[0] * depthStep, g.stride[1] * rowTexels],
          hop: [g.dilation[0] * depthStep, g.dilation[1] * rowTexels],
          plane: xFrame.size[0] * depthStep,
          dyPlane: g.outSize[0] * g.outSize[1] * across,
          xAt: xRows.first,
          dyAt: dyRows.first,
        },
      }),
    );
    collect(engine, y, g, { slices, outputs, products, inBlocks, outBlocks, depth, across: width, tapStep: 1, channelStep: width }, out);
  });
}
