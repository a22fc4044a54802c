import { contiguousStrides, type ConvGeometry, fromSpatial, internConv, type Shape, type TensorRef } from '@konv/core-tensor';
import { conv, convGradInput, convGradWeight, copyStrided } from '@konv/backend-wasm/families';
import { type Call, turned } from '../call.js';
import { type ConvCase, volume } from './geometry.js';

/**
 * Convolutions and gradients by konv's families, whose images are `[batch, channels, *size]`: tfjs's are transposed into
 * scratch memory, a few at a time, and back.
 */

/** Bytes of transposed images at a time: enough that a pass repays what it prepares, little enough beside the tensors. */
const PART_BYTES = 16 * 2 ** 20;

/** The order of axes that brings the channels before an image's own axes, of which there are `rank`; and the way back. */
const toPlanar = (rank: number): number[] => [0, rank + 1, ...upTo(rank, 1)];
const toChannelsLast = (rank: number): number[] => [0, ...upTo(rank, 2), 1];

function upTo(count: number, first: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** Images `[begin, end)` of a batch. */
function imagesOf(x: TensorRef, begin: number, end: number): TensorRef {
  return { ...x, shape: [end - begin, ...x.shape.slice(1)], offset: x.offset + begin * x.strides[0] };
}

/** Runs `use` for the images in parts, with the geometry of each: its operands are views of those that it was given. */
function inParts(c: ConvCase, use: (geometry: ConvGeometry, begin: number, end: number) => void): void {
  const { geometry: g, channelsLast } = c;
  const imageBytes = 4 * (g.inChannels * volume(g.inSize) + g.outChannels * volume(g.outSize));
  const step = channelsLast ? Math.max(1, Math.floor(PART_BYTES / imageBytes)) : g.batch;
  for (let begin = 0; begin < g.batch; begin += step) {
    const end = Math.min(g.batch, begin + step);
    use(end - begin === g.batch ? g : internConv({ ...g, batch: end - begin }), begin, end);
  }
}

/** The shape of a weight as konv has it, `[outChannels, inChannels / groups, *kernel]`, and how tfjs's filter comes of it. */
interface WeightLayout {
  readonly shape: Shape;
  /** The same numbers, with groups and the outputs of each as two axes where there are groups. */
  readonly split: Shape;
  readonly toFilter: readonly number[];
  readonly toWeight: readonly number[];
}

function weightLayout(g: ConvGeometry): WeightLayout {
  const { rank, inChannels, outChannels } = g;
  const kernel = fromSpatial(g.kernel, rank);
  const own = upTo(rank, 2);
  if (g.groups === 1) {
    const shape = [outChannels, inChannels, ...kernel];
    return { shape, split: shape, toFilter: [...own, 1, 0], toWeight: [rank + 1, rank, ...upTo(rank, 0)] };
  }
  const split = [inChannels, outChannels / inChannels, ...kernel];
  return { shape: [outChannels, 1, ...kernel], split, toFilter: [...own, 0, 1], toWeight: [rank, rank + 1, ...upTo(rank, 0)] };
}

function reshaped(x: TensorRef, shape: Shape): TensorRef {
  return { ...x, shape, strides: contiguousStrides(shape) };
}

/** The weight of konv's families from tfjs's filter. */
function weightOf(call: Call, filter: TensorRef, g: ConvGeometry): TensorRef {
  const { shape, toWeight } = weightLayout(g);
  return reshaped(call.transposed(filter, toWeight), shape);
}

/** y. Positions outside of the image count as zeros, also where a whole window lies there. */
export function forwardPlanar(call: Call, x: TensorRef, filter: TensorRef, c: ConvCase, out: TensorRef): void {
  const { geometry: g, channelsLast } = c;
  const weight = weightOf(call, filter, g);
  inParts(c, (part, begin, end) => {
    const px = imagesOf(x, begin, end);
    const pout = imagesOf(out, begin, end);
    if (!channelsLast) return conv(call.engine, px, weight, null, part, null, pout);
    const tx = call.transposed(px, toPlanar(g.rank));
    const y = call.temporary('float32', [end - begin, g.outChannels, ...fromSpatial(g.outSize, g.rank)]);
    conv(call.engine, tx, weight, null, part, null, y);
    copyStrided(call.engine, turned(y, toChannelsLast(g.rank)), pout);
    call.release(tx);
    call.release(y);
  });
}

/** dfilter. */
export function gradFilterPlanar(call: Call, x: TensorRef, dy: TensorRef, c: ConvCase, out: TensorRef): void {
  const { geometry: g, channelsLast } = c;
  const { shape, split, toFilter } = weightLayout(g);
  const weight = call.temporary('float32', shape);
  inParts(c, (part, begin, end) => {
    const px = imagesOf(x, begin, end);
    const pdy = imagesOf(dy, begin, end);
    const [tx, tdy] = channelsLast ? [call.transposed(px, toPlanar(g.rank)), call.transposed(pdy, toPlanar(g.rank))] : [px, pdy];
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
    const tdy = call.transposed(pdy, toPlanar(g.rank));
    // One channel stands in the same order either way.
    const direct = g.inChannels === 1;
    const shape = [end - begin, g.inChannels, ...fromSpatial(g.inSize, g.rank)];
    const dx = direct ? reshaped(pout, shape) : call.temporary('float32', shape);
    convGradInput(call.engine, tdy, weight, part, dx);
    if (!direct) copyStrided(call.engine, turned(dx, toChannelsLast(g.rank)), pout);
    call.release(tdy);
    call.release(dx);
  });
}
