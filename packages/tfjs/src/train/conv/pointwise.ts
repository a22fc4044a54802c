import type { ConvGeometry, TensorRef } from '@konv/core-tensor';
import { matmul } from '@konv/backend-wasm/families';
import type { Call } from '../call.js';
import { area, type ConvCase } from './geometry.js';

/**
 * Gradients of 1x1 convolutions on images `[batch, height, width, channels]`, which are products of matrices
 * `[pixels, channels]` as they lie in memory: dw = x^T dy, dx = dy w^T.
 */

/** Floats of the operand that a product packs whole: it stays in the second-level cache. */
const PACKED_FLOATS = 128 * 1024;

export function isPointwise({ geometry: g, channelsLast }: ConvCase): boolean {
  const one = (s: ConvGeometry['kernel']) => s[1] === 1 && s[2] === 1;
  return channelsLast && g.groups === 1 && one(g.kernel) && one(g.stride) && g.padLow[1] === 0 && g.padLow[2] === 0 && sameSize(g);
}

function sameSize(g: ConvGeometry): boolean {
  return g.inSize[1] === g.outSize[1] && g.inSize[2] === g.outSize[2];
}

/** Rows `[begin, begin + rows)` of a matrix `[all, columns]`, as a batch of one. */
function rowsOf(x: TensorRef, begin: number, rows: number, columns: number): TensorRef {
  return { ...x, shape: [1, rows, columns], strides: [rows * columns, columns, 1], offset: x.offset + begin * columns };
}

function inRuns(pixels: number, columns: number, use: (begin: number, rows: number) => void): void {
  const step = Math.max(64, Math.floor(PACKED_FLOATS / columns / 64) * 64);
  for (let begin = 0; begin < pixels; begin += step) use(begin, Math.min(step, pixels - begin));
}

export function gradFilterPointwise(call: Call, x: TensorRef, dy: TensorRef, { geometry: g }: ConvCase, out: TensorRef): void {
  const { inChannels, outChannels } = g;
  const to = { ...out, shape: [1, inChannels, outChannels], strides: [inChannels * outChannels, outChannels, 1] };
  inRuns(g.batch * area(g.outSize), inChannels, (begin, rows) => {
    const a = rowsOf(x, begin, rows, inChannels);
    const b = rowsOf(dy, begin, rows, outChannels);
    matmul(call.engine, a, b, { transposeA: true, transposeB: false, accumulate: begin > 0 }, to);
  });
}

export function gradInputPointwise(call: Call, dy: TensorRef, filter: TensorRef, { geometry: g }: ConvCase, out: TensorRef): void {
  const { inChannels, outChannels } = g;
  const w = { ...filter, shape: [1, inChannels, outChannels], strides: [inChannels * outChannels, outChannels, 1] };
  inRuns(g.batch * area(g.outSize), outChannels, (begin, rows) => {
    const a = rowsOf(dy, begin, rows, outChannels);
    const to = rowsOf(out, begin, rows, inChannels);
    matmul(call.engine, a, w, { transposeA: false, transposeB: true, accumulate: false }, to);
  });
}
