/**
 * Convolution without panels, for groups of one or two channels (depthwise above all): a register tile would be
 * mostly empty, and a packed window would be used only once.
 */
import type { ConvPlan } from './conv-plan.js';
import type { FloatArray } from './memory.js';

/** Groups of up to so many output channels go this way. */
export const DIRECT_CHANNELS = 2;

/**
 * out[at + r] (+)= start + sum over i of image[rowAt[r] + kAt[i]] * w[wAt + i], for `rows` rows, four at a time.
 * Rows are pixels and k taps in the forward pass; rows are taps, k pixels and w is dy in the weight gradient.
 */
export function windowDots(
  image: Float64Array,
  rowAt: Int32Array,
  rows: number,
  kAt: Int32Array,
  k: number,
  w: Float64Array,
  wAt: number,
  out: FloatArray,
  at: number,
  start: number,
  accumulate: boolean,
): void {
  const full = rows - (rows % 4);
  for (let r = 0; r < full; r += 4) windowDots4(image, rowAt, r, kAt, k, w, wAt, out, at + r, start, accumulate);
  for (let r = full; r < rows; r++) {
    const base = rowAt[r];
    let sum = start;
    for (let i = 0; i < k; i++) sum += image[base + kAt[i]] * w[wAt + i];
    out[at + r] = accumulate ? out[at + r] + sum : sum;
  }
}

function windowDots4(
  image: Float64Array,
  rowAt: Int32Array,
  r: number,
  kAt: Int32Array,
  k: number,
  w: Float64Array,
  wAt: number,
  out: FloatArray,
  at: number,
  start: number,
  accumulate: boolean,
): void {
  const r0 = rowAt[r];
  const r1 = rowAt[r + 1];
  const r2 = rowAt[r + 2];
  const r3 = rowAt[r + 3];
  let s0 = start;
  let s1 = start;
  let s2 = start;
  let s3 = start;
  for (let i = 0; i < k; i++) {
    const tap = kAt[i];
    const v = w[wAt + i];
    s0 += image[r0 + tap] * v;
    s1 += image[r1 + tap] * v;
    s2 += image[r2 + tap] * v;
    s3 += image[r3 + tap] * v;
  }
  if (accumulate) {
    out[at] += s0;
    out[at + 1] += s1;
    out[at + 2] += s2;
    out[at + 3] += s3;
  } else {
    out[at] = s0;
    out[at + 1] = s1;
    out[at + 2] = s2;
    out[at + 3] = s3;
  }
}

/** image[pixelAt[p] + tapAt[t]] += dy[p] * w[t] for every tap of one output channel: the adjoint of the forward. */
export function scatterWindows(plan: ConvPlan, dy: FloatArray, dyAt: number, w: FloatArray, wAt: number, image: Float64Array): void {
  for (let t = 0; t < plan.taps; t++) scatterTap(plan.pixelAt, plan.pixels, dy, dyAt, w[wAt + t], image, plan.tapAt[t]);
}

function scatterTap(
  pixelAt: Int32Array,
  pixels: number,
  dy: FloatArray,
  dyAt: number,
  weight: number,
  image: Float64Array,
  tap: number,
): void {
  for (let p = 0; p < pixels; p++) image[pixelAt[p] + tap] += dy[dyAt + p] * weight;
}
