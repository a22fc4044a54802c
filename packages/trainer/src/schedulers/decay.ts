import { KonvError } from '@konv/core-tensor';
import type { Optimizer } from '../optim/optimizer.js';
import { checkRange, checkSchedulerOptions, checkWhole, LRScheduler } from './scheduler.js';

/**
 * lr is multiplied by `gamma` every `stepSize` epochs. Default gamma: 0.1. Errors: `KonvError`.
 * Source: torch.optim.lr_scheduler.StepLR.
 */
export class StepLR extends LRScheduler {
  readonly stepSize: number;
  readonly gamma: number;
  constructor(optimizer: Optimizer, options: { stepSize: number; gamma?: number }) {
    super('StepLR', optimizer);
    checkSchedulerOptions('StepLR', options, ['stepSize', 'gamma']);
    this.stepSize = checkWhole('StepLR', 'stepSize', options.stepSize, 1);
    this.gamma = checkRange('StepLR', 'gamma', options.gamma ?? 0.1, 0);
    this.step();
  }
  protected rates(): number[] {
    const factor = this.lastEpoch === 0 || this.lastEpoch % this.stepSize !== 0 ? 1 : this.gamma;
    return this.groups.map((g) => g.lr * factor);
  }
}

/**
 * lr is multiplied by `gamma` at each of the epochs `milestones`, once for each time that one stands there.
 * Default gamma: 0.1. Errors: `KonvError`. Source: torch.optim.lr_scheduler.MultiStepLR.
 */
export class MultiStepLR extends LRScheduler {
  readonly milestones: readonly number[];
  readonly gamma: number;
  constructor(optimizer: Optimizer, options: { milestones: readonly number[]; gamma?: number }) {
    super('MultiStepLR', optimizer);
    checkSchedulerOptions('MultiStepLR', options, ['milestones', 'gamma']);
    if (!Array.isArray(options.milestones)) {
      throw new KonvError('MultiStepLR', `expected milestones to be a list of epochs, got ${String(options.milestones)}; write [30, 80]`);
    }
    this.milestones = options.milestones.map((m) => checkWhole('MultiStepLR', 'milestones', m, 0));
    this.gamma = checkRange('MultiStepLR', 'gamma', options.gamma ?? 0.1, 0);
    this.step();
  }
  protected rates(): number[] {
    const times = this.milestones.filter((m) => m === this.lastEpoch).length;
    return this.groups.map((g) => (times === 0 ? g.lr : g.lr * this.gamma ** times));
  }
}

/** lr is multiplied by `gamma` at each epoch. Errors: `KonvError`. Source: torch.optim.lr_scheduler.ExponentialLR. */
export class ExponentialLR extends LRScheduler {
  readonly gamma: number;
  constructor(optimizer: Optimizer, options: { gamma: number }) {
    super('ExponentialLR', optimizer);
    checkSchedulerOptions('ExponentialLR', options, ['gamma']);
    this.gamma = checkRange('ExponentialLR', 'gamma', options.gamma, 0);
    this.step();
  }
  protected rates(): number[] {
    return this.groups.map((g) => (this.lastEpoch === 0 ? g.lr : g.lr * this.gamma));
  }
}

/** A factor of the initial lr, by the number of the epoch. */
export type LrLambda = (epoch: number) => number;

/**
 * lr = initial lr * lrLambda(epoch); one function, or one a group. The functions are not part of the state.
 * Errors: `KonvError`. Source: torch.optim.lr_scheduler.LambdaLR.
 */
export class LambdaLR extends LRScheduler {
  readonly #lambdas: readonly LrLambda[];
  constructor(optimizer: Optimizer, options: { lrLambda: LrLambda | readonly LrLambda[] }) {
    super('LambdaLR', optimizer);
    checkSchedulerOptions('LambdaLR', options, ['lrLambda']);
    const { lrLambda } = options;
    const n = this.groups.length;
    const list = Array.isArray(lrLambda) ? (lrLambda as readonly LrLambda[]) : new Array<LrLambda>(n).fill(lrLambda as LrLambda);
    if (list.length !== n || list.some((f) => typeof f !== 'function')) {
      throw new KonvError('LambdaLR', `expected lrLambda to be a function, or one for each of ${n} groups, got ${list.length} values`);
    }
    this.#lambdas = list;
    this.step();
  }
  protected rates(): number[] {
    return this.baseLrs.map((lr, i) => {
      const factor = this.#lambdas[i](this.lastEpoch);
      if (typeof factor === 'number' && Number.isFinite(factor)) return lr * factor;
      throw new KonvError('LambdaLR', `expected lrLambda to give a finite number, got ${String(factor)} for epoch ${this.lastEpoch}`);
    });
  }
}

/**
 * From `startFactor` lr to `endFactor` lr in `totalIters` even steps: a warm-up. Defaults: 1/3, 1, 5. Errors: `KonvError`.
 * Source: torch.optim.lr_scheduler.LinearLR.
 */
export class LinearLR extends LRScheduler {
  readonly startFactor: number;
  readonly endFactor: number;
  readonly totalIters: number;
  constructor(optimizer: Optimizer, options: { startFactor?: number; endFactor?: number; totalIters?: number } = {}) {
    super('LinearLR', optimizer);
    checkSchedulerOptions('LinearLR', options, ['startFactor', 'endFactor', 'totalIters']);
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } = options;
    if (!(startFactor > 0 && startFactor <= 1)) throw new KonvError('LinearLR', `expected startFactor in (0, 1], got ${startFactor}`);
    if (!(endFactor >= 0 && endFactor <= 1)) throw new KonvError('LinearLR', `expected endFactor in [0, 1], got ${endFactor}`);
    this.startFactor = startFactor;
    this.endFactor = endFactor;
    this.totalIters = checkWhole('LinearLR', 'totalIters', totalIters, 1);
    this.step();
  }
  protected rates(): number[] {
    const { lastEpoch, totalIters, startFactor, endFactor } = this;
    if (lastEpoch === 0) return this.groups.map((g) => g.lr * startFactor);
    if (lastEpoch > totalIters) return this.groups.map((g) => g.lr);
    const rise = endFactor - startFactor;
    return this.groups.map((g) => g.lr * (1 + rise / (totalIters * startFactor + (lastEpoch - 1) * rise)));
  }
}
