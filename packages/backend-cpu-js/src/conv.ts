import type { ActivationKind, ConvGeometry, TensorRef } from '@konv/core-tensor';
import { activate } from './activation.js';
import { convPlan, padImage } from './conv-plan.js';
import type { ConvPlan } from './conv-plan.js';
import { DIRECT_CHANNELS, windowDots } from './conv-direct.js';
import { multiplyPanels, panelSize, rowsWithin } from './gemm.js';
import { floatsOf } from './memory.js';
import { packLast, packMatrix, packWindows } from './pack.js';
import type { Scratch } from './scratch.js';

/** Doubles of a packed block of windows, which all weight panels pass over: half of a 512 KiB L2. */
const BLOCK_DOUBLES = 32 * 1024;

/**
 * y = x * w as a product: weight `[outChannels, taps]` times windows `[taps, pixels]`, image by image and group by
 * group. The windows are packed straight from the padded image, a block of pixels at a time; the bias is one more tap,
 * whose window value is 1.
 */
export function conv(
  scratch: Scratch,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  g: ConvGeometry,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  const plan = convPlan(g);
  const to = floatsOf(out);
  const outGroup = plan.outChannels * plan.pixels;
  const forward = plan.outChannels <= DIRECT_CHANNELS ? directGroup : panelGroup;
  const image = scratch.float64('conv image', plan.imageSize);
  image.fill(0, 0, plan.imageSize);
  for (let group = 0; group < g.groups; group++) {
    const pass = forward(scratch, plan, weight, bias, group);
    for (let n = 0; n < g.batch; n++) {
      const part = n * g.groups + group;
      padImage(plan, g, floatsOf(x), x.offset + part * plan.inChannels * plan.plane, image);
      const at = out.offset + part * outGroup;
      pass(image, to, at);
      activate(activation, to, at, outGroup);
    }
  }
}

/** Writes all output channels of one group for one padded image, from `at`. */
type GroupPass = (image: Float64Array, out: Float32Array | Float64Array, at: number) => void;

function panelGroup(scratch: Scratch, plan: ConvPlan, weight: TensorRef, bias: TensorRef | null, group: number): GroupPass {
  const { outChannels, taps, pixels } = plan;
  const k = bias ? taps + 1 : taps;
  const data = scratch.float64('conv weight', panelSize(outChannels, k));
  packMatrix(floatsOf(weight), weight.offset + group * outChannels * taps, taps, 1, 0, outChannels, taps, k, data);
  if (bias) packLast(data, outChannels, taps, floatsOf(bias), bias.offset + group * outChannels);
  const weights = { data, rows: outChannels, first: 0 };

  const block = Math.min(pixels, rowsWithin(BLOCK_DOUBLES, k));
  const windowData = scratch.float64('conv windows', panelSize(block, k));
  return (image, out, at) => {
    for (let first = 0; first < pixels; first += block) {
      const rows = Math.min(block, pixels - first);
      packWindows(image, plan.pixelAt, first, rows, plan.tapAt, 0, taps, k, windowData);
      if (bias) packLast(windowData, rows, taps, null, 0);
      const windows = { data: windowData, rows, first };
      multiplyPanels(k, weights, windows, out, at, plan.channelAt, plan.positionAt, false);
    }
  };
}

function directGroup(scratch: Scratch, plan: ConvPlan, weight: TensorRef, bias: TensorRef | null, group: number): GroupPass {
  const { outChannels, taps, pixels } = plan;
  const weights = scratch.float64('conv weight', outChannels * taps);
  const from = floatsOf(weight);
  const weightAt = weight.offset + group * outChannels * taps;
  for (let i = 0; i < outChannels * taps; i++) weights[i] = from[weightAt + i];
  return (image, out, at) => {
    for (let o = 0; o < outChannels; o++) {
      const start = bias ? floatsOf(bias)[bias.offset + group * outChannels + o] : 0;
      windowDots(image, plan.pixelAt, pixels, plan.tapAt, taps, weights, o * taps, out, at + o * pixels, start, false);
    }
  };
}
