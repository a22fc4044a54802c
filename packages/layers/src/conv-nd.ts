import { type Generator, type Parameter, type PerAxis, ShapeError, type Tensor } from '@konv/core-tensor';
import { flag, oneOf, perAxis, whole } from './arguments.js';
import { resetAffine } from './default-init.js';
import { emptyParameter, factoryNames, type FactoryOptions } from './factory.js';
import { Module } from './module/module.js';
import { tuple } from './module/print.js';
import { type PaddingMode, paddingModes } from './padding-mode.js';

/** The options that convolutions and transposed convolutions share. */
export interface ConvNdOptions extends FactoryOptions {
  /** Default: 1. */
  stride?: PerAxis;
  /** The distance between the elements that a kernel sees. Default: 1. */
  dilation?: PerAxis;
  /** The channels fall into this many groups that do not see each other. Default: 1. */
  groups?: number;
  /** Default: true. */
  bias?: boolean;
  /** What the padding holds. Default: 'zeros', which is all that transposed convolutions have. */
  paddingMode?: PaddingMode;
}

export const convNdNames: readonly string[] = ['stride', 'padding', 'dilation', 'groups', 'bias', 'paddingMode', ...factoryNames];

/** What a subclass says about itself. */
interface ConvNdKind {
  readonly layer: string;
  readonly rank: 1 | 2 | 3;
  readonly padding: readonly number[] | 'same' | 'valid';
  /** Whether the weight is [inChannels, outChannels / groups, ...] and not [outChannels, inChannels / groups, ...]. */
  readonly transposed: boolean;
}

/** What convolutions of all ranks have in common with transposed ones. Source: torch.nn.modules.conv._ConvNd. */
export abstract class ConvNd extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  /** [outChannels, inChannels / groups, *kernelSize]; transposed: [inChannels, outChannels / groups, *kernelSize] */
  weight: Parameter;
  /** [outChannels] */
  bias: Parameter | null;

  constructor(
    { layer, rank, padding, transposed }: ConvNdKind,
    inChannels: number,
    outChannels: number,
    kernelSize: PerAxis,
    options: ConvNdOptions,
  ) {
    super();
    this.inChannels = whole(layer, 'inChannels', inChannels, 1);
    this.outChannels = whole(layer, 'outChannels', outChannels, 1);
    this.kernelSize = perAxis(layer, 'kernelSize', kernelSize, rank, 1);
    this.stride = perAxis(layer, 'stride', options.stride ?? 1, rank, 1);
    this.padding = padding;
    this.dilation = perAxis(layer, 'dilation', options.dilation ?? 1, rank, 1);
    this.groups = whole(layer, 'groups', options.groups ?? 1, 1);
    for (const [name, n] of [
      ['inChannels', inChannels],
      ['outChannels', outChannels],
    ] as const) {
      if (n % this.groups !== 0)
        throw new ShapeError(layer, `expected ${name} to be divisible by groups ${this.groups}, got ${n}; choose groups that divide both`);
    }
    this.paddingMode = oneOf(layer, 'paddingMode', options.paddingMode ?? 'zeros', transposed ? ['zeros'] : paddingModes);
    const biased = flag(layer, 'bias', options.bias ?? true);
    const [first, second] = transposed ? [inChannels, outChannels] : [outChannels, inChannels];
    this.weight = emptyParameter(layer, [first, second / this.groups, ...this.kernelSize], options);
    this.bias = biased ? emptyParameter(layer, [outChannels], options) : null;
    this.resetParameters(options.generator);
  }

  /** Draws the initial values anew: weight, then bias, U(-b, b) with b = 1 / sqrt(weight.shape[1] * prod(kernelSize)). */
  resetParameters(generator?: Generator): void {
    resetAffine(this.weight, this.bias, generator);
  }

  abstract override forward(x: Tensor): Tensor;

  override extraRepr(): string {
    const { padding, dilation } = this;
    let text = `${this.inChannels}, ${this.outChannels}, kernel_size=${tuple(this.kernelSize)}, stride=${tuple(this.stride)}`;
    if (typeof padding === 'string') text += `, padding=${padding}`;
    else if (padding.some((p) => p !== 0)) text += `, padding=${tuple(padding)}`;
    if (dilation.some((d) => d !== 1)) text += `, dilation=${tuple(dilation)}`;
    text += this.outputPaddingRepr();
    if (this.groups !== 1) text += `, groups=${this.groups}`;
    if (this.bias === null) text += ', bias=False';
    if (this.paddingMode !== 'zeros') text += `, padding_mode=${this.paddingMode}`;
    return text;
  }

  /** What transposed convolutions print in between. */
  protected outputPaddingRepr(): string {
    return '';
  }
}
