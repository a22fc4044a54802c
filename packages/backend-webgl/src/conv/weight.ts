/**
 * The weight gradient: dw[4 o's][c][k] += sum over batch and pixels q of dy[4 o's][q] x[c][q stride + k dilation].
 *
 * An invocation has a block of 4 output channels (the lanes) by the `lanes` input channels of a block at `across`
 * neighbouring taps of a row of the kernel (target `tap * lanes + channel`), and sums over one slice of the pixels. x and dy
 * are packed as `pack.ts` says. Where a tap is as far away as a pixel (`slides`), a tap's texel of x serves the tap before
 * it at the next pixel.
 *
 *     texel   ((((slice groups + g) outBlocks + o) inBlocks + c) kernelRows + row) tapGroups + tapGroup
 *     and behind all of these, for db, the sums of dy:   (slice groups + g) outBlocks + o
 *
 * `collect` adds up the slices.
 */
import type { ConvGeometry } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { define, repeat } from '../gl/define.js';
import type { Kernel } from '../gl/kernel.js';
import type { Texture } from '../gl/texture.js';
import { collect, type WeightGradients } from './collect.js';
import { type ConvPlan, type Frame, perAxis, volume } from './plan.js';
import { cut } from './slices.js';

const lane = (i: number): string => 'xyzw'[i];

function weightKernel(lanes: number, across: number, slides: boolean): Kernel {
  const fetch = (k: number): string => `p${k} = x_texel(px + ${k} * tapStep);`;
  const targets = across * lanes;
  const last = across - 1;
  return define(`conv weight ${lanes} lanes ${across} taps${slides ? ' slides' : ''}`, () => ({
    inputs: { x: 'float32', dy: 'float32' },
    output: 'float32',
    targets,
    uniforms: {
      outputs: 'int',
      products: 'int',
      groups: 'int',
      blocks: 'ivec2',
      kernel: 'ivec3',
      size: 'ivec3',
      positions: 'ivec2',
      step: 'ivec3',
      hop: 'ivec3',
      pitch: 'ivec2',
      dyAt: 'int',
      tapStep: 'int',
      parts: 'int',
      partsPerRow: 'int',
      partsPerSlice: 'int',
      partLength: 'int',
    },
    body: `// Of part \`i\`: the image, the texel of its first pixel in x and in dy (without channels), and its pixels.
void locate(int i, out int n, out int xAt, out int yAt, out int count) {
  int row = i / partsPerRow;
  int first = (i - row * partsPerRow) * partLength;
  int q = row / size.y;
  int y = row - q * size.y;
  n = q / size.x;
  int z = q - n * size.x;
  xAt = z * step.x + y * step.y + first * step.z;
  yAt = dyAt + z * pitch.x + y * pitch.y + first;
  count = min(partLength, size.z - first);
}
void sumOfDy(int t) {
  int slice = t / (groups * blocks.y);
  int go = t - slice * groups * blocks.y;
  vec4 total = vec4(0.0);
  int end = min((slice + 1) * partsPerSlice, parts);
  for (int i = slice * partsPerSlice; i < end; i++) {
    int n, xAt, yAt, count;
    locate(i, n, xAt, yAt, count);
    yAt += (n * groups * blocks.y + go) * positions.y;
    vec4 part = vec4(0.0);
    for (int end = yAt + count; yAt < end; yAt++) part += dy_texel(yAt);
    total += part;
  }
  out0 = total;
}
void compute(int t) {
${repeat(targets - 1, (i) => `  out${i + 1} = vec4(0.0);`)}
  if (t >= products) {
    sumOfDy(t - products);
    return;
  }
  int slice = t / outputs;
  int q = t - slice * outputs;
  int q1 = q / kernel.z;
  int kx = q - q1 * kernel.z;
  int q2 = q1 / kernel.y;
  int ky = q1 - q2 * kernel.y;
  int q3 = q2 / kernel.x;
  int kz = q2 - q3 * kernel.x;
  int go = q3 / blocks.x;
  int c = q3 - go * blocks.x;
  int gc = go / blocks.y * blocks.x + c;
  int tap = kz * hop.x + ky * hop.y + kx * hop.z;
  vec4 ${Array.from({ length: targets }, (_, i) => `a${i} = vec4(0.0)`).join(', ')};
  vec4 ${Array.from({ length: across }, (_, i) => `p${i}`).join(', ')};
  int end = min((slice + 1) * partsPerSlice, parts);
  for (int i = slice * partsPerSlice; i < end; i++) {
    int n, px, py, count;
    locate(i, n, px, py, count);
    px += tap + (n * groups * blocks.x + gc) * positions.x;
    py += (n * groups * blocks.y + go) * positions.y;
    ${slides ? repeat(last, fetch) : ''}
    for (int end = py + count; py < end; py++) {
      vec4 d = dy_texel(py);
      ${slides ? fetch(last) : repeat(across, fetch)}
      ${repeat(across, (k) => repeat(lanes, (c) => `a${k * lanes + c} += d * p${k}.${lane(c)};`))}
      ${slides ? repeat(last, (k) => `p${k} = p${k + 1};`) : ''}
      px += step.z;
    }
  }
${repeat(targets, (i) => `  out${i} = a${i};`)}
}`,
  }));
}

/** Packed dy in a frame of its own: where pixel 0 stands, and how far rows and slices are apart. */
export interface PackedDy {
  readonly texture: Texture;
  readonly frame: Frame;
}

/** dw and, where wanted, db of packed x (in the plan's `xFrame`) and packed dy. */
export function weightGradient(engine: Engine, x: Texture, dy: PackedDy, g: ConvGeometry, plan: ConvPlan, out: WeightGradients): void {
  const { inBlocks, outBlocks, lanes, xFrame } = plan;
  const width = g.kernel[2];
  // As even groups of taps as the targets allow: five taps are 3 + 2, not 4 + 1.
  const most = Math.max(1, Math.floor(Math.min(8, engine.maxTargets) / lanes));
  const across = Math.max(Math.ceil(width / Math.ceil(width / most)), lanes === 1 ? 2 : 1);
  const tapGroups = Math.ceil(width / across);
  const rows = g.kernel[0] * g.kernel[1];
  const outputs = g.groups * outBlocks * inBlocks * rows * tapGroups;
  const sums = g.groups * outBlocks;
  const cuts = cut(g.batch, g.outSize, out.dw ? outputs : sums);
  const products = out.dw ? cuts.slices * outputs : 0;
  const pitch = [xFrame.size[1] * xFrame.size[2], xFrame.size[2], 1];
  const dyPitch = [dy.frame.size[1] * dy.frame.size[2], dy.frame.size[2]];
  const hop = perAxis((a) => g.dilation[a] * pitch[a]);
  const y = engine.draw(weightKernel(lanes, across, g.stride[2] === g.dilation[2]), products + (out.db ? cuts.slices * sums : 0), {
    inputs: { x, dy: dy.texture },
    uniforms: {
      outputs,
      products,
      groups: g.groups,
      blocks: [inBlocks, outBlocks],
      kernel: [g.kernel[0], g.kernel[1], tapGroups],
      size: g.outSize,
      positions: [volume(xFrame.size), volume(dy.frame.size)],
      step: perAxis((a) => g.stride[a] * pitch[a]),
      hop: [hop[0], hop[1], hop[2] * across],
      pitch: dyPitch,
      dyAt: dy.frame.low[0] * dyPitch[0] + dy.frame.low[1] * dyPitch[1] + dy.frame.low[2],
      tapStep: g.dilation[2],
      parts: cuts.parts,
      partsPerRow: cuts.partsPerRow,
      partsPerSlice: cuts.partsPerSlice,
      partLength: cuts.partLength,
    },
  });
  try {
    const layout = { slices: cuts.slices, outputs, products, inBlocks, outBlocks, depth: 4, across, tapStep: lanes, channelStep: 1 };
    collect(engine, y, g, layout, out);
  } finally {
    y.release();
  }
}
