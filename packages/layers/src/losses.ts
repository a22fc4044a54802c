import { crossEntropy, isTensor, KonvError, nllLoss, type Reduction, ShapeError, showShape, type Tensor } from '@konv/core-tensor';
import { checkOptions, whole } from './arguments.js';
import { checkReduction, type LossOptions } from './loss-options.js';
import { Module } from './module/module.js';

export interface NLLLossOptions extends LossOptions {
  /** [classes]: how much each class counts. A buffer: it is saved and moved with the loss. Default: all the same. */
  weight?: Tensor | null;
  /** A target that does not count. Default: -100. */
  ignoreIndex?: number;
}
export interface CrossEntropyLossOptions extends NLLLossOptions {
  /** How much of the target is spread over all classes, in [0, 1]. Default: 0. */
  labelSmoothing?: number;
}

/** What the losses over classes have in common. */
abstract class ClassLoss extends Module {
  declare weight: Tensor | null;
  readonly ignoreIndex: number;
  readonly reduction: Reduction;
  constructor(layer: string, options: NLLLossOptions) {
    super();
    const { weight = null } = options;
    if (isTensor(weight) && weight.rank !== 1) {
      throw new ShapeError(layer, `expected weight [classes], got shape ${showShape(weight.shape)}`);
    }
    this.registerBuffer('weight', weight);
    this.ignoreIndex = whole(layer, 'ignoreIndex', options.ignoreIndex ?? -100, Number.MIN_SAFE_INTEGER);
    this.reduction = checkReduction(layer, options.reduction);
  }
}

/**
 * loss_i = -weight[t] x[i, t] at t = target_i, for logarithms of probabilities x [batch, classes] (or with further axes)
 * and int32 targets. The mean divides by the sum of the weights of what counts. Source: torch.nn.NLLLoss.
 */
export class NLLLoss extends ClassLoss {
  constructor(options: NLLLossOptions = {}) {
    checkOptions('NLLLoss', options, ['weight', 'ignoreIndex', 'reduction']);
    super('NLLLoss', options);
  }
  override forward(x: Tensor, targets: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return nllLoss(x, targets, { weight, ignoreIndex, reduction });
  }
}

/**
 * The same for scores x of any size: logSoftmax and NLLLoss in one. Targets are int32 classes, or probabilities of x's
 * shape. With smoothing e and C classes the target is (1 - e) of itself and e / C of every class.
 * Errors: `ShapeError`, also for a target out of range; `DTypeError`. Source: torch.nn.CrossEntropyLoss.
 */
export class CrossEntropyLoss extends ClassLoss {
  readonly labelSmoothing: number;
  constructor(options: CrossEntropyLossOptions = {}) {
    checkOptions('CrossEntropyLoss', options, ['weight', 'ignoreIndex', 'reduction', 'labelSmoothing']);
    super('CrossEntropyLoss', options);
    const { labelSmoothing = 0 } = options;
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new KonvError('CrossEntropyLoss', `expected labelSmoothing in [0, 1], got ${String(labelSmoothing)}`);
    }
    this.labelSmoothing = labelSmoothing;
  }
  override forward(x: Tensor, targets: Tensor): Tensor {
    const { weight, ignoreIndex, reduction, labelSmoothing } = this;
    return crossEntropy(x, targets, { weight, ignoreIndex, reduction, labelSmoothing });
  }
}
