import type { ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { define } from '../gl/define.js';
import type { Texture } from '../gl/texture.js';

/** The gradients that are wanted of weight and bias. */
export interface WeightGradients {
  readonly dw: TensorRef | null;
  readonly db: TensorRef | null;
  /** dw is added to what stands there. */
  readonly accumulate: boolean;
}

/** How slices of a weight gradient are laid out. */
export interface SlicedWeight {
  readonly slices: number;
  /** Texels of one slice of dw, and where the sums for db begin. */
  readonly outputs: number;
  readonly products: number;
  readonly inBlocks: number;
  readonly outBlocks: number;
  /** Input channels of a block, and taps of a row of the kernel that are together. */
  readonly depth: number;
  readonly across: number;
  /** Layers from a tap and from a channel to the next. */
  readonly tapStep: number;
  readonly channelStep: number;
}

/**
 * Slices added up, row-major. Texel `start + slice * outputs +
 * (((g outBlocks + o / 4) inBlocks + c / depth) kernelRows + row) tapGroups + tap / across` has output channel o in lane
 * o mod 4, channel and tap in layer `tap mod across * tapStep + c mod depth * channelStep`.
 */
const collectKernel = (accumulate: boolean) =>
  define(`conv collect${accumulate ? ' accumulate' : ''}`, () => ({
    inputs: { y: { layers: true, type: 'float32' }, ...(accumulate ? { old: 'float32' as const } : {}) },
    output: 'float32',
    uniforms: {
      start: 'int',
      slices: 'int',
      outputs: 'int',
      channels: 'ivec2',
      blocks: 'ivec2',
      rows: 'int',
      width: 'int',
      across: 'int',
      depth: 'int',
      layerStep: 'ivec2',
    },
    body: `float total(int e) {
  int q = e / width;
  int kx = e - q * width;
  int q1 = q / rows;
  int row = q - q1 * rows;
  int q2 = q1 / channels.x;
  int c = q1 - q2 * channels.x;
  int g = q2 / channels.y;
  int o = q2 - g * channels.y;
  int group = kx / across;
  int block = c / depth;
  int layer = (kx - group * across) * layerStep.x + (c - block * depth) * layerStep.y;
  int groups = (width + across - 1) / across;
  int at = start + (((g * blocks.y + (o >> 2)) * blocks.x + block) * rows + row) * groups + group;
  float sum = 0.0;
  for (int s = 0; s < slices; s++) {
    sum += y_texel(at, layer)[o & 3];
    at += outputs;
  }
  return sum;
}
void compute(int t) {
  int e = t << 2;
  out0 = vec4(total(e), total(e + 1), total(e + 2), total(e + 3))${accumulate ? ' + old_four(old_at + e)' : ''};
}`,
  }));

/** dw and db of their slices, as far as they are wanted. */
export function collect(engine: Engine, y: Texture, g: ConvGeometry, s: SlicedWeight, { dw, db, accumulate }: WeightGradients): void {
  const { slices, outBlocks } = s;
  const outPer = g.outChannels / g.groups;
  if (dw) {
    const uniforms = {
      start: 0,
      slices,
      outputs: s.outputs,
      channels: [g.inChannels / g.groups, outPer],
      blocks: [s.inBlocks, outBlocks],
      rows: g.kernel[0] * g.kernel[1],
      width: g.kernel[2],
      across: s.across,
      depth: s.depth,
      layerStep: [s.tapStep, s.channelStep],
    };
    engine.compute(collectKernel(accumulate), { inputs: { y, ...(accumulate ? { old: dw } : {}) }, uniforms }, dw);
  }
  if (db) {
    // As the gradient of a weight of one channel and one tap.
    const one = { channels: [1, outPer], blocks: [1, outBlocks], rows: 1, width: 1, across: 1, depth: 1, layerStep: [0, 0] };
    engine.compute(
      collectKernel(false),
      { inputs: { y }, uniforms: { start: s.products, slices, outputs: g.groups * outBlocks, ...one } },
      db,
    );
  }
}
