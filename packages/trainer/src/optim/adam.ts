import {
  add,
  add_,
  adamStep,
  copy_,
  div,
  maximum,
  mul,
  mul_,
  neg,
  noGrad,
  type Parameter,
  sqrt,
  square,
  sub_,
  type Tensor,
  zerosLike,
} from '@konv/core-tensor';
import { checkFlag, checkNumber, composed, Optimizer, type Params, type ParamState } from './optimizer.js';

export interface AdamOptions {
  /** Step size; default 1e-3. */
  lr?: number;
  /** Decay of the running mean and of the running square; default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator; default 1e-8. */
  eps?: number;
  /** Weight of the L2 penalty; default 0, for AdamW 0.01. */
  weightDecay?: number;
  /** Divides by the greatest running square so far; default false. */
  amsgrad?: boolean;
  /** Goes up the gradient instead of down; default false. */
  maximize?: boolean;
}

/** Adam and AdamW, which differ in where the weight decay stands. */
abstract class AdamLike extends Optimizer<Required<AdamOptions>> {
  readonly #decoupled: boolean;

  constructor(name: string, decoupled: boolean, params: Params<AdamOptions>, options: AdamOptions) {
    const defaults: Required<AdamOptions> = {
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: decoupled ? 0.01 : 0,
      amsgrad: false,
      maximize: false,
    };
    super(name, params as Params<Required<AdamOptions>>, options, defaults, ['step', 'exp_avg', 'exp_avg_sq', 'max_exp_avg_sq']);
    this.#decoupled = decoupled;
  }

  protected check({ lr, betas, eps, weightDecay, amsgrad, maximize }: Required<AdamOptions>): void {
    const name = this.constructor.name;
    checkNumber(name, 'lr', lr);
    checkNumber(name, 'eps', eps);
    checkNumber(name, 'weightDecay', weightDecay);
    checkNumber(name, 'betas[0]', betas?.[0], { below: 1 });
    checkNumber(name, 'betas[1]', betas?.[1], { below: 1 });
    checkFlag(name, 'amsgrad', amsgrad);
    checkFlag(name, 'maximize', maximize);
  }

  protected update(p: Parameter, grad: Tensor, state: ParamState, options: Required<AdamOptions>): void {
    const { lr, betas, eps, weightDecay, amsgrad, maximize } = options;
    if (state.step === undefined) {
      state.exp_avg = zerosLike(p).keep();
      state.exp_avg_sq = zerosLike(p).keep();
    }
    if (amsgrad && state.max_exp_avg_sq === undefined) state.max_exp_avg_sq = zerosLike(p).keep();
    const t = ((state.step as number | undefined) ?? 0) + 1;
    const [beta1, beta2] = betas;
    const dynamic = { lr, biasCorrection1: 1 - beta1 ** t, biasCorrection2: 1 - beta2 ** t };
    const attrs = { beta1, beta2, eps, weightDecay, decoupled: this.#decoupled, dynamic };
    const gradient = maximize ? noGrad(() => neg(grad)) : grad;
    if (amsgrad) composed(() => this.#amsgrad(p, gradient, state, attrs));
    else adamStep(p, gradient, state.exp_avg as Tensor, state.exp_avg_sq as Tensor, attrs);
    if (gradient !== grad) gradient.dispose();
    state.step = t;
  }

  #amsgrad(p: Parameter, gradient: Tensor, state: ParamState, attrs: Parameters<typeof adamStep>[4]): void {
    const { beta1, beta2, eps, weightDecay, decoupled, dynamic } = attrs;
    const [m, v, greatest] = [state.exp_avg, state.exp_avg_sq, state.max_exp_avg_sq] as Tensor[];
    let g = gradient;
    if (weightDecay !== 0 && decoupled) mul_(p, 1 - dynamic.lr * weightDecay);
    else if (weightDecay !== 0) g = add(gradient, mul(p, weightDecay));
    add_(mul_(m, beta1), mul(g, 1 - beta1));
    add_(mul_(v, beta2), mul(square(g), 1 - beta2));
    copy_(greatest, maximum(greatest, v));
    const scale = add(div(sqrt(greatest), Math.sqrt(dynamic.biasCorrection2)), eps);
    sub_(p, mul(div(m, scale), dynamic.lr / dynamic.biasCorrection1));
  }
}

/**
 * Adam: g = grad + weightDecay p; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
 * p -= lr / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + eps). With `amsgrad` the greatest v so far takes v's place in the
 * last line. Errors: `KonvError`. Source: torch.optim.Adam.
 */
export class Adam extends AdamLike {
  constructor(params: Params<AdamOptions>, options: AdamOptions = {}) {
    super('Adam', false, params, options);
  }
}

/**
 * Adam with decoupled weight decay: first p *= 1 - lr weightDecay, then Adam's step with the bare gradient. Weight decay is
 * 0.01 by default. Errors: `KonvError`. Source: torch.optim.AdamW.
 */
export class AdamW extends AdamLike {
  constructor(params: Params<AdamOptions>, options: AdamOptions = {}) {
    super('AdamW', true, params, options);
  }
}
