import {
  alphaDropout,
  checkDropout,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  type DropoutOptions,
  type Generator,
  type Tensor,
} from '@konv/core-tensor';
import { checkOptions } from './arguments.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';
import { float } from './module/print.js';

export interface DropoutLayerOptions {
  /**
   * Where the masks come from. Default: the global generator, with PyTorch's very masks. `'philox'`: 1.6 times as fast,
   * repeated by `manualSeed`, too, but not PyTorch's.
   */
  generator?: Generator | 'philox';
}

type Drop = (x: Tensor, options: DropoutOptions) => Tensor;

/** What all dropouts have in common. */
abstract class DropoutNd extends Module {
  /** The probability with which a value is dropped; may be changed. */
  p: number;
  readonly #generator: Generator | 'philox' | undefined;
  readonly #drop: Drop;

  constructor(layer: string, drop: Drop, p: number, options: DropoutLayerOptions) {
    super();
    checkOptions(layer, options, ['generator']);
    checkDropout(layer, { p, generator: options.generator });
    this.p = p;
    this.#generator = options.generator;
    this.#drop = drop;
  }
  override forward(x: Tensor): Tensor {
    const drop = this.#drop;
    return drop(x, { p: this.p, training: this.training, generator: this.#generator });
  }
  override extraRepr(): string {
    return `p=${float(this.p)}, inplace=False`;
  }
}

/**
 * y = x m / (1 - p) in training, m = 0 with probability p (0.5), else 1, for each value by itself; y = x in evaluation.
 *
 * x of any shape. Under `manualSeed` the masks are PyTorch's. Errors: `KonvError` unless p is in [0, 1].
 * Source: torch.nn.Dropout.
 */
export class Dropout extends DropoutNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(p = 0.5, options: DropoutLayerOptions = {}) {
    super('Dropout', dropout, p, options);
  }
}
/** The same by whole channels of [batch, channels, length] or [channels, length]. Source: torch.nn.Dropout1d. */
export class Dropout1d extends DropoutNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(p = 0.5, options: DropoutLayerOptions = {}) {
    super('Dropout1d', dropout1d, p, options);
  }
}
/** The same by whole channels of [batch, channels, height, width]. Source: torch.nn.Dropout2d. */
export class Dropout2d extends DropoutNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(p = 0.5, options: DropoutLayerOptions = {}) {
    super('Dropout2d', dropout2d, p, options);
  }
}
/** The same by whole channels of [batch, channels, depth, height, width]. Source: torch.nn.Dropout3d. */
export class Dropout3d extends DropoutNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(p = 0.5, options: DropoutLayerOptions = {}) {
    super('Dropout3d', dropout3d, p, options);
  }
}
/** Dropout that keeps mean 0 and variance 1, for networks with SELU. x of any shape. Source: torch.nn.AlphaDropout. */
export class AlphaDropout extends DropoutNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(p = 0.5, options: DropoutLayerOptions = {}) {
    super('AlphaDropout', alphaDropout, p, options);
  }
}
