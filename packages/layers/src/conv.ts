import { conv1d, conv2d, conv3d, isTensor, KonvError, pad, type PerAxis, ShapeError, type Tensor } from '@konv/core-tensor';
import { checkOptions, perAxis } from './arguments.js';
import { ConvNd, convNdNames, type ConvNdOptions } from './conv-nd.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { tuple } from './module/print.js';

export interface ConvLayerOptions extends ConvNdOptions {
  /** On both sides of each axis. 'same' keeps the size (stride 1 only), the odd column going to the end. Default: 0. */
  padding?: PerAxis | 'same' | 'valid';
}

function checkPadding(layer: string, rank: number, { padding = 0, stride = 1 }: ConvLayerOptions): readonly number[] | 'same' | 'valid' {
  if (typeof padding !== 'string') return perAxis(layer, 'padding', padding, rank, 0);
  if (padding !== 'same' && padding !== 'valid') {
    throw new KonvError(layer, `expected padding to be a number, one an axis, 'same' or 'valid', got '${String(padding)}'`);
  }
  const steps = perAxis(layer, 'stride', stride, rank, 1);
  if (padding === 'same' && steps.some((s) => s !== 1)) {
    throw new ShapeError(layer, `expected stride 1 for padding 'same', got ${tuple(steps)}; give the padding as a number`);
  }
  return padding;
}

/** What convolutions of all ranks have in common. */
abstract class PlainConvNd extends ConvNd {
  readonly #conv: typeof conv2d;

  constructor(rank: 1 | 2 | 3, inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvLayerOptions) {
    const layer = `Conv${rank}d`;
    checkOptions(layer, options, convNdNames);
    const padding = checkPadding(layer, rank, options);
    super({ layer, rank, padding, transposed: false }, inChannels, outChannels, kernelSize, options);
    this.#conv = [conv1d, conv2d, conv3d][rank - 1];
  }

  override forward(x: Tensor): Tensor {
    const { stride, padding, dilation, groups, paddingMode } = this;
    const rank = this.kernelSize.length;
    const sides = paddingMode === 'zeros' ? [] : this.#sides();
    // What has other axes is refused by the convolution, which can say what they are.
    const fits = isTensor(x) && (x.rank === rank + 1 || x.rank === rank + 2);
    if (paddingMode === 'zeros' || sides.every((n) => n === 0) || !fits) {
      return this.#conv(x, this.weight, this.bias, { stride, padding, dilation, groups });
    }
    const padded = pad(x, sides, { mode: paddingMode });
    try {
      return this.#conv(padded, this.weight, this.bias, { stride, padding: 0, dilation, groups });
    } finally {
      // What the gradient needs of it the tape holds itself.
      padded.dispose();
    }
  }

  /** The padding as `pad` takes it: before and after each axis, the last axis first. */
  #sides(): number[] {
    const { padding } = this;
    const sides = this.kernelSize.map((k, i) => {
      if (padding === 'valid') return [0, 0];
      if (padding !== 'same') return [padding[i], padding[i]];
      const total = this.dilation[i] * (k - 1);
      const low = Math.floor(total / 2);
      return [low, total - low];
    });
    return sides.reverse().flat();
  }
}

/**
 * y[n, o, q] = bias[o] + sum over c, k of x[n, c, q stride - padding + k dilation] weight[o, c, k].
 *
 * x [batch, inChannels, length] or [inChannels, length] ->
 * [batch, outChannels, floor((length + 2 padding - dilation (kernelSize - 1) - 1) / stride + 1)].
 * Defaults: stride 1, padding 0, dilation 1, groups 1, with bias, paddingMode 'zeros'. An empty batch gives an empty output.
 * Errors: `ShapeError` for other channels, a kernel larger than the padded input, or an input too short for its padding
 * ('reflect' mirrors without the edge and needs padding < length, 'circular' padding <= length).
 * Source: torch.nn.Conv1d.
 */
export class Conv1d extends PlainConvNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvLayerOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * The same over two axes: x [batch, inChannels, height, width] or [inChannels, height, width] ->
 * [batch, outChannels, outHeight, outWidth]; sizes and options are one number or `[height, width]`.
 * Source: torch.nn.Conv2d.
 */
export class Conv2d extends PlainConvNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvLayerOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * The same over three axes: x [batch, inChannels, depth, height, width] or without batch ->
 * [batch, outChannels, outDepth, outHeight, outWidth]; sizes and options are one number or `[depth, height, width]`.
 * Source: torch.nn.Conv3d.
 */
export class Conv3d extends PlainConvNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvLayerOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options);
  }
}
