import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  huberLoss,
  klDiv,
  KonvError,
  l1Loss,
  mseLoss,
  type Reduction,
  smoothL1Loss,
  type Tensor,
} from '@konv/core-tensor';
import { checkOptions, flag, oneOf } from './arguments.js';
import { checkReduction, type LossOptions } from './loss-options.js';
import { Module } from './module/module.js';

function number(layer: string, name: string, value: unknown, strict: boolean): number {
  if (typeof value === 'number' && (strict ? value > 0 : value >= 0)) return value;
  throw new KonvError(layer, `expected ${name} to be a number ${strict ? '>' : '>='} 0, got ${String(value)}`);
}

/** loss = (x - target)^2. x and target of one shape -> a scalar, or that shape for 'none'. Source: torch.nn.MSELoss. */
export class MSELoss extends Module {
  readonly reduction: Reduction;
  constructor(options: LossOptions = {}) {
    super();
    checkOptions('MSELoss', options, ['reduction']);
    this.reduction = checkReduction('MSELoss', options.reduction);
  }
  override forward(x: Tensor, target: Tensor): Tensor {
    return mseLoss(x, target, { reduction: this.reduction });
  }
}

/** loss = |x - target|. x and target of one shape -> a scalar, or that shape for 'none'. Source: torch.nn.L1Loss. */
export class L1Loss extends Module {
  readonly reduction: Reduction;
  constructor(options: LossOptions = {}) {
    super();
    checkOptions('L1Loss', options, ['reduction']);
    this.reduction = checkReduction('L1Loss', options.reduction);
  }
  override forward(x: Tensor, target: Tensor): Tensor {
    return l1Loss(x, target, { reduction: this.reduction });
  }
}

export interface SmoothL1LossLayerOptions extends LossOptions {
  /** Where the square turns into a straight line. Default: 1. */
  beta?: number;
}

/** With d = |x - target|: loss = d^2 / (2 beta) below beta, d - beta / 2 above. Source: torch.nn.SmoothL1Loss. */
export class SmoothL1Loss extends Module {
  readonly reduction: Reduction;
  readonly beta: number;
  constructor(options: SmoothL1LossLayerOptions = {}) {
    super();
    checkOptions('SmoothL1Loss', options, ['reduction', 'beta']);
    this.reduction = checkReduction('SmoothL1Loss', options.reduction);
    this.beta = number('SmoothL1Loss', 'beta', options.beta ?? 1, false);
  }
  override forward(x: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(x, target, { reduction: this.reduction, beta: this.beta });
  }
}

export interface HuberLossLayerOptions extends LossOptions {
  /** Where the square turns into a straight line. Default: 1. */
  delta?: number;
}

/** With d = |x - target|: loss = d^2 / 2 up to delta, delta (d - delta / 2) above. Source: torch.nn.HuberLoss. */
export class HuberLoss extends Module {
  readonly reduction: Reduction;
  readonly delta: number;
  constructor(options: HuberLossLayerOptions = {}) {
    super();
    checkOptions('HuberLoss', options, ['reduction', 'delta']);
    this.reduction = checkReduction('HuberLoss', options.reduction);
    this.delta = number('HuberLoss', 'delta', options.delta ?? 1, true);
  }
  override forward(x: Tensor, target: Tensor): Tensor {
    return huberLoss(x, target, { reduction: this.reduction, delta: this.delta });
  }
}

export interface BCELossOptions extends LossOptions {
  /** A factor for each loss, broadcasting to the input's shape. A buffer: it is saved and moved with the loss. */
  weight?: Tensor | null;
}

/**
 * loss = -weight (target log x + (1 - target) log(1 - x)), logarithms not below -100, for probabilities x.
 * x and target of one shape -> a scalar, or that shape for 'none'. Errors: `ShapeError`, also for x outside of [0, 1].
 * Source: torch.nn.BCELoss.
 */
export class BCELoss extends Module {
  declare weight: Tensor | null;
  readonly reduction: Reduction;
  constructor(options: BCELossOptions = {}) {
    super();
    checkOptions('BCELoss', options, ['weight', 'reduction']);
    this.reduction = checkReduction('BCELoss', options.reduction);
    this.registerBuffer('weight', options.weight ?? null);
  }
  override forward(x: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(x, target, { weight: this.weight, reduction: this.reduction });
  }
}

export interface BCEWithLogitsLossOptions extends BCELossOptions {
  /** A factor for the positive part, one a class, say. A buffer under the key `pos_weight`. */
  posWeight?: Tensor | null;
}

/**
 * Sigmoid and BCELoss in one, exact for scores x of any size:
 * loss = -weight (posWeight target log s(x) + (1 - target) log(1 - s(x))).
 * x and target of one shape -> a scalar, or that shape for 'none'. Errors: `ShapeError`. Source: torch.nn.BCEWithLogitsLoss.
 */
export class BCEWithLogitsLoss extends Module {
  declare weight: Tensor | null;
  declare pos_weight: Tensor | null;
  readonly reduction: Reduction;
  constructor(options: BCEWithLogitsLossOptions = {}) {
    super();
    checkOptions('BCEWithLogitsLoss', options, ['weight', 'posWeight', 'reduction']);
    this.reduction = checkReduction('BCEWithLogitsLoss', options.reduction);
    this.registerBuffer('weight', options.weight ?? null);
    this.registerBuffer('pos_weight', options.posWeight ?? null);
  }
  override forward(x: Tensor, target: Tensor): Tensor {
    const { weight, pos_weight: posWeight, reduction } = this;
    return binaryCrossEntropyWithLogits(x, target, { weight, posWeight, reduction });
  }
}

export interface KLDivLossOptions {
  /** 'mean' (default: over all elements), 'batchmean' (the divergence), 'sum' or 'none'. */
  reduction?: Reduction | 'batchmean';
  /** Whether the target holds logarithms, too. Default: false. */
  logTarget?: boolean;
}

/**
 * loss = target (log target - x) for logarithms of probabilities x; with logTarget exp(target) (target - x).
 * Source: torch.nn.KLDivLoss.
 */
export class KLDivLoss extends Module {
  readonly reduction: Reduction | 'batchmean';
  readonly logTarget: boolean;
  constructor(options: KLDivLossOptions = {}) {
    super();
    checkOptions('KLDivLoss', options, ['reduction', 'logTarget']);
    this.reduction = oneOf('KLDivLoss', 'reduction', options.reduction ?? 'mean', ['mean', 'batchmean', 'sum', 'none']);
    this.logTarget = flag('KLDivLoss', 'logTarget', options.logTarget ?? false);
  }
  override forward(x: Tensor, target: Tensor): Tensor {
    return klDiv(x, target, { reduction: this.reduction, logTarget: this.logTarget });
  }
}
