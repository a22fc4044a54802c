import type { TensorRef } from '@konv/core-tensor';
import { matmul } from '@konv/backend-wasm/families';
import type { Call } from '../call.js';
import { type ConvCase, volume } from './geometry.js';

/**
 * Gradients of 1x1 convolutions on images `[batch, *size, channels]`, which are products of matrices
 * `[pixels, channels]` as they lie in memory: dw = x^T dy, dx = dy w^T.
 */

/** Floats of the operand that a product packs whole: fewer repeat the other one, more leave the second-level cache. */
const PACKED_FLOATS = 64 * 1024;

export function isPointwise({ geometry: g, channelsLast }: ConvCase): boolean {
  const whole = g.inSize.every(
    (size, axis) => g.kernel[axis] === 1 && g.stride[axis] === 1 && g.padLow[axis] === 0 && g.outSize[axis] === size,
  );
  return channelsLast && g.groups === 1 && whole;
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
  inRuns(g.batch * volume(g.outSize), inChannels, (begin, rows) => {
    const a = rowsOf(x, begin, rows, inChannels);
    const b = rowsOf(dy, begin, rows, outChannels);
    matmul(call.engine, a, b, { transposeA: true, transposeB: false, accumulate: begin > 0 }, to);
  });
}

export function gradInputPointwise(call: Call, dy: TensorRef, filter: TensorRef, { geometry: g }: ConvCase, out: TensorRef): void {
  const { inChannels, outChannels } = g;
  const w = { ...filter, shape: [1, inChannels, outChannels], strides: [inChannels * outChannels, outChannels, 1] };
  inRuns(g.batch * volume(g.outSize), outChannels, (begin, rows) => {
    const a = rowsOf(dy, begin, rows, outChannels);
    const to = rowsOf(out, begin, rows, inChannels);
    matmul(call.engine, a, w, { transposeA: false, transposeB: true, accumulate: false }, to);
  });
}
