import { empty, KonvError, neg, noGrad, type Parameter, sgdStep, type Tensor } from '@konv/core-tensor';
import { checkFlag, checkNumber, Optimizer, type Params, type ParamState } from './optimizer.js';

export interface SGDOptions {
  /** Step size. */
  lr: number;
  /** How much of the last step goes on; default 0. */
  momentum?: number;
  /** How much of the gradient is kept out of the momentum; default 0. */
  dampening?: number;
  /** Weight of the L2 penalty, whose gradient joins first; default 0. */
  weightDecay?: number;
  /** Looks ahead along the momentum; default false. */
  nesterov?: boolean;
  /** Goes up the gradient instead of down; default false. */
  maximize?: boolean;
}

/**
 * Stochastic gradient descent: g = grad + weightDecay p; b = momentum b + (1 - dampening) g (the first b is g itself);
 * p -= lr (nesterov ? g + momentum b : momentum ? b : g). With `maximize` it takes -grad.
 * Errors: `KonvError` for options that make no sense (nesterov needs momentum and no dampening). Source: torch.optim.SGD.
 */
export class SGD extends Optimizer<Required<SGDOptions>> {
  constructor(params: Params<SGDOptions>, options: SGDOptions) {
    const defaults = { lr: Number.NaN, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false };
    super('SGD', params as Params<Required<SGDOptions>>, options, defaults, ['momentum_buffer']);
  }

  protected check({ lr, momentum, dampening, weightDecay, nesterov, maximize }: Required<SGDOptions>): void {
    checkNumber('SGD', 'lr', lr);
    checkNumber('SGD', 'momentum', momentum);
    checkNumber('SGD', 'weightDecay', weightDecay);
    checkFlag('SGD', 'nesterov', nesterov);
    checkFlag('SGD', 'maximize', maximize);
    if (typeof dampening !== 'number' || Number.isNaN(dampening)) {
      throw new KonvError('SGD', `expected dampening to be a number, got ${String(dampening)}`);
    }
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new KonvError('SGD', `expected a momentum and no dampening with nesterov, got momentum ${momentum} and dampening ${dampening}`);
    }
  }

  protected update(p: Parameter, grad: Tensor, state: ParamState, options: Required<SGDOptions>): void {
    const { lr, momentum, dampening, weightDecay, nesterov, maximize } = options;
    const firstStep = momentum !== 0 && state.momentum_buffer === undefined;
    if (firstStep) state.momentum_buffer = empty(p.shape, { dtype: p.dtype, backend: p.backend }).keep();
    const buffer = momentum === 0 ? null : (state.momentum_buffer as Tensor);
    const gradient = maximize ? noGrad(() => neg(grad)) : grad;
    sgdStep(p, gradient, buffer, { momentum, dampening, weightDecay, nesterov, dynamic: { lr, firstStep } });
    if (gradient !== grad) gradient.dispose();
  }
}
