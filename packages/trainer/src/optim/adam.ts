import { adamStep, type Parameter, type Tensor, zerosLike } from '@konv/core-tensor';
import { checkNumber, Optimizer, type Params, type ParamState } from './optimizer.js';

export interface AdamOptions {
  /** Step size; default 1e-3. */
  lr?: number;
  /** Decay of the running mean and of the running square; default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator; default 1e-8. */
  eps?: number;
  /** Weight of the L2 penalty, whose gradient joins first; default 0. */
  weightDecay?: number;
}

/**
 * Adam: m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
 * p -= lr / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + eps). Errors: `KonvError`. Source: torch.optim.Adam.
 */
export class Adam extends Optimizer<Required<AdamOptions>> {
  constructor(params: Params<AdamOptions>, options: AdamOptions = {}) {
    super('Adam', params as Params<Required<AdamOptions>>, {
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: 0,
      ...options,
    });
  }

  protected check({ lr, betas, eps, weightDecay }: Required<AdamOptions>): void {
    checkNumber('Adam', 'lr', lr);
    checkNumber('Adam', 'eps', eps);
    checkNumber('Adam', 'weightDecay', weightDecay);
    checkNumber('Adam', 'betas[0]', betas?.[0], { below: 1 });
    checkNumber('Adam', 'betas[1]', betas?.[1], { below: 1 });
  }

  protected update(p: Parameter, gradient: Tensor, state: ParamState, options: Required<AdamOptions>): void {
    const { lr, betas, eps, weightDecay } = options;
    if (state.step === undefined) {
      state.exp_avg = zerosLike(p).keep();
      state.exp_avg_sq = zerosLike(p).keep();
      state.step = 0;
    }
    const t = (state.step as number) + 1;
    state.step = t;
    const [beta1, beta2] = betas;
    adamStep(p, gradient, state.exp_avg as Tensor, state.exp_avg_sq as Tensor, {
      beta1,
      beta2,
      eps,
      weightDecay,
      decoupled: false,
      dynamic: { lr, biasCorrection1: 1 - beta1 ** t, biasCorrection2: 1 - beta2 ** t },
    });
  }
}
