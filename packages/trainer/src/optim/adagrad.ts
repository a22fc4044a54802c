import { add, add_, div, full, mul, neg, type Parameter, sqrt, square, sub_, type Tensor } from '@konv/core-tensor';
import { checkFlag, checkNumber, composed, Optimizer, type Params, type ParamState } from './optimizer.js';

export interface AdagradOptions {
  /** Step size; default 0.01. */
  lr?: number;
  /** How the step size shrinks: lr / (1 + (t - 1) lrDecay); default 0. */
  lrDecay?: number;
  /** Weight of the L2 penalty, whose gradient joins first; default 0. */
  weightDecay?: number;
  /** Where the sum of squares starts; default 0. */
  initialAccumulatorValue?: number;
  /** Added to the denominator; default 1e-10. */
  eps?: number;
  /** Goes up the gradient instead of down; default false. */
  maximize?: boolean;
}

/**
 * Adagrad: g = grad + weightDecay p; s += g^2; p -= lr / (1 + (t - 1) lrDecay) g / (sqrt(s) + eps).
 * Errors: `KonvError`. Source: torch.optim.Adagrad.
 */
export class Adagrad extends Optimizer<Required<AdagradOptions>> {
  constructor(params: Params<AdagradOptions>, options: AdagradOptions = {}) {
    const defaults = { lr: 0.01, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10, maximize: false };
    super('Adagrad', params as Params<Required<AdagradOptions>>, options, defaults, ['step', 'sum']);
  }

  protected check({ lr, lrDecay, weightDecay, initialAccumulatorValue, eps, maximize }: Required<AdagradOptions>): void {
    for (const [name, value] of Object.entries({ lr, lrDecay, weightDecay, initialAccumulatorValue, eps })) {
      checkNumber('Adagrad', name, value);
    }
    checkFlag('Adagrad', 'maximize', maximize);
  }

  protected update(p: Parameter, grad: Tensor, state: ParamState, options: Required<AdagradOptions>): void {
    const { lr, lrDecay, weightDecay, initialAccumulatorValue, eps, maximize } = options;
    state.sum ??= full(p.shape, initialAccumulatorValue, { dtype: p.dtype, backend: p.backend }).keep();
    const t = ((state.step as number | undefined) ?? 0) + 1;
    composed(() => {
      const signed = maximize ? neg(grad) : grad;
      const g = weightDecay === 0 ? signed : add(signed, mul(p, weightDecay));
      const squares = add_(state.sum as Tensor, square(g));
      sub_(p, mul(div(g, add(sqrt(squares), eps)), lr / (1 + (t - 1) * lrDecay)));
    });
    state.step = t;
  }
}
