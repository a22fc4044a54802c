/**
 * The gradients of `conv` are the same product with its three parts exchanged:
 *
 *     y  [outChannels, pixels] = weight  times windows
 *     dw [outChannels, taps]   = dy      times windows, transposed: k is the pixels, rows are the taps
 *     d(windows) [taps, pixels] = weight, transposed, times dy: k is the output channels
 *
 * and dx is d(windows) added up where windows overlap: the product's offset tables are those of the windows, so that
 * each tile is added into the padded image as it is stored. The gradient of a strided or dilated convolution costs
 * what its forward costs.
 */
import type { ConvGeometry, TensorRef } from '@konv/core-tensor';
import { DIRECT_CHANNELS, scatterWindows, windowDots } from './conv-direct.js';
import { convPlan, cropImage, padImage } from './conv-plan.js';
import type { ConvPlan } from './conv-plan.js';
import { multiplyPanels, panelSize, rowsWithin } from './gemm.js';
import type { Panels } from './gemm.js';
import { floatsOf } from './memory.js';
import type { FloatArray } from './memory.js';
import { packMatrix, packWindows } from './pack.js';
import { reduce } from './reduce.js';
import type { Scratch } from './scratch.js';

const BLOCK_DOUBLES = 32 * 1024;
/** Pixels of one partial product of dw: panels of them stay in L2, and storing a tile is a small part of its cost. */
const PIXEL_CHUNK = 256;

export function convGradInput(scratch: Scratch, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  const plan = convPlan(g);
  const { outChannels, taps, pixels } = plan;
  const direct = outChannels <= DIRECT_CHANNELS && plan.inChannels <= DIRECT_CHANNELS;
  const image = scratch.float64('conv image', plan.imageSize);
  const from = floatsOf(dy);
  const w = floatsOf(weight);
  const weights = { data: scratch.float64('conv weight', panelSize(taps, outChannels)), rows: taps, first: 0 };
  for (let group = 0; group < g.groups; group++) {
    const weightAt = weight.offset + group * outChannels * taps;
    packMatrix(w, weightAt, 1, taps, 0, taps, outChannels, outChannels, weights.data);
    for (let n = 0; n < g.batch; n++) {
      const part = n * g.groups + group;
      const dyAt = dy.offset + part * outChannels * pixels;
      image.fill(0, 0, plan.imageSize);
      if (direct) {
        for (let o = 0; o < outChannels; o++) {
          scatterWindows(plan, from, dyAt + o * pixels, w, weightAt + o * taps, image);
        }
      } else {
        addWindows(scratch, plan, weights, from, dyAt, image);
      }
      cropImage(plan, g, image, floatsOf(out), out.offset + part * plan.inChannels * plan.plane);
    }
  }
}

/** image += overlapped d(windows) of one image of one group, a block of pixels at a time. */
function addWindows(scratch: Scratch, plan: ConvPlan, weights: Panels, dy: FloatArray, dyAt: number, image: Float64Array): void {
  const { outChannels, pixels } = plan;
  const block = Math.min(pixels, rowsWithin(BLOCK_DOUBLES, outChannels));
  const data = scratch.float64('conv dy', panelSize(block, outChannels));
  for (let first = 0; first < pixels; first += block) {
    const rows = Math.min(block, pixels - first);
    packMatrix(dy, dyAt, 1, pixels, first, rows, outChannels, outChannels, data);
    multiplyPanels(outChannels, weights, { data, rows, first }, image, 0, plan.tapAt, plan.pixelAt, true);
  }
}

/** Sums over batch and pixels in double; rounds once. */
export function convGradWeight(scratch: Scratch, x: TensorRef, dy: TensorRef, g: ConvGeometry, accumulate: boolean, out: TensorRef): void {
  const plan = convPlan(g);
  const { outChannels, taps, pixels } = plan;
  const size = outChannels * taps;
  const sums = scratch.float64('conv dw', size);
  const image = scratch.float64('conv image', plan.imageSize);
  image.fill(0, 0, plan.imageSize);
  const add = outChannels <= DIRECT_CHANNELS ? addWeightDirect : addWeightPanels;
  const to = floatsOf(out);
  for (let group = 0; group < g.groups; group++) {
    sums.fill(0, 0, size);
    for (let n = 0; n < g.batch; n++) {
      const part = n * g.groups + group;
      padImage(plan, g, floatsOf(x), x.offset + part * plan.inChannels * plan.plane, image);
      add(scratch, plan, image, floatsOf(dy), dy.offset + part * outChannels * pixels, sums);
    }
    const at = out.offset + group * size;
    if (accumulate) for (let i = 0; i < size; i++) to[at + i] += sums[i];
    else for (let i = 0; i < size; i++) to[at + i] = sums[i];
  }
}

function addWeightPanels(scratch: Scratch, plan: ConvPlan, image: Float64Array, dy: FloatArray, dyAt: number, sums: Float64Array): void {
  const { outChannels, taps, pixels } = plan;
  const chunk = Math.min(PIXEL_CHUNK, pixels);
  const dyData = scratch.float64('conv dy', panelSize(outChannels, chunk));
  const block = Math.min(taps, rowsWithin(BLOCK_DOUBLES, chunk));
  const windowData = scratch.float64('conv windows', panelSize(block, chunk));
  for (let p = 0; p < pixels; p += chunk) {
    const k = Math.min(chunk, pixels - p);
    packMatrix(dy, dyAt + p, pixels, 1, 0, outChannels, k, k, dyData);
    const gradients = { data: dyData, rows: outChannels, first: 0 };
    for (let first = 0; first < taps; first += block) {
      const rows = Math.min(block, taps - first);
      packWindows(image, plan.tapAt, first, rows, plan.pixelAt, p, k, k, windowData);
      const windows = { data: windowData, rows, first };
      multiplyPanels(k, gradients, windows, sums, 0, plan.weightRowAt, plan.weightColumnAt, true);
    }
  }
}

function addWeightDirect(scratch: Scratch, plan: ConvPlan, image: Float64Array, dy: FloatArray, dyAt: number, sums: Float64Array): void {
  const { outChannels, taps, pixels } = plan;
  const gradient = scratch.float64('conv dy', pixels);
  for (let o = 0; o < outChannels; o++) {
    for (let p = 0; p < pixels; p++) gradient[p] = dy[dyAt + o * pixels + p];
    windowDots(image, plan.tapAt, taps, plan.pixelAt, pixels, gradient, 0, sums, o * taps, 0, true);
  }
}

export function convBackward(
  scratch: Scratch,
  x: TensorRef,
  weight: TensorRef,
  dy: TensorRef,
  g: ConvGeometry,
  out: { readonly dx: TensorRef | null; readonly dw: TensorRef | null; readonly db: TensorRef | null },
): void {
  if (out.dx) convGradInput(scratch, dy, weight, g, out.dx);
  if (out.dw) convGradWeight(scratch, x, dy, g, false, out.dw);
  if (out.db) {
    const [batch, channels, ...spatial] = dy.shape;
    const inner = spatial.reduce((n, d) => n * d, 1);
    const flat = { ...dy, shape: [batch, channels, inner], strides: [channels * inner, inner, 1] };
    reduce(scratch, 'sum', flat, [0, 2], { ...out.db, shape: [1, channels, 1], strides: [channels, 1, 1] });
  }
}
