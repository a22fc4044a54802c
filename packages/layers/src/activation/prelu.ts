import { type Parameter, prelu, type Tensor } from '@konv/core-tensor';
import { whole } from '../arguments.js';
import { emptyParameter, type FactoryOptions } from '../factory.js';
import { constant_ } from '../init.js';
import { KEEPS_NOTHING } from '../module/keeps-nothing.js';
import { Module } from '../module/module.js';
import { checkActivation, realNumber } from './arguments.js';

export interface PReLUOptions extends Pick<FactoryOptions, 'dtype' | 'backend'> {
  /** 1 for all, or one a channel. Default: 1. */
  numParameters?: number;
  /** What the weights start as. Default: 0.25. */
  init?: number;
}

/**
 * y = x > 0 ? x : weight x, with a slope that is learned.
 *
 * x [batch, channels, ...], weight [channels]; or x of any shape and weight [1]. The derivative at 0 is the weight. Weight
 * decay draws the slopes to 0: leave it out for them. Errors: `ShapeError` for another number of channels, `KonvError`
 * for bad options. Source: torch.nn.PReLU.
 */
export class PReLU extends Module {
  static readonly [KEEPS_NOTHING] = 'one op';
  readonly numParameters: number;
  readonly init: number;
  weight: Parameter;

  constructor(options: PReLUOptions = {}) {
    super();
    checkActivation('PReLU', options, ['numParameters', 'init', 'dtype', 'backend']);
    this.numParameters = whole('PReLU', 'numParameters', options.numParameters ?? 1, 1);
    this.init = realNumber('PReLU', 'init', options.init, 0.25);
    this.weight = emptyParameter('PReLU', [this.numParameters], options);
    this.resetParameters();
  }

  /** Sets the weights to `init` again. */
  resetParameters(): void {
    constant_(this.weight, this.init);
  }

  override forward(x: Tensor): Tensor {
    return prelu(x, this.weight);
  }

  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}
