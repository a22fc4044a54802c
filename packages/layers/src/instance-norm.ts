import { instanceNorm, noGrad, ones, type Parameter, ShapeError, showShape, type Tensor, unsqueeze, zeros } from '@konv/core-tensor';
import { checkOptions, flag, whole } from './arguments.js';
import { emptyParameter, factoryNames, type FactoryOptions } from './factory.js';
import { ones_, zeros_ } from './init.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';
import { bool, float } from './module/print.js';
import { checkEps, checkMomentum } from './normalization.js';

export interface InstanceNormLayerOptions extends Omit<FactoryOptions, 'generator'> {
  /** Added to the variance. Default: 1e-5. */
  eps?: number;
  /** How far the running statistics move toward each batch's. Default: 0.1. */
  momentum?: number;
  /** Whether there is a weight and a bias. Default: false. */
  affine?: boolean;
  /** Whether there are running statistics, which evaluation then normalises by. Default: false. */
  trackRunningStats?: boolean;
}

const optionNames = ['eps', 'momentum', 'affine', 'trackRunningStats', ...factoryNames.filter((name) => name !== 'generator')];

/** What instance norms of all ranks have in common. */
abstract class InstanceNormNd extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  /** [numFeatures] */
  weight: Parameter | null;
  /** [numFeatures] */
  bias: Parameter | null;
  declare running_mean: Tensor | null;
  declare running_var: Tensor | null;
  /** How many batches the running statistics have seen. */
  declare num_batches_tracked: Tensor | null;
  readonly #layer: string;
  readonly #rank: number;
  readonly #shape: string;

  constructor(rank: 1 | 2 | 3, numFeatures: number, options: InstanceNormLayerOptions) {
    super();
    const layer = `InstanceNorm${rank}d`;
    checkOptions(layer, options, optionNames);
    this.#layer = layer;
    this.#rank = rank;
    this.#shape = ['length', 'height, width', 'depth, height, width'][rank - 1];
    this.numFeatures = whole(layer, 'numFeatures', numFeatures, 1);
    this.eps = checkEps(layer, options.eps);
    this.momentum = checkMomentum(layer, options.momentum);
    this.affine = flag(layer, 'affine', options.affine ?? false);
    this.trackRunningStats = flag(layer, 'trackRunningStats', options.trackRunningStats ?? false);
    this.weight = this.affine ? emptyParameter(layer, [numFeatures], options) : null;
    this.bias = this.affine ? emptyParameter(layer, [numFeatures], options) : null;
    const { dtype = 'float32', backend } = options;
    this.registerBuffer('running_mean', this.trackRunningStats ? zeros([numFeatures], { dtype, backend }) : null);
    this.registerBuffer('running_var', this.trackRunningStats ? ones([numFeatures], { dtype, backend }) : null);
    this.registerBuffer('num_batches_tracked', this.trackRunningStats ? zeros([], { dtype: 'int32', backend }) : null);
    this.resetParameters();
  }

  /** Puts the running statistics back to mean 0, variance 1 and no batches. */
  resetRunningStats(): void {
    noGrad(() => {
      this.running_mean?.fill_(0);
      this.running_var?.fill_(1);
      this.num_batches_tracked?.fill_(0);
    });
  }

  /** Puts the weight back to 1, the bias to 0 and the running statistics to their start. Draws nothing. */
  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  override forward(x: Tensor): Tensor {
    const batched = x.rank === this.#rank + 2;
    if (!batched && x.rank !== this.#rank + 1) {
      const shapes = `[batch, channels, ${this.#shape}] or [channels, ${this.#shape}]`;
      throw new ShapeError(this.#layer, `expected input ${shapes}, got ${showShape(x.shape)}; reshape it`);
    }
    const { running_mean, running_var, weight, bias, momentum, eps } = this;
    const useInputStats = this.training || running_mean === null;
    const y = instanceNorm(batched ? x : unsqueeze(x, 0), running_mean, running_var, weight, bias, { useInputStats, momentum, eps });
    return batched ? y : y.reshape(x.shape);
  }

  override extraRepr(): string {
    return (
      `${this.numFeatures}, eps=${float(this.eps)}, momentum=${float(this.momentum)}, affine=${bool(this.affine)}, ` +
      `track_running_stats=${bool(this.trackRunningStats)}`
    );
  }
}

/**
 * y = (x - mean) / sqrt(var + eps) * weight + bias, mean and biased variance over the positions of each channel of each
 * sample; with `trackRunningStats`, in evaluation, by the running ones.
 *
 * x [batch, numFeatures, length] or [numFeatures, length] -> x's shape. Without weight, bias and running statistics by
 * default, and then of any number of channels. Errors: `ShapeError` for another rank, for other channels than weight or
 * statistics have, and for one position per channel. Source: torch.nn.InstanceNorm1d.
 */
export class InstanceNorm1d extends InstanceNormNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(numFeatures: number, options: InstanceNormLayerOptions = {}) {
    super(1, numFeatures, options);
  }
}
/** The same over [batch, numFeatures, height, width] or without batch. Source: torch.nn.InstanceNorm2d. */
export class InstanceNorm2d extends InstanceNormNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(numFeatures: number, options: InstanceNormLayerOptions = {}) {
    super(2, numFeatures, options);
  }
}
/** The same over [batch, numFeatures, depth, height, width] or without batch. Source: torch.nn.InstanceNorm3d. */
export class InstanceNorm3d extends InstanceNormNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(numFeatures: number, options: InstanceNormLayerOptions = {}) {
    super(3, numFeatures, options);
  }
}
