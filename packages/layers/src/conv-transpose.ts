import {
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  isTensor,
  type PerAxis,
  ShapeError,
  showShape,
  type Tensor,
} from '@konv/core-tensor';
import { checkOptions, perAxis } from './arguments.js';
import { ConvNd, convNdNames, type ConvNdOptions } from './conv-nd.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { tuple } from './module/print.js';

export interface ConvTransposeLayerOptions extends ConvNdOptions {
  /** What the convolution padded and the output therefore lacks, on both sides of each axis. Default: 0. */
  padding?: PerAxis;
  /** Added to the output at the end of each axis; less than the stride or the dilation. Default: 0. */
  outputPadding?: PerAxis;
  /** Nothing but 'zeros', as in PyTorch. */
  paddingMode?: 'zeros';
}

/** What transposed convolutions of all ranks have in common. */
abstract class ConvTransposeNd extends ConvNd {
  readonly outputPadding: readonly number[];
  readonly #layer: string;
  readonly #conv: typeof convTranspose2d;

  constructor(rank: 1 | 2 | 3, inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeLayerOptions) {
    const layer = `ConvTranspose${rank}d`;
    checkOptions(layer, options, [...convNdNames, 'outputPadding']);
    const padding = perAxis(layer, 'padding', options.padding ?? 0, rank, 0);
    const outputPadding = perAxis(layer, 'outputPadding', options.outputPadding ?? 0, rank, 0);
    super({ layer, rank, padding, transposed: true }, inChannels, outChannels, kernelSize, options);
    this.outputPadding = outputPadding;
    this.#layer = layer;
    this.#conv = [convTranspose1d, convTranspose2d, convTranspose3d][rank - 1];
  }

  /**
   * `outputSize`, [*spatial] or the whole shape of the output, chooses among the sizes that a stride above 1 leaves open; it
   * takes the place of `outputPadding`.
   */
  override forward(x: Tensor, outputSize?: readonly number[] | null): Tensor {
    const { stride, dilation, groups } = this;
    const padding = this.padding as readonly number[];
    const outputPadding = outputSize === undefined || outputSize === null ? this.outputPadding : this.#paddingTo(x, outputSize);
    return this.#conv(x, this.weight, this.bias, { stride, padding, outputPadding, dilation, groups });
  }

  /** Source: torch.nn.modules.conv._ConvTransposeNd._output_padding. */
  #paddingTo(x: Tensor, outputSize: readonly number[]): readonly number[] {
    const rank = this.kernelSize.length;
    // What is no input at all is refused by the convolution, in its own words.
    if (!isTensor(x) || (x.rank !== rank + 1 && x.rank !== rank + 2)) return this.outputPadding;
    const inSize = x.shape.slice(x.rank - rank);
    const padding = this.padding as readonly number[];
    const least = inSize.map((n, i) => (n - 1) * this.stride[i] - 2 * padding[i] + this.dilation[i] * (this.kernelSize[i] - 1) + 1);
    const lead = x.rank - rank;
    const size = Array.isArray(outputSize) && outputSize.length === x.rank ? outputSize.slice(lead) : outputSize;
    const fits = (n: unknown, i: number): boolean =>
      Number.isSafeInteger(n) && (n as number) >= least[i] && (n as number) < least[i] + this.stride[i];
    if (Array.isArray(size) && size.length === rank && size.every(fits)) return size.map((n: number, i) => n - least[i]);
    throw new ShapeError(
      this.#layer,
      `expected an outputSize from ${showShape(least)} to ${showShape(least.map((n, i) => n + this.stride[i] - 1))} for input ` +
        `${showShape(x.shape)}, got ${Array.isArray(outputSize) ? `[${outputSize.map(String).join(', ')}]` : String(outputSize)}; ` +
        'pass one size an axis',
    );
  }

  protected override outputPaddingRepr(): string {
    return this.outputPadding.some((p) => p !== 0) ? `, output_padding=${tuple(this.outputPadding)}` : '';
  }
}

/**
 * The transposed convolution, the gradient of `Conv1d` with respect to its input: each element of x adds the kernel, scaled
 * by it, to the output at stride times its position.
 *
 * x [batch, inChannels, length] or [inChannels, length], weight [inChannels, outChannels / groups, kernelSize] ->
 * [batch, outChannels, (length - 1) stride - 2 padding + dilation (kernelSize - 1) + outputPadding + 1].
 * Defaults: stride 1, padding 0, outputPadding 0, dilation 1, groups 1, with bias. Starts as U(-b, b) with
 * b = 1 / sqrt(outChannels / groups * prod(kernelSize)), as PyTorch does. An empty batch gives an empty output.
 * Errors: `ShapeError` for other channels, an outputPadding that is neither less than the stride nor than the dilation, an
 * outputSize that the stride does not allow, an output without elements. Source: torch.nn.ConvTranspose1d.
 */
export class ConvTranspose1d extends ConvTransposeNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeLayerOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * The same over two axes: x [batch, inChannels, height, width] or [inChannels, height, width]; sizes and options are one
 * number or `[height, width]`. Source: torch.nn.ConvTranspose2d.
 */
export class ConvTranspose2d extends ConvTransposeNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeLayerOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * The same over three axes: x [batch, inChannels, depth, height, width] or without batch; sizes and options are one number or
 * `[depth, height, width]`. Source: torch.nn.ConvTranspose3d.
 */
export class ConvTranspose3d extends ConvTransposeNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(inChannels: number, outChannels: number, kernelSize: PerAxis, options: ConvTransposeLayerOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options);
  }
}
