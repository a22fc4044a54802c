import { add, add_, div, mul, mul_, neg, type Parameter, sqrt, square, sub, sub_, type Tensor, zerosLike } from '@konv/core-tensor';
import { checkFlag, checkNumber, composed, Optimizer, type Params, type ParamState } from './optimizer.js';

export interface RMSpropOptions {
  /** Step size; default 0.01. */
  lr?: number;
  /** Decay of the running square; default 0.99. */
  alpha?: number;
  /** Added to the denominator; default 1e-8. */
  eps?: number;
  /** Weight of the L2 penalty, whose gradient joins first; default 0. */
  weightDecay?: number;
  /** How much of the last step goes on; default 0. */
  momentum?: number;
  /** Divides by an estimate of the variance instead of the second moment; default false. */
  centered?: boolean;
  /** Goes up the gradient instead of down; default false. */
  maximize?: boolean;
}

/**
 * RMSprop: g = grad + weightDecay p; v = alpha v + (1 - alpha) g^2; d = sqrt(v) + eps, or with `centered`
 * a = alpha a + (1 - alpha) g; d = sqrt(v - a^2) + eps; with a momentum b = momentum b + g / d; p -= lr b, else
 * p -= lr g / d. Errors: `KonvError`. Source: torch.optim.RMSprop.
 */
export class RMSprop extends Optimizer<Required<RMSpropOptions>> {
  constructor(params: Params<RMSpropOptions>, options: RMSpropOptions = {}) {
    const defaults = { lr: 0.01, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false, maximize: false };
    super('RMSprop', params as Params<Required<RMSpropOptions>>, options, defaults, ['step', 'square_avg', 'momentum_buffer', 'grad_avg']);
  }

  protected check({ lr, alpha, eps, weightDecay, momentum, centered, maximize }: Required<RMSpropOptions>): void {
    for (const [name, value] of Object.entries({ lr, alpha, eps, weightDecay, momentum })) checkNumber('RMSprop', name, value);
    checkFlag('RMSprop', 'centered', centered);
    checkFlag('RMSprop', 'maximize', maximize);
  }

  protected update(p: Parameter, grad: Tensor, state: ParamState, options: Required<RMSpropOptions>): void {
    const { momentum, centered } = options;
    state.square_avg ??= zerosLike(p).keep();
    if (momentum > 0) state.momentum_buffer ??= zerosLike(p).keep();
    if (centered) state.grad_avg ??= zerosLike(p).keep();
    composed(() => {
      const { lr, alpha, eps, weightDecay, maximize } = options;
      const signed = maximize ? neg(grad) : grad;
      const g = weightDecay === 0 ? signed : add(signed, mul(p, weightDecay));
      const v = state.square_avg as Tensor;
      add_(mul_(v, alpha), mul(square(g), 1 - alpha));
      let spread = v;
      if (centered) {
        const mean = state.grad_avg as Tensor;
        add_(mul_(mean, alpha), mul(g, 1 - alpha));
        spread = sub(v, square(mean));
      }
      const step = div(g, add(sqrt(spread), eps));
      sub_(p, mul(momentum > 0 ? add_(mul_(state.momentum_buffer as Tensor, momentum), step) : step, lr));
    });
    state.step = ((state.step as number | undefined) ?? 0) + 1;
  }
}
