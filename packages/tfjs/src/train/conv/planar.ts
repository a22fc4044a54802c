import { type ConvGeometry, internConv, type Shape, type TensorRef } from '@konv/core-tensor';
import { convGradInput, convGradWeight, copyStrided } from '@konv/backend-wasm/families';
import { type Call, turned } from '../call.js';
import { area, type ConvCase } from './geometry.js';

/**
 * Gradients by konv's convolution families, whose images are `[batch, channels, height, width]`: tfjs's are transposed into
 * scratch memory, a few at a time, and back.
 */

/** Bytes of transposed images at a time: enough that a pass repays what it prepares, little enough beside the tensors. */
const PART_BYTES = 16 * 2 ** 20;

const toPlanar = [0, 3, 1, 2] as const;
const toChannelsLast = [0, 2, 3, 1] as const;

/** Images `[begin, end)` of a batch. */
function imagesOf(x: TensorRef, begin: number, end: number): TensorRef {
  return { ...x, shape: [end - begin, ...x.shape.slice(1)], offset: x.offset + begin * x.strides[0] };
}

/** Runs `use` for the images in parts, with the geometry of each: its operands are views of those that it was given. */
function inParts(c: ConvCase, use: (geometry: ConvGeometry, begin: number, end: number) => void): void {
  const { geometry: g, channelsLast } = c;
  const imageBytes = 4 * (g.inChannels * area(g.inSize) + g.outChannels * area(g.outSize));
  const step = channelsLast ? Math.max(1, Math.floor(PART_BYTES / imageBytes)) : g.batch;
  for (let begin = 0; begin < g.batch; begin += step) {
    const end = Math.min(g.batch, begin + step);
    use(end - begin === g.batch ? g : internConv({ ...g, batch: end - begin }), begin, end);
  }
}

/** The shape of a weight as konv has it, and the axes that make tfjs's of it. */
function weightLayout(g: ConvGeometry): { shape: Shape; split: Shape; toFilter: readonly number[]; toWeight: readonly number[] } {
  const [, height, width] = g.kernel;
  if (g.groups === 1) {
    const shape = [g.outChannels, g.inChannels, height, width];
    return { shape, split: shape, toFilter: [2, 3, 1, 0], toWeight: [3, 2, 0, 1] };
  }
  const split = [g.inChannels, g.outChannels / g.inChannels, height, width];
  return { shape: [g.outChannels, 1, height, width], split, toFilter: [2, 3, 0, 1], toWeight: [2, 3, 0, 1] };
}

function reshaped(x: TensorRef, shape: Shape): TensorRef {
  const strides = new Array<number>(shape.length);
  let n = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = n;
    n *= shape[axis];
  }
  return { ...x, shape, strides };
}

/** The weight of konv's families from tfjs's filter. */
export function weightOf(call: Call, filter: TensorRef, g: ConvGeometry): TensorRef {
  const { shape, toWeight } = weightLayout(g);
  return reshaped(call.transposed(filter, toWeight), shape);
}

/** dfilter. */
export function gradFilterPlanar(call: Call, x: TensorRef, dy: TensorRef, c: ConvCase, out: TensorRef): void {
  const { geometry: g, channelsLast } = c;
  const { shape, split, toFilter } = weightLayout(g);
  const weight = call.temporary('float32', shape);
  inParts(c, (part, begin, end) => {
    const px = imagesOf(x, begin, end);
    const pdy = imagesOf(dy, begin, end);
    const [tx, tdy] = channelsLast ? [call.transposed(px, toPlanar), call.transposed(pdy, toPlanar)] : [px, pdy];
    convGradWeight(call.engine, tx, tdy, part, begin > 0, weight);
    call.release(tx);
    call.release(tdy);
  });
  copyStrided(call.engine, turned(reshaped(weight, split), toFilter), out);
}

/** dx. */
export function gradInputPlanar(call: Call, dy: TensorRef, filter: TensorRef, c: ConvCase, out: TensorRef): void {
  const { geometry: g, channelsLast } = c;
  const weight = weightOf(call, filter, g);
  inParts(c, (part, begin, end) => {
    const pdy = imagesOf(dy, begin, end);
    const pout = imagesOf(out, begin, end);
    if (!channelsLast) return convGradInput(call.engine, pdy, weight, part, pout);
    const tdy = call.transposed(pdy, toPlanar);
    // One channel stands in the same order either way.
    const direct = g.inChannels === 1;
    const shape = [end - begin, g.inChannels, g.inSize[1], g.inSize[2]];
    const dx = direct ? reshaped(pout, shape) : call.temporary('float32', shape);
    convGradInput(call.engine, tdy, weight, part, dx);
    if (!direct) copyStrided(call.engine, turned(dx, toChannelsLast), pout);
    call.release(tdy);
    call.release(dx);
  });
}
