import { groupNorm, KonvError, layerNorm, type Parameter, ShapeError, type Tensor } from '@konv/core-tensor';
import { checkOptions, flag, whole } from './arguments.js';
import { emptyParameter, factoryNames, type FactoryOptions } from './factory.js';
import { ones_, zeros_ } from './init.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';
import { bool, float, tuple } from './module/print.js';

export function checkEps(layer: string, eps: number | undefined): number {
  const value = eps ?? 1e-5;
  if (typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY) return value;
  throw new KonvError(layer, `expected eps to be a number >= 0, got ${String(value)}; the default is 1e-5`);
}

export function checkMomentum(layer: string, momentum: number | undefined): number {
  const value = momentum ?? 0.1;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw new KonvError(layer, `expected momentum to be in [0, 1], or null for the plain average, got ${String(value)}; the default is 0.1`);
}

const plainNames = factoryNames.filter((name) => name !== 'generator');

export interface LayerNormOptions extends Omit<FactoryOptions, 'generator'> {
  /** Added to the variance. Default: 1e-5. */
  eps?: number;
  /** Whether there is a weight and a bias, one for each normalised element. Default: true. */
  elementwiseAffine?: boolean;
}

/**
 * y = (x - mean) / sqrt(var + eps) * weight + bias, mean and biased variance over the last axes, one pair a sample.
 *
 * x [..., *normalizedShape] -> x's shape; weight (1 at the start) and bias (0) [*normalizedShape].
 * Errors: `ShapeError` where x does not end in `normalizedShape`. Source: torch.nn.LayerNorm.
 */
export class LayerNorm extends Module {
  static readonly [KEEPS_NOTHING] = true;
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(normalizedShape: number | readonly number[], options: LayerNormOptions = {}) {
    super();
    const layer = 'LayerNorm';
    checkOptions(layer, options, ['eps', 'elementwiseAffine', ...plainNames]);
    const sizes = Array.isArray(normalizedShape) ? normalizedShape : [normalizedShape];
    this.normalizedShape = sizes.map((n) => whole(layer, 'normalizedShape', n, 1));
    if (sizes.length === 0)
      throw new ShapeError(layer, 'expected normalizedShape to have at least one axis, got []; pass the last sizes of the input');
    this.eps = checkEps(layer, options.eps);
    this.elementwiseAffine = flag(layer, 'elementwiseAffine', options.elementwiseAffine ?? true);
    this.weight = this.elementwiseAffine ? emptyParameter(layer, this.normalizedShape, options) : null;
    this.bias = this.elementwiseAffine ? emptyParameter(layer, this.normalizedShape, options) : null;
    this.resetParameters();
  }

  /** Puts the weight back to 1 and the bias to 0. Draws nothing. */
  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  override forward(x: Tensor): Tensor {
    return layerNorm(x, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    return `${tuple(this.normalizedShape)}, eps=${float(this.eps)}, elementwise_affine=${bool(this.elementwiseAffine)}`;
  }
}

export interface GroupNormOptions extends Omit<FactoryOptions, 'generator'> {
  /** Added to the variance. Default: 1e-5. */
  eps?: number;
  /** Whether there is a weight and a bias, one for each channel. Default: true. */
  affine?: boolean;
}

/**
 * y = (x - mean) / sqrt(var + eps) * weight + bias, mean and biased variance over the channels of a group and all
 * positions, one pair a sample and group; the same in training and evaluation.
 *
 * x [batch, numChannels, ...] -> x's shape; weight (1 at the start) and bias (0) [numChannels].
 * Errors: `ShapeError` where the groups do not divide the channels, or x has others. Source: torch.nn.GroupNorm.
 */
export class GroupNorm extends Module {
  static readonly [KEEPS_NOTHING] = true;
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  readonly affine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(numGroups: number, numChannels: number, options: GroupNormOptions = {}) {
    super();
    const layer = 'GroupNorm';
    checkOptions(layer, options, ['eps', 'affine', ...plainNames]);
    this.numGroups = whole(layer, 'numGroups', numGroups, 1);
    this.numChannels = whole(layer, 'numChannels', numChannels, 1);
    if (numChannels % numGroups !== 0) {
      throw new ShapeError(
        layer,
        `expected numChannels to be divisible by numGroups ${numGroups}, got ${numChannels}; choose groups that divide it`,
      );
    }
    this.eps = checkEps(layer, options.eps);
    this.affine = flag(layer, 'affine', options.affine ?? true);
    this.weight = this.affine ? emptyParameter(layer, [numChannels], options) : null;
    this.bias = this.affine ? emptyParameter(layer, [numChannels], options) : null;
    this.resetParameters();
  }

  /** Puts the weight back to 1 and the bias to 0. Draws nothing. */
  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  override forward(x: Tensor): Tensor {
    return groupNorm(x, this.numGroups, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${float(this.eps)}, affine=${bool(this.affine)}`;
  }
}
