import {
  avgPool1d,
  avgPool2d,
  avgPool3d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type MaxPoolResult,
  type PerAxis,
  ShapeError,
  type Tensor,
} from '@konv/core-tensor';
import { checkOptions, flag, perAxis, whole } from './arguments.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';
import { bool, tuple } from './module/print.js';

interface PoolLayerOptions {
  /** Default: the kernel size. */
  stride?: PerAxis;
  /** On both sides of each axis, at most half the kernel. Default: 0. */
  padding?: PerAxis;
  /** Whether a last window that overhangs counts. Default: false. */
  ceilMode?: boolean;
}
export interface MaxPoolLayerOptions<Indices extends boolean = boolean> extends PoolLayerOptions {
  /** The distance between the elements of a window. Default: 1. */
  dilation?: PerAxis;
  /** Whether `forward` returns `{ values, indices }`, for MaxUnpool; indices are int32. Default: false. */
  returnIndices?: Indices;
}
/** What a max pool returns. */
export type MaxPoolOutput<Indices extends boolean> = Indices extends true ? MaxPoolResult : Tensor;
export interface AvgPoolLayerOptions extends PoolLayerOptions {
  /** Whether padding counts in the divisor. Default: true. */
  countIncludePad?: boolean;
  /** Every window's sum is divided by this whole number. Default: by its elements. Not for AvgPool1d, as in PyTorch. */
  divisorOverride?: number | null;
}

/** What pools of all ranks have in common. */
abstract class PoolNd extends Module {
  readonly kernelSize: PerAxis;
  readonly stride: PerAxis;
  readonly padding: PerAxis;
  readonly ceilMode: boolean;

  constructor(layer: string, rank: number, kernelSize: PerAxis, options: PoolLayerOptions) {
    super();
    const kernel = perAxis(layer, 'kernelSize', kernelSize, rank, 1);
    this.kernelSize = kernelSize;
    this.stride = options.stride ?? kernelSize;
    this.padding = options.padding ?? 0;
    perAxis(layer, 'stride', this.stride, rank, 1);
    const padding = perAxis(layer, 'padding', this.padding, rank, 0);
    if (padding.some((p, i) => p > kernel[i] / 2)) {
      throw new ShapeError(
        layer,
        `expected padding of at most half the kernel ${tuple(kernel)}, got ${tuple(padding)}; use a ConvNd or pad() for more`,
      );
    }
    this.ceilMode = flag(layer, 'ceilMode', options.ceilMode ?? false);
  }
}

/** A number as it is, a list as a tuple. */
export const shown = (value: PerAxis): string => (typeof value === 'number' ? String(value) : tuple(value));

abstract class MaxPoolNd<Indices extends boolean> extends PoolNd {
  readonly dilation: PerAxis;
  readonly returnIndices: boolean;
  readonly #pool: typeof maxPool2d;

  constructor(rank: 1 | 2 | 3, kernelSize: PerAxis, options: MaxPoolLayerOptions<Indices>) {
    const layer = `MaxPool${rank}d`;
    checkOptions(layer, options, ['stride', 'padding', 'dilation', 'ceilMode', 'returnIndices']);
    super(layer, rank, kernelSize, options);
    this.dilation = options.dilation ?? 1;
    perAxis(layer, 'dilation', this.dilation, rank, 1);
    this.returnIndices = flag(layer, 'returnIndices', options.returnIndices ?? false);
    this.#pool = [maxPool1d, maxPool2d, maxPool3d][rank - 1];
  }
  override forward(x: Tensor): MaxPoolOutput<Indices> {
    const { stride, padding, dilation, ceilMode } = this;
    const options = { stride, padding, dilation, ceilMode };
    const y = this.returnIndices
      ? this.#pool(x, this.kernelSize, { ...options, returnIndices: true })
      : this.#pool(x, this.kernelSize, options);
    return y as MaxPoolOutput<Indices>;
  }
  override extraRepr(): string {
    return (
      `kernel_size=${shown(this.kernelSize)}, stride=${shown(this.stride)}, padding=${shown(this.padding)}, ` +
      `dilation=${shown(this.dilation)}, ceil_mode=${bool(this.ceilMode)}`
    );
  }
}

abstract class AvgPoolNd extends PoolNd {
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | null;
  readonly #rank: 1 | 2 | 3;

  constructor(rank: 1 | 2 | 3, kernelSize: PerAxis, options: AvgPoolLayerOptions) {
    const layer = `AvgPool${rank}d`;
    checkOptions(layer, options, ['stride', 'padding', 'ceilMode', 'countIncludePad', ...(rank === 1 ? [] : ['divisorOverride'])]);
    const divisor = options.divisorOverride ?? null;
    if (divisor === 0) throw new ShapeError(layer, 'expected divisorOverride to be other than 0, got 0; leave it out for the mean');
    super(layer, rank, kernelSize, options);
    this.countIncludePad = flag(layer, 'countIncludePad', options.countIncludePad ?? true);
    this.divisorOverride = divisor === null ? null : whole(layer, 'divisorOverride', divisor, Number.MIN_SAFE_INTEGER);
    this.#rank = rank;
  }
  override forward(x: Tensor): Tensor {
    const { stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    const pool = [avgPool1d, avgPool2d, avgPool3d][this.#rank - 1];
    return pool(x, this.kernelSize, { stride, padding, ceilMode, countIncludePad, divisorOverride });
  }
  override extraRepr(): string {
    // PyTorch keeps the numbers of AvgPool1d as tuples, and of no other pool.
    const print = (v: PerAxis): string => (this.#rank === 1 && typeof v === 'number' ? tuple([v]) : shown(v));
    return `kernel_size=${print(this.kernelSize)}, stride=${print(this.stride)}, padding=${print(this.padding)}`;
  }
}

/**
 * y[n, c, q] = max over k of x[n, c, q stride - padding + k dilation]; padding is -infinity, NaN wins, and of equal
 * values the first gets the gradient.
 *
 * x [batch, channels, length] or [channels, length] -> [batch, channels, outLength], or with `returnIndices: true`
 * `{ values, indices }`: int32 positions within the unpadded input's plane.
 * Defaults: stride = kernelSize, padding 0, dilation 1, no ceilMode.
 * Errors: `ShapeError`. Source: torch.nn.MaxPool1d.
 */
export class MaxPool1d<Indices extends boolean = false> extends MaxPoolNd<Indices> {
  static readonly [KEEPS_NOTHING] = true;
  constructor(kernelSize: PerAxis, options: MaxPoolLayerOptions<Indices> = {}) {
    super(1, kernelSize, options);
  }
}
/** The same over [batch, channels, height, width]. Source: torch.nn.MaxPool2d. */
export class MaxPool2d<Indices extends boolean = false> extends MaxPoolNd<Indices> {
  static readonly [KEEPS_NOTHING] = true;
  constructor(kernelSize: PerAxis, options: MaxPoolLayerOptions<Indices> = {}) {
    super(2, kernelSize, options);
  }
}
/** The same over [batch, channels, depth, height, width]. Source: torch.nn.MaxPool3d. */
export class MaxPool3d<Indices extends boolean = false> extends MaxPoolNd<Indices> {
  static readonly [KEEPS_NOTHING] = true;
  constructor(kernelSize: PerAxis, options: MaxPoolLayerOptions<Indices> = {}) {
    super(3, kernelSize, options);
  }
}

/**
 * y[n, c, q] = the mean over k of x[n, c, q stride - padding + k]; padding is 0 and counts unless `countIncludePad` is
 * false; what ceilMode overhangs never counts. In 2-D and 3-D, `divisorOverride` takes the place of the number of elements.
 *
 * x [batch, channels, length] or [channels, length]. Defaults: stride = kernelSize, padding 0. Errors: `ShapeError`.
 * Source: torch.nn.AvgPool1d.
 */
export class AvgPool1d extends AvgPoolNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(kernelSize: PerAxis, options: AvgPoolLayerOptions = {}) {
    super(1, kernelSize, options);
  }
}
/** The same over [batch, channels, height, width]. Source: torch.nn.AvgPool2d. */
export class AvgPool2d extends AvgPoolNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(kernelSize: PerAxis, options: AvgPoolLayerOptions = {}) {
    super(2, kernelSize, options);
  }
}
/** The same over [batch, channels, depth, height, width]. Source: torch.nn.AvgPool3d. */
export class AvgPool3d extends AvgPoolNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(kernelSize: PerAxis, options: AvgPoolLayerOptions = {}) {
    super(3, kernelSize, options);
  }
}
