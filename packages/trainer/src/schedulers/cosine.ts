import type { Optimizer } from '../optim/optimizer.js';
import { checkRange, checkSchedulerOptions, checkWhole, LRScheduler } from './scheduler.js';

/**
 * lr falls from the initial one to `etaMin` along half a cosine in `tMax` epochs, and rises again in the next `tMax`:
 * etaMin + (lr0 - etaMin) (1 + cos(pi epoch / tMax)) / 2, computed from the current lr. Default etaMin: 0.
 * Errors: `KonvError`. Source: torch.optim.lr_scheduler.CosineAnnealingLR; Loshchilov and Hutter 2017 (SGDR).
 */
export class CosineAnnealingLR extends LRScheduler {
  readonly tMax: number;
  readonly etaMin: number;
  constructor(optimizer: Optimizer, options: { tMax: number; etaMin?: number }) {
    super('CosineAnnealingLR', optimizer);
    checkSchedulerOptions('CosineAnnealingLR', options, ['tMax', 'etaMin']);
    this.tMax = checkWhole('CosineAnnealingLR', 'tMax', options.tMax, 1);
    this.etaMin = checkRange('CosineAnnealingLR', 'etaMin', options.etaMin ?? 0, 0);
    this.step();
  }
  protected rates(): number[] {
    const { lastEpoch, tMax, etaMin } = this;
    if (lastEpoch === 0) return this.groups.map((g) => g.lr);
    // At the bottom the factor below is 0 / 0.
    if ((lastEpoch - 1 - tMax) % (2 * tMax) === 0) {
      return this.groups.map((g, i) => g.lr + ((this.baseLrs[i] - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2);
    }
    const factor = (1 + Math.cos((Math.PI * lastEpoch) / tMax)) / (1 + Math.cos((Math.PI * (lastEpoch - 1)) / tMax));
    return this.groups.map((g) => factor * (g.lr - etaMin) + etaMin);
  }
}

/**
 * The same half cosine over and over, starting anew at the initial lr: the first time after `t0` epochs, then after
 * `tMult` times as many. Defaults: tMult 1, etaMin 0. Errors: `KonvError`.
 * Source: torch.optim.lr_scheduler.CosineAnnealingWarmRestarts; Loshchilov and Hutter 2017 (SGDR).
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  readonly t0: number;
  readonly tMult: number;
  readonly etaMin: number;
  constructor(optimizer: Optimizer, options: { t0: number; tMult?: number; etaMin?: number }) {
    const op = 'CosineAnnealingWarmRestarts';
    super(op, optimizer);
    checkSchedulerOptions(op, options, ['t0', 'tMult', 'etaMin']);
    this.t0 = checkWhole(op, 't0', options.t0, 1);
    this.tMult = checkWhole(op, 'tMult', options.tMult ?? 1, 1);
    this.etaMin = checkRange(op, 'etaMin', options.etaMin ?? 0, 0);
    this.step();
  }
  protected rates(): number[] {
    let [at, length] = [this.lastEpoch, this.t0];
    while (at >= length) {
      at -= length;
      length *= this.tMult;
    }
    const share = (1 + Math.cos((Math.PI * at) / length)) / 2;
    return this.baseLrs.map((lr) => this.etaMin + (lr - this.etaMin) * share);
  }
}
