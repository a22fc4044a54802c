import { maxUnpool1d, maxUnpool2d, maxUnpool3d, type PerAxis, type Tensor } from '@konv/core-tensor';
import { checkOptions, perAxis } from './arguments.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';
import { tuple } from './module/print.js';

export interface MaxUnpoolLayerOptions {
  /** The pool's. Default: the kernel size. */
  stride?: PerAxis;
  /** The pool's. Default: 0. */
  padding?: PerAxis;
}

abstract class MaxUnpoolNd extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly #unpool: typeof maxUnpool2d;

  constructor(rank: 1 | 2 | 3, kernelSize: PerAxis, options: MaxUnpoolLayerOptions) {
    const layer = `MaxUnpool${rank}d`;
    checkOptions(layer, options, ['stride', 'padding']);
    super();
    this.kernelSize = perAxis(layer, 'kernelSize', kernelSize, rank, 1);
    this.stride = perAxis(layer, 'stride', options.stride ?? kernelSize, rank, 1);
    this.padding = perAxis(layer, 'padding', options.padding ?? 0, rank, 0);
    this.#unpool = [maxUnpool1d, maxUnpool2d, maxUnpool3d][rank - 1];
  }

  /** `outputSize`: the size before the pool, which left it open: [*spatial], or the whole shape. */
  override forward(x: Tensor, indices: Tensor, outputSize?: readonly number[] | null): Tensor {
    const { stride, padding } = this;
    return this.#unpool(x, indices, this.kernelSize, { stride, padding, outputSize });
  }

  override extraRepr(): string {
    return `kernel_size=${tuple(this.kernelSize)}, stride=${tuple(this.stride)}, padding=${tuple(this.padding)}`;
  }
}

/**
 * Undoes `MaxPool1d` as far as that can be: x at the positions where the maxima stood, and 0 elsewhere.
 *
 * x and indices [batch, channels, length] or [channels, length], the `{ values, indices }` of a pool with
 * `returnIndices: true` -> [batch, channels, (length - 1) stride - 2 padding + kernelSize], or as `outputSize` says.
 * Errors: `ShapeError` for indices of another shape or beyond the result, or an outputSize a stride or more away.
 * Source: torch.nn.MaxUnpool1d.
 */
export class MaxUnpool1d extends MaxUnpoolNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(kernelSize: PerAxis, options: MaxUnpoolLayerOptions = {}) {
    super(1, kernelSize, options);
  }
}
/** The same over [batch, channels, height, width]. Source: torch.nn.MaxUnpool2d. */
export class MaxUnpool2d extends MaxUnpoolNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(kernelSize: PerAxis, options: MaxUnpoolLayerOptions = {}) {
    super(2, kernelSize, options);
  }
}
/** The same over [batch, channels, depth, height, width]. Source: torch.nn.MaxUnpool3d. */
export class MaxUnpool3d extends MaxUnpoolNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(kernelSize: PerAxis, options: MaxUnpoolLayerOptions = {}) {
    super(3, kernelSize, options);
  }
}
