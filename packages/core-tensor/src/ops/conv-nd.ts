import type { ActivationKind } from '../backend.js';
import { dispatch } from '../dispatch.js';
import { ShapeError } from '../errors.js';
import { internConv, toSpatial } from '../geometry.js';
import { showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { commonDType } from './binary.js';
import { cast } from './cast.js';
import { channelRemedy } from './channel-remedy.js';
import { convOp } from './conv.js';
import { drop } from './handles.js';
import {
  as5d,
  batched,
  checkCount,
  checkFloat,
  checkNotFlat,
  extentOf,
  from5d,
  type PerAxis,
  perAxis,
  type SpatialRank,
  spatialNames,
} from './spatial.js';

export interface ConvOptions {
  /** Default 1. */
  stride?: PerAxis;
  /** Zeros on both sides (default 0); 'valid': none; 'same': as many as keep the size, the odd one at the end. */
  padding?: PerAxis | 'same' | 'valid';
  /** Distance between the elements that a kernel sees; default 1. */
  dilation?: PerAxis;
  /** Channels are cut into this many groups that do not see each other; default 1. */
  groups?: number;
}

const half = (n: number): number => Math.floor(n / 2);

/** Padding before and after each axis. */
function parsePadding(
  op: string,
  padding: PerAxis | 'same' | 'valid',
  rank: SpatialRank,
  extent: readonly number[],
  stride: readonly number[],
): { low: number[]; high: number[] } {
  if (padding === 'same') {
    if (stride.some((s) => s !== 1)) {
      throw new ShapeError(op, `expected stride 1 with padding 'same', got ${showShape(stride)}; give the padding in numbers`);
    }
    return { low: extent.map((e) => half(e - 1)), high: extent.map((e) => e - 1 - half(e - 1)) };
  }
  if (typeof padding === 'string' && padding !== 'valid') {
    throw new ShapeError(op, `expected padding to be numbers, 'same' or 'valid', got '${String(padding)}'`);
  }
  const low = perAxis(op, 'padding', padding === 'valid' ? 0 : padding, rank, 0);
  return { low, high: low };
}

export function checkGroups(op: string, groups: number): void {
  if (!Number.isSafeInteger(groups) || groups < 1) throw new ShapeError(op, `expected groups to be a whole number >= 1, got ${groups}`);
}

export function checkWeight(op: string, weight: Tensor, rank: SpatialRank, channels: string): void {
  if (weight.rank !== rank + 2 || weight.shape.some((d) => d < 1)) {
    throw new ShapeError(
      op,
      `expected weight [${channels}, ${spatialNames(rank)}] with sizes >= 1, got ${showShape(weight.shape)}; reshape it`,
    );
  }
}

export function checkBias(op: string, bias: Tensor | null, outChannels: number, weight: Tensor): void {
  if (bias === null) return;
  checkFloat(op, 'bias', bias);
  if (bias.rank === 1 && bias.shape[0] === outChannels) return;
  throw new ShapeError(
    op,
    `expected bias [${outChannels}] (weight ${showShape(weight.shape)}), got ${showShape(bias.shape)}; pass null for none`,
  );
}

/** Casts to the dtype in which x and weight meet. */
export function inOneDType(op: string, x: Tensor, weight: Tensor, bias: Tensor | null): [Tensor, Tensor, Tensor | null] {
  const dtype = commonDType(op, x, weight);
  return [cast(x, dtype), cast(weight, dtype), bias === null ? null : cast(bias, dtype)];
}

/**
 * The common body of `conv1d`, `conv2d`, `conv3d`, with an activation applied to the result in the same pass where
 * the backend can.
 */
export function convNd(
  rank: SpatialRank,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvOptions = {},
  activation: ActivationKind | null = null,
): Tensor {
  const op = 'conv';
  const { stride: s = 1, padding: p = 0, dilation: d = 1, groups = 1 } = options;
  checkFloat(op, 'weight', weight);
  checkWeight(op, weight, rank, 'outChannels, inChannels / groups');
  const { shape, added } = batched(op, x, rank);
  checkGroups(op, groups);
  const [outChannels, perGroup, ...kernel] = weight.shape;
  const inChannels = perGroup * groups;
  if (shape[1] !== inChannels) {
    throw new ShapeError(
      op,
      `expected ${inChannels} input channels (weight ${showShape(weight.shape)}, groups ${groups}), got ${shape[1]} from ` +
        `input ${showShape(x.shape)}; ${channelRemedy(x, inChannels, rank, added)}`,
    );
  }
  if (outChannels % groups !== 0) {
    throw new ShapeError(op, `expected groups to divide ${outChannels} output channels (weight ${showShape(weight.shape)}), got ${groups}`);
  }
  checkBias(op, bias, outChannels, weight);
  checkNotFlat(op, shape);
  const stride = perAxis(op, 'stride', s, rank, 1);
  const dilation = perAxis(op, 'dilation', d, rank, 1);
  const extent = extentOf(kernel, dilation);
  const { low, high } = parsePadding(op, p, rank, extent, stride);
  const inSize = shape.slice(2);
  const padded = inSize.map((n, i) => n + low[i] + high[i]);
  if (padded.some((n, i) => n < extent[i])) {
    throw new ShapeError(
      op,
      `expected a padded input of at least the kernel's extent ${showShape(extent)} (weight ${showShape(weight.shape)}, ` +
        `dilation ${showShape(dilation)}), got ${showShape(padded)} from input ${showShape(x.shape)}; pad more or use a smaller kernel`,
    );
  }
  const outSize = padded.map((n, i) => Math.floor((n - extent[i]) / stride[i]) + 1);
  checkCount(op, 'output', [shape[0], outChannels, ...outSize]);
  const geometry = internConv({
    rank,
    batch: shape[0],
    inChannels,
    outChannels,
    groups,
    inSize: toSpatial(inSize, 1),
    outSize: toSpatial(outSize, 1),
    kernel: toSpatial(kernel, 1),
    stride: toSpatial(stride, 1),
    dilation: toSpatial(dilation, 1),
    padLow: toSpatial(low, 0),
    padHigh: toSpatial(high, 0),
  });
  const [input, w, b] = inOneDType(op, x, weight, bias);
  const [x5, w5] = [as5d(input, shape), as5d(w, w.shape)];
  const y = dispatch(convOp, [x5, w5, b], { geometry, activation });
  for (const made of [x5, w5, input, w, b]) drop(made, x, weight, bias);
  return from5d(y, rank, added);
}

/**
 * y[n, o, q] = bias[o] + sum over c, k of x[n, c, q * stride - padding + k * dilation] * weight[o, c, k]
 * (cross-correlation; zeros outside of x).
 *
 * x [batch, inChannels, length] or [inChannels, length], weight [outChannels, inChannels / groups, kernel],
 * bias [outChannels] or null -> [batch, outChannels, outLength] with
 * outLength = floor((length + 2 padding - dilation (kernel - 1) - 1) / stride + 1).
 * Stride, dilation and groups are 1 and padding is 0 by default. Whole-number inputs compute in the weight's dtype.
 * An empty batch gives an empty result.
 * Errors: `ShapeError` for a wrong rank, channels, bias, a kernel larger than the padded input, groups that do not
 * divide, 'same' with a stride; `DTypeError` for a weight that is not float. Source: torch.nn.functional.conv1d.
 */
export function conv1d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor {
  return convNd(1, x, weight, bias, options);
}

/**
 * `conv1d` over two axes: x [batch, inChannels, height, width] or [inChannels, height, width],
 * weight [outChannels, inChannels / groups, kernelHeight, kernelWidth], bias [outChannels] or null ->
 * [batch, outChannels, outHeight, outWidth]. Options take one number or [height, width]. Edge cases and errors as
 * `conv1d`. Source: torch.nn.functional.conv2d.
 */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor {
  return convNd(2, x, weight, bias, options);
}

/**
 * `conv1d` over three axes: x [batch, inChannels, depth, height, width] or without batch,
 * weight [outChannels, inChannels / groups, kernelDepth, kernelHeight, kernelWidth], bias [outChannels] or null ->
 * [batch, outChannels, outDepth, outHeight, outWidth]. Options take one number or [depth, height, width]. Edge cases
 * and errors as `conv1d`. Source: torch.nn.functional.conv3d.
 */
export function conv3d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor {
  return convNd(3, x, weight, bias, options);
}
