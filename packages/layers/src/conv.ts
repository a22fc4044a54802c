import {
  conv1d,
  conv2d,
  conv3d,
  type Generator,
  KonvError,
  type Parameter,
  type PerAxis,
  ShapeError,
  type Tensor,
} from '@konv/core-tensor';
import { checkOptions, flag, oneOf, perAxis, whole } from './arguments.js';
import { resetAffine } from './default-init.js';
import { emptyParameter, factoryNames, type FactoryOptions } from './factory.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';
import { tuple } from './module/print.js';
import { padAround, type PaddingMode, paddingModes } from './padding-mode.js';

export interface ConvLayerOptions extends FactoryOptions {
  /** Default: 1. */
  stride?: PerAxis;
  /** On both sides of each axis. 'same' keeps the size (stride 1 only), the odd column going to the end. Default: 0. */
  padding?: PerAxis | 'same' | 'valid';
  /** The distance between the elements that a kernel sees. Default: 1. */
  dilation?: PerAxis;
  /** The channels fall into this many groups that do not see each other. Default: 1. */
  groups?: number;
  /** Default: true. */
  bias?: boolean;
  /** What the padding holds. Default: 'zeros'. */
  paddingMode?: PaddingMode;
}

const optionNames = ['stride', 'padding', 'dilation', 'groups', 'bias', 'paddingMode', ...factoryNames];

/** What convolutions of all ranks have in common. */
export abstract class ConvNd extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  /** [outChannels, inChannels / groups, *kernelSize] */
  weight: Parameter;
  /** [outChannels] */
  bias: Parameter | null;
  readonly #conv: typeof conv2d;

  constructor(rank: 1 | 2 | 3, inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvLayerOptions) {
    super();
    const layer = `Conv${rank}d`;
    checkOptions(layer, options, optionNames);
    this.#conv = [conv1d, conv2d, conv3d][rank - 1];
    this.inChannels = whole(layer, 'inChannels', inChannels, 1);
    this.outChannels = whole(layer, 'outChannels', outChannels, 1);
    this.kernelSize = perAxis(layer, 'kernelSize', kernelSize, rank, 1);
    this.stride = perAxis(layer, 'stride', options.stride ?? 1, rank, 1);
    this.dilation = perAxis(layer, 'dilation', options.dilation ?? 1, rank, 1);
    this.groups = whole(layer, 'groups', options.groups ?? 1, 1);
    for (const [name, n] of [
      ['inChannels', inChannels],
      ['outChannels', outChannels],
    ] as const) {
      if (n % this.groups !== 0) {
        throw new ShapeError(layer, `expected ${name} to be divisible by groups ${this.groups}, got ${n}; choose groups that divide both`);
      }
    }
    this.padding = this.#checkPadding(layer, options.padding ?? 0);
    this.paddingMode = oneOf(layer, 'paddingMode', options.paddingMode ?? 'zeros', paddingModes);
    const biased = flag(layer, 'bias', options.bias ?? true);
    this.weight = emptyParameter(layer, [outChannels, inChannels / this.groups, ...this.kernelSize], options);
    this.bias = biased ? emptyParameter(layer, [outChannels], options) : null;
    this.resetParameters(options.generator);
  }

  #checkPadding(layer: string, padding: unknown): readonly number[] | 'same' | 'valid' {
    if (typeof padding !== 'string') return perAxis(layer, 'padding', padding, this.kernelSize.length, 0);
    if (padding !== 'same' && padding !== 'valid') {
      throw new KonvError(layer, `expected padding to be a number, one an axis, 'same' or 'valid', got '${padding}'`);
    }
    if (padding === 'same' && this.stride.some((s) => s !== 1)) {
      throw new ShapeError(layer, `expected stride 1 for padding 'same', got ${tuple(this.stride)}; give the padding as a number`);
    }
    return padding;
  }

  /** Draws the initial values anew: weight, then bias, U(-b, b) with b = 1 / sqrt(inChannels / groups * prod(kernelSize)). */
  resetParameters(generator?: Generator): void {
    resetAffine(this.weight, this.bias, generator);
  }

  override forward(x: Tensor): Tensor {
    const { stride, padding, dilation, groups } = this;
    if (this.paddingMode === 'zeros') return this.#conv(x, this.weight, this.bias, { stride, padding, dilation, groups });
    const { low, high } = this.#sides();
    const padded = padAround(x, this.paddingMode, low, high);
    const y = this.#conv(padded, this.weight, this.bias, { stride, padding: 0, dilation, groups });
    // What the gradient needs of it the tape holds itself.
    if (padded !== x) padded.dispose();
    return y;
  }

  #sides(): { low: readonly number[]; high: readonly number[] } {
    const { padding } = this;
    if (padding === 'valid') return { low: this.kernelSize.map(() => 0), high: this.kernelSize.map(() => 0) };
    if (padding !== 'same') return { low: padding, high: padding };
    const total = this.kernelSize.map((k, i) => this.dilation[i] * (k - 1));
    const low = total.map((t) => Math.floor(t / 2));
    return { low, high: total.map((t, i) => t - low[i]) };
  }

  override extraRepr(): string {
    const { padding, dilation } = this;
    let text = `${this.inChannels}, ${this.outChannels}, kernel_size=${tuple(this.kernelSize)}, stride=${tuple(this.stride)}`;
    if (typeof padding === 'string') text += `, padding=${padding}`;
    else if (padding.some((p) => p !== 0)) text += `, padding=${tuple(padding)}`;
    if (dilation.some((d) => d !== 1)) text += `, dilation=${tuple(dilation)}`;
    if (this.groups !== 1) text += `, groups=${this.groups}`;
    if (this.bias === null) text += ', bias=False';
    if (this.paddingMode !== 'zeros') text += `, padding_mode=${this.paddingMode}`;
    return text;
  }
}

/**
 * y[n, o, q] = bias[o] + sum over c, k of x[n, c, q stride - padding + k dilation] weight[o, c, k].
 *
 * x [batch, inChannels, length] or [inChannels, length] ->
 * [batch, outChannels, floor((length + 2 padding - dilation (kernelSize - 1) - 1) / stride + 1)].
 * Defaults: stride 1, padding 0, dilation 1, groups 1, with bias. An empty batch gives an empty output.
 * Errors: `ShapeError` for other channels or a kernel larger than the padded input. Source: torch.nn.Conv1d.
 */
export class Conv1d extends ConvNd {
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
export class Conv2d extends ConvNd {
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
export class Conv3d extends ConvNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvLayerOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options);
  }
}
