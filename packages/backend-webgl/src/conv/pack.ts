/**
 * Layouts in which convolutions read their operands.
 *
 *     image    texel  ((n groups + g) blocks + b) positions + p        positions of a `Frame`, row-major
 *              lanes  channels 4 b to 4 b + 3 of the group at position p, 0 outside of the image
 *
 *     weight   texel  (((g outBlocks + o) inBlocks + c) taps + k) lanes + i
 *              lanes  w[output channels 4 o to 4 o + 3 of the group][input channel 4 c + i][tap k]
 *
 * Channels that a last block lacks are 0. Forward and input gradient read one weight: a product with a block of 4 x 4 from
 * the left or from the right.
 */
import type { ConvGeometry, Spatial, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { define } from '../gl/define.js';
import type { Texture } from '../gl/texture.js';
import { type ConvPlan, type Frame, volume } from './plan.js';

const imageKernel = () =>
  define('conv pack image', () => ({
    inputs: { x: 'float32' },
    output: 'float32',
    uniforms: { image: 'ivec3', frame: 'ivec3', low: 'ivec3', channels: 'int', blocks: 'int', plane: 'int', positions: 'int' },
    body: `void compute(int t) {
  int q = t / positions;
  int p = t - q * positions;
  int y = p / frame.z;
  int z = y / frame.y;
  ivec3 at = ivec3(z, y - z * frame.y, p - y * frame.z) - low;
  out0 = vec4(0.0);
  if (any(lessThan(at, ivec3(0))) || any(greaterThanEqual(at, image))) return;
  int n = q / blocks;
  int first = (q - n * blocks) << 2;
  int e = x_at + (n * channels + first) * plane + (at.x * image.y + at.y) * image.z + at.z;
  int left = channels - first;
  out0.x = x_el(e);
  if (left > 1) out0.y = x_el(e + plane);
  if (left > 2) out0.z = x_el(e + 2 * plane);
  if (left > 3) out0.w = x_el(e + 3 * plane);
}`,
  }));

/** x `[batch, groups * channels, *image]`, packed within `frame`. */
export function packImage(engine: Engine, x: TensorRef, g: ConvGeometry, image: Spatial, channels: number, frame: Frame): Texture {
  const blocks = Math.ceil(channels / 4);
  const positions = volume(frame.size);
  return engine.draw(imageKernel(), g.batch * g.groups * blocks * positions, {
    inputs: { x },
    uniforms: { image, frame: frame.size, low: frame.low, channels, blocks, plane: volume(image), positions },
  });
}

const weightKernel = () =>
  define('conv pack weight', () => ({
    inputs: { w: 'float32' },
    output: 'float32',
    uniforms: { outPer: 'int', inPer: 'int', outBlocks: 'int', inBlocks: 'int', taps: 'int', lanes: 'int' },
    body: `void compute(int t) {
  int q = t / lanes;
  int i = t - q * lanes;
  int r = q / taps;
  int k = q - r * taps;
  int ob = r / inBlocks;
  int c = ((r - ob * inBlocks) << 2) + i;
  int g = ob / outBlocks;
  int o = (ob - g * outBlocks) << 2;
  out0 = vec4(0.0);
  if (c >= inPer) return;
  int step = inPer * taps;
  int e = w_at + (g * outPer + o) * step + c * taps + k;
  int left = outPer - o;
  out0.x = w_el(e);
  if (left > 1) out0.y = w_el(e + step);
  if (left > 2) out0.z = w_el(e + 2 * step);
  if (left > 3) out0.w = w_el(e + 3 * step);
}`,
  }));

/** weight `[outChannels, inChannels / groups, *kernel]`, packed. */
export function packWeight(engine: Engine, weight: TensorRef, g: ConvGeometry, plan: ConvPlan): Texture {
  const { outPer, inPer, outBlocks, inBlocks, taps, lanes } = plan;
  return engine.draw(weightKernel(), g.groups * outBlocks * inBlocks * taps * lanes, {
    inputs: { w: weight },
    uniforms: { outPer, inPer, outBlocks, inBlocks, taps, lanes },
  });
}
