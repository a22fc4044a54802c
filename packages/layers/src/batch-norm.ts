import { add, batchNorm, noGrad, ones, type Parameter, reciprocal, scope, ShapeError, type Tensor, zeros } from '@konv/core-tensor';
import { checkOptions, flag, whole } from './arguments.js';
import { emptyParameter, factoryNames, type FactoryOptions } from './factory.js';
import { ones_, zeros_ } from './init.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';
import { bool, float } from './module/print.js';
import { checkEps, checkMomentum } from './normalization.js';

export interface BatchNormOptions extends Omit<FactoryOptions, 'generator'> {
  /** Added to the variance. Default: 1e-5. */
  eps?: number;
  /** How far the running statistics move toward each batch's; null: they are the plain average of all. Default: 0.1. */
  momentum?: number | null;
  /** Whether there is a weight and a bias. Default: true. */
  affine?: boolean;
  /** Whether there are running statistics; without them evaluation normalises by the batch, too. Default: true. */
  trackRunningStats?: boolean;
}

const optionNames = ['eps', 'momentum', 'affine', 'trackRunningStats', ...factoryNames.filter((name) => name !== 'generator')];

/** What batch norms of all ranks have in common. */
abstract class BatchNormNd extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
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
  readonly #shapes: Readonly<Record<number, string>>;

  constructor(layer: string, shapes: Readonly<Record<number, string>>, numFeatures: number, options: BatchNormOptions) {
    super();
    checkOptions(layer, options, optionNames);
    this.#layer = layer;
    this.#shapes = shapes;
    this.numFeatures = whole(layer, 'numFeatures', numFeatures, 1);
    this.eps = checkEps(layer, options.eps);
    this.momentum = options.momentum === null ? null : checkMomentum(layer, options.momentum);
    this.affine = flag(layer, 'affine', options.affine ?? true);
    this.trackRunningStats = flag(layer, 'trackRunningStats', options.trackRunningStats ?? true);
    this.weight = this.affine ? emptyParameter(layer, [numFeatures], options) : null;
    this.bias = this.affine ? emptyParameter(layer, [numFeatures], options) : null;
    const { dtype = 'float32', backend } = options;
    this.registerBuffer('running_mean', this.trackRunningStats ? zeros([numFeatures], { dtype, backend }) : null);
    this.registerBuffer('running_var', this.trackRunningStats ? ones([numFeatures], { dtype, backend }) : null);
    this.registerBuffer('num_batches_tracked', this.trackRunningStats ? zeros([], { dtype: 'int32', backend }) : null);
    if (this.weight && this.bias) {
      ones_(this.weight);
      zeros_(this.bias);
    }
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
    this.#check(x);
    const { running_mean, running_var, num_batches_tracked: seen, weight, bias, momentum, eps } = this;
    if (!this.training || seen === null) {
      return batchNorm(x, running_mean, running_var, weight, bias, running_mean === null, 0, eps);
    }
    // What may fail comes before the first change. The count stays on its device: nothing is read back.
    const count = noGrad(() => add(seen, 1));
    const share = momentum ?? noGrad(() => scope(() => reciprocal(count.cast(x.dtype))));
    try {
      const y = batchNorm(x, running_mean, running_var, weight, bias, true, share, eps);
      noGrad(() => seen.copy_(count));
      return y;
    } finally {
      count.dispose();
      if (typeof share !== 'number') share.dispose();
    }
  }

  #check(x: Tensor): void {
    const shapes = Object.values(this.#shapes).join(' or ');
    if (this.#shapes[x.rank] === undefined) {
      const other = x.rank >= 2 && x.rank <= 5 ? `; use BatchNorm${Math.max(1, x.rank - 2)}d` : '; reshape it';
      throw new ShapeError(this.#layer, `expected input ${shapes}, got [${x.shape.join(', ')}]${other}`);
    }
    if (x.shape[1] !== this.numFeatures) {
      throw new ShapeError(
        this.#layer,
        `expected ${this.numFeatures} channels, got ${x.shape[1]} from input [${x.shape.join(', ')}]; build ${this.#layer}(${x.shape[1]})`,
      );
    }
  }

  override extraRepr(): string {
    const momentum = this.momentum === null ? 'None' : float(this.momentum);
    return (
      `${this.numFeatures}, eps=${float(this.eps)}, momentum=${momentum}, affine=${bool(this.affine)}, ` +
      `track_running_stats=${bool(this.trackRunningStats)}`
    );
  }
}

/**
 * y = (x - mean) / sqrt(var + eps) * weight + bias, per channel: in training by the batch's own mean and biased variance,
 * while the running ones move toward them (the variance unbiased): running = (1 - momentum) running + momentum batch; in
 * evaluation by the running ones.
 *
 * x [batch, numFeatures] or [batch, numFeatures, length] -> x's shape. Starts with weight 1, bias 0, running_mean 0,
 * running_var 1. Errors: `ShapeError` for another rank or number of channels, and for one value per channel in training.
 * Source: torch.nn.BatchNorm1d.
 */
export class BatchNorm1d extends BatchNormNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super('BatchNorm1d', { 2: '[batch, channels]', 3: '[batch, channels, length]' }, numFeatures, options);
  }
}
/** The same over [batch, numFeatures, height, width]. Source: torch.nn.BatchNorm2d. */
export class BatchNorm2d extends BatchNormNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super('BatchNorm2d', { 4: '[batch, channels, height, width]' }, numFeatures, options);
  }
}
/** The same over [batch, numFeatures, depth, height, width]. Source: torch.nn.BatchNorm3d. */
export class BatchNorm3d extends BatchNormNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super('BatchNorm3d', { 5: '[batch, channels, depth, height, width]' }, numFeatures, options);
  }
}
