import type { ConvGeometry, Spatial } from '@konv/core-tensor';
import type { FloatArray } from './memory.js';

/**
 * Offsets into a zero-padded copy of one image of one group, `[channels of the group, *padded]`.
 *
 * Output pixel p at kernel tap k (channel and kernel position) reads `image[pixelAt[p] + tapAt[k]]`: stride, dilation
 * and padding live in these two tables alone, and 1-, 2- and 3-D are one case.
 */
export interface ConvPlan {
  /** Channels of one group, in and out. */
  readonly inChannels: number;
  readonly outChannels: number;
  /** Pixels of one output channel. */
  readonly pixels: number;
  /** Taps: inChannels * kernel positions. */
  readonly taps: number;
  /** Elements of one unpadded channel. */
  readonly plane: number;
  readonly padded: Spatial;
  /** Elements of the padded image. */
  readonly imageSize: number;
  readonly pixelAt: Int32Array;
  readonly tapAt: Int32Array;
  /** Offsets of the output: `pixels`-spaced per channel, and 0, 1, 2, ... per pixel. */
  readonly channelAt: Int32Array;
  readonly positionAt: Int32Array;
  /** Offsets of the weight `[outChannels, taps]`. */
  readonly weightRowAt: Int32Array;
  readonly weightColumnAt: Int32Array;
}

const plans = new WeakMap<ConvGeometry, ConvPlan>();

export function convPlan(g: ConvGeometry): ConvPlan {
  let plan = plans.get(g);
  if (!plan) {
    plan = makePlan(g);
    plans.set(g, plan);
  }
  return plan;
}

function makePlan(g: ConvGeometry): ConvPlan {
  // What the last window reaches; input beyond it is never read.
  const reach = (a: 0 | 1 | 2) => (g.outSize[a] - 1) * g.stride[a] + g.dilation[a] * (g.kernel[a] - 1) + 1;
  const size = (a: 0 | 1 | 2) => Math.max(g.padLow[a] + g.inSize[a], reach(a));
  const padded: Spatial = [size(0), size(1), size(2)];
  const rowStride = padded[2];
  const sliceStride = padded[1] * rowStride;
  const channelStride = padded[0] * sliceStride;
  const inChannels = g.inChannels / g.groups;
  const outChannels = g.outChannels / g.groups;
  const imageSize = inChannels * channelStride;

  const positions = (counts: Spatial, steps: Spatial, channels: number): number[] => {
    const at: number[] = [];
    for (let c = 0; c < channels; c++)
      for (let z = 0; z < counts[0]; z++)
        for (let y = 0; y < counts[1]; y++)
          for (let x = 0; x < counts[2]; x++)
            at.push(c * channelStride + z * steps[0] * sliceStride + y * steps[1] * rowStride + x * steps[2]);
    return at;
  };
  const pixelAt = Int32Array.from(positions(g.outSize, g.stride, 1));
  const tapAt = Int32Array.from(positions(g.kernel, g.dilation, inChannels));
  const pixels = pixelAt.length;
  const taps = tapAt.length;
  const multiples = (count: number, step: number) => Int32Array.from({ length: count }, (_, i) => i * step);
  return {
    inChannels,
    outChannels,
    pixels,
    taps,
    plane: g.inSize[0] * g.inSize[1] * g.inSize[2],
    padded,
    imageSize,
    pixelAt,
    tapAt,
    channelAt: multiples(outChannels, pixels),
    positionAt: multiples(pixels, 1),
    weightRowAt: multiples(outChannels, taps),
    weightColumnAt: multiples(taps, 1),
  };
}

/**
 * Copies one image of one group, from `at`, into the padded double image. The margins are zeroed by the caller, once:
 * no copy touches them.
 */
export function padImage(plan: ConvPlan, g: ConvGeometry, x: FloatArray, at: number, image: Float64Array): void {
  const [depth, height, width] = g.inSize;
  for (let c = 0; c < plan.inChannels; c++)
    for (let z = 0; z < depth; z++) for (let y = 0; y < height; y++, at += width) copyRow(width, x, at, image, paddedAt(plan, g, c, z, y));
}

/** The inverse of `padImage`: drops the margins and rounds. */
export function cropImage(plan: ConvPlan, g: ConvGeometry, image: Float64Array, x: FloatArray, at: number): void {
  const [depth, height, width] = g.inSize;
  for (let c = 0; c < plan.inChannels; c++)
    for (let z = 0; z < depth; z++) for (let y = 0; y < height; y++, at += width) copyRow(width, image, paddedAt(plan, g, c, z, y), x, at);
}

function paddedAt(plan: ConvPlan, g: ConvGeometry, c: number, z: number, y: number): number {
  const [d, h, w] = plan.padded;
  return ((c * d + z + g.padLow[0]) * h + y + g.padLow[1]) * w + g.padLow[2];
}

function copyRow(n: number, x: FloatArray, ix: number, out: FloatArray, io: number): void {
  for (const end = ix + n; ix < end; ix++, io++) out[io] = x[ix];
}
