import { type Generator, linear, type Parameter, type Tensor } from '@konv/core-tensor';
import { checkOptions, flag, whole } from './arguments.js';
import { resetAffine } from './default-init.js';
import { emptyParameter, factoryNames, type FactoryOptions } from './factory.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';
import { bool } from './module/print.js';

export interface LinearOptions extends FactoryOptions {
  /** Default: true. */
  bias?: boolean;
}

/**
 * y = x weight^T + bias.
 *
 * x [..., inFeatures], weight [outFeatures, inFeatures], bias [outFeatures] -> [..., outFeatures].
 * Starts as U(-b, b), b = 1 / sqrt(inFeatures). Errors: `ShapeError` for another number of features.
 * Source: torch.nn.Linear.
 */
export class Linear extends Module {
  static readonly [KEEPS_NOTHING] = true;
  readonly inFeatures: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    checkOptions('Linear', options, ['bias', ...factoryNames]);
    this.inFeatures = whole('Linear', 'inFeatures', inFeatures, 1);
    this.outFeatures = whole('Linear', 'outFeatures', outFeatures, 1);
    const biased = flag('Linear', 'bias', options.bias ?? true);
    this.weight = emptyParameter('Linear', [outFeatures, inFeatures], options);
    this.bias = biased ? emptyParameter('Linear', [outFeatures], options) : null;
    this.resetParameters(options.generator);
  }

  /** Draws the initial values anew. */
  resetParameters(generator?: Generator): void {
    resetAffine(this.weight, this.bias, generator);
  }

  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${bool(this.bias !== null)}`;
  }
}
