import type { BatchNormAttrs, TensorRef } from '@konv/core-tensor';
import { floatsOf } from './memory.js';
import type { FloatArray } from './memory.js';

/** Sum of n elements. */
function sumRun(n: number, x: FloatArray, ix: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += x[ix + i];
  return sum;
}

/** Sum of (x - centre)^2. */
function squaresRun(n: number, x: FloatArray, ix: number, centre: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const d = x[ix + i] - centre;
    sum += d * d;
  }
  return sum;
}

/** Sum of (x - centre) dy. */
function productsRun(n: number, x: FloatArray, ix: number, centre: number, dy: FloatArray, iy: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (x[ix + i] - centre) * dy[iy + i];
  return sum;
}

/**
 * y = (x - mean) invStd weight + bias per channel. Two passes (mean, then squares about it) in double: one pass would
 * cancel where the mean is large against the deviation.
 */
export function batchNormTrain(
  x: TensorRef,
  weight: TensorRef | null,
  bias: TensorRef | null,
  attrs: BatchNormAttrs,
  out: { readonly y: TensorRef; readonly mean: TensorRef; readonly invStd: TensorRef },
): void {
  const [batch, channels, inner] = x.shape;
  const from = floatsOf(x);
  const y = floatsOf(out.y);
  const count = batch * inner;
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let n = 0; n < batch; n++) sum += sumRun(inner, from, x.offset + (n * channels + c) * inner);
    const mean = sum / count;
    let squares = 0;
    for (let n = 0; n < batch; n++) squares += squaresRun(inner, from, x.offset + (n * channels + c) * inner, mean);
    const invStd = 1 / Math.sqrt(squares / count + attrs.eps);
    floatsOf(out.mean)[out.mean.offset + c] = mean;
    floatsOf(out.invStd)[out.invStd.offset + c] = invStd;
    const scale = weight ? invStd * floatsOf(weight)[weight.offset + c] : invStd;
    const shift = bias ? floatsOf(bias)[bias.offset + c] : 0;
    for (let n = 0; n < batch; n++) {
      const at = (n * channels + c) * inner;
      normalizeRun(inner, from, x.offset + at, mean, scale, shift, y, out.y.offset + at);
    }
  }
}

function normalizeRun(n: number, x: FloatArray, ix: number, mean: number, scale: number, shift: number, y: FloatArray, iy: number): void {
  for (let i = 0; i < n; i++) y[iy + i] = (x[ix + i] - mean) * scale + shift;
}

/**
 * With h = (x - mean) invStd and M the mean over batch and inner:
 * dx = weight invStd (dy - M(dy) - h M(h dy)), dw = sum of h dy, db = sum of dy.
 */
export function batchNormGrad(
  x: TensorRef,
  dy: TensorRef,
  weight: TensorRef | null,
  mean: TensorRef,
  invStd: TensorRef,
  out: { readonly dx: TensorRef; readonly dw: TensorRef | null; readonly db: TensorRef | null },
): void {
  const [batch, channels, inner] = x.shape;
  const from = floatsOf(x);
  const gradient = floatsOf(dy);
  const dx = floatsOf(out.dx);
  const count = batch * inner;
  for (let c = 0; c < channels; c++) {
    const m = floatsOf(mean)[mean.offset + c];
    const s = floatsOf(invStd)[invStd.offset + c];
    let sum = 0;
    let products = 0;
    for (let n = 0; n < batch; n++) {
      const at = (n * channels + c) * inner;
      sum += sumRun(inner, gradient, dy.offset + at);
      products += productsRun(inner, from, x.offset + at, m, gradient, dy.offset + at);
    }
    if (out.dw) floatsOf(out.dw)[out.dw.offset + c] = products * s;
    if (out.db) floatsOf(out.db)[out.db.offset + c] = sum;
    const scale = weight ? s * floatsOf(weight)[weight.offset + c] : s;
    const slope = (products * s * s) / count;
    for (let n = 0; n < batch; n++) {
      const at = (n * channels + c) * inner;
      gradRun(inner, from, x.offset + at, gradient, dy.offset + at, m, sum / count, slope, scale, dx, out.dx.offset + at);
    }
  }
}

function gradRun(
  n: number,
  x: FloatArray,
  ix: number,
  dy: FloatArray,
  iy: number,
  mean: number,
  meanDy: number,
  slope: number,
  scale: number,
  dx: FloatArray,
  io: number,
): void {
  for (let i = 0; i < n; i++) dx[io + i] = (dy[iy + i] - meanDy - (x[ix + i] - mean) * slope) * scale;
}
