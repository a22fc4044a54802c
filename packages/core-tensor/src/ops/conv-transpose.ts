import type { ActivationKind } from '../backend.js';
import { channelRemedy } from './channel-remedy.js';
import { dispatch } from '../dispatch.js';
import { ShapeError } from '../errors.js';
import { internConv, toSpatial } from '../geometry.js';
import { type Shape, showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { add } from './binary.js';
import { convGradInputOp } from './conv.js';
import { activate } from './conv-decompose.js';
import { checkBias, checkGroups, checkWeight, inOneDType } from './conv-nd.js';
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
  to5d,
} from './spatial.js';
import { reshape } from './view.js';

export interface ConvTransposeOptions {
  /** Default 1. */
  stride?: PerAxis;
  /** What `conv` padded and the result therefore lacks, on both sides; default 0. */
  padding?: PerAxis;
  /** Added to the size at the end of each axis; less than the stride or the dilation; default 0. */
  outputPadding?: PerAxis;
  groups?: number;
  dilation?: PerAxis;
}

/** The common body of `convTranspose1d`, `convTranspose2d`, `convTranspose3d`. */
export function convTransposeNd(
  rank: SpatialRank,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTransposeOptions = {},
  activation: ActivationKind | null = null,
): Tensor {
  const op = 'convTranspose';
  const { stride: s = 1, padding: p = 0, outputPadding: o = 0, dilation: d = 1, groups = 1 } = options;
  checkFloat(op, 'weight', weight);
  checkWeight(op, weight, rank, 'inChannels, outChannels / groups');
  const { shape, added } = batched(op, x, rank);
  checkGroups(op, groups);
  const [inChannels, perGroup, ...kernel] = weight.shape;
  const outChannels = perGroup * groups;
  if (shape[1] !== inChannels || inChannels % groups !== 0) {
    throw new ShapeError(
      op,
      `expected ${inChannels} input channels, a multiple of groups ${groups} (weight ${showShape(weight.shape)}), got ` +
        `${shape[1]} from input ${showShape(x.shape)}; ${channelRemedy(x, inChannels, rank, added)}`,
    );
  }
  checkBias(op, bias, outChannels, weight);
  checkNotFlat(op, shape);
  const stride = perAxis(op, 'stride', s, rank, 1);
  const dilation = perAxis(op, 'dilation', d, rank, 1);
  const padding = perAxis(op, 'padding', p, rank, 0);
  const outputPadding = perAxis(op, 'outputPadding', o, rank, 0);
  if (outputPadding.some((n, i) => n >= stride[i] && n >= dilation[i])) {
    throw new ShapeError(
      op,
      `expected outputPadding less than stride ${showShape(stride)} or dilation ${showShape(dilation)}, got ${showShape(outputPadding)}; it only chooses among the sizes that the stride leaves open`,
    );
  }
  const extent = extentOf(kernel, dilation);
  const inSize = shape.slice(2);
  const outSize = inSize.map((n, i) => (n - 1) * stride[i] - 2 * padding[i] + extent[i] + outputPadding[i]);
  if (outSize.some((n) => n < 1)) {
    throw new ShapeError(
      op,
      `expected an output of size >= 1, got ${showShape(outSize)} from input ${showShape(x.shape)}, weight ` +
        `${showShape(weight.shape)} and padding ${showShape(padding)}; pad less`,
    );
  }
  checkCount(op, 'output', [shape[0], outChannels, ...outSize]);
  const [input, w, b] = inOneDType(op, x, weight, bias);
  const [x5, w5] = [as5d(input, shape), as5d(w, w.shape)];
  const y = dispatch(convGradInputOp, [x5, w5], {
    geometry: transposedGeometry(rank, shape, outChannels, outSize, { groups, kernel, stride, dilation, padding }),
  });
  const biased = b === null ? y : add(y, reshape(b, [1, outChannels, 1, 1, 1]));
  const activated = activate(biased, activation);
  for (const made of [x5, w5, input, w, b, y, biased]) drop(made, x, weight, bias, activated);
  return from5d(activated, rank, added);
}

interface TransposedNumbers {
  groups: number;
  kernel: readonly number[];
  stride: readonly number[];
  dilation: readonly number[];
  padding: readonly number[];
}

/** The geometry of the convolution whose input gradient this is: it leads from our output to our input. */
function transposedGeometry(
  rank: SpatialRank,
  inShape: Shape,
  outChannels: number,
  outSize: readonly number[],
  n: TransposedNumbers,
): ReturnType<typeof internConv> {
  return internConv({
    rank,
    batch: inShape[0],
    inChannels: outChannels,
    outChannels: inShape[1],
    groups: n.groups,
    inSize: toSpatial(outSize, 1),
    outSize: toSpatial(to5d(inShape).slice(2), 1),
    kernel: toSpatial(n.kernel, 1),
    stride: toSpatial(n.stride, 1),
    dilation: toSpatial(n.dilation, 1),
    padLow: toSpatial(n.padding, 0),
    padHigh: toSpatial(n.padding, 0),
  });
}

/**
 * The transposed convolution (the gradient of `conv1d` with respect to its input): each element of x adds the kernel,
 * scaled by it, to the output at stride times its position.
 *
 * x [batch, inChannels, length] or [inChannels, length], weight [inChannels, outChannels / groups, kernel],
 * bias [outChannels] or null -> [batch, outChannels, outLength] with
 * outLength = (length - 1) stride - 2 padding + dilation (kernel - 1) + outputPadding + 1.
 * Errors: as `conv1d`; `ShapeError` where outputPadding is neither less than stride nor than dilation.
 * Source: torch.nn.functional.conv_transpose1d.
 */
export function convTranspose1d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvTransposeOptions = {}): Tensor {
  return convTransposeNd(1, x, weight, bias, options);
}

/** `convTranspose1d` over [height, width]. Source: torch.nn.functional.conv_transpose2d. */
export function convTranspose2d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvTransposeOptions = {}): Tensor {
  return convTransposeNd(2, x, weight, bias, options);
}

/** `convTranspose1d` over [depth, height, width]. Source: torch.nn.functional.conv_transpose3d. */
export function convTranspose3d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options: ConvTransposeOptions = {}): Tensor {
  return convTransposeNd(3, x, weight, bias, options);
}
