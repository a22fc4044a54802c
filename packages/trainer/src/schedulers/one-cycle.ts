import { KonvError } from '@konv/core-tensor';
import type { Optimizer } from '../optim/optimizer.js';
import { checkRange, checkSchedulerOptions, checkWhole, LRScheduler } from './scheduler.js';

export interface OneCycleOptions {
  /** The greatest lr: one, or one a group. */
  maxLr: number | readonly number[];
  /** Steps of the whole cycle; or `epochs` and `stepsPerEpoch`. */
  totalSteps?: number;
  epochs?: number;
  stepsPerEpoch?: number;
  /** The share of the cycle in which lr rises. Default: 0.3. */
  pctStart?: number;
  /** Default: 'cos'. */
  annealStrategy?: 'cos' | 'linear';
  /** Whether the momentum (of Adam: the first beta) goes the other way. Default: true. */
  cycleMomentum?: boolean;
  /** Defaults: 0.85 and 0.95. */
  baseMomentum?: number;
  maxMomentum?: number;
  /** The first lr is maxLr / divFactor. Default: 25. */
  divFactor?: number;
  /** The last lr is the first / finalDivFactor. Default: 1e4. */
  finalDivFactor?: number;
  /** Falls to the first lr in a phase as long as the rise, and only then to the last. Default: false. */
  threePhase?: boolean;
}

interface Phase {
  readonly end: number;
  readonly lr: readonly [number, number];
  readonly momentum: readonly [number, number];
}

const names: readonly (keyof OneCycleOptions)[] = [
  'maxLr',
  'totalSteps',
  'epochs',
  'stepsPerEpoch',
  'pctStart',
  'annealStrategy',
  'cycleMomentum',
  'baseMomentum',
  'maxMomentum',
  'divFactor',
  'finalDivFactor',
  'threePhase',
];
const OP = 'OneCycleLR';

function stepsOf({ totalSteps, epochs, stepsPerEpoch }: OneCycleOptions): number {
  if (totalSteps !== undefined) return checkWhole(OP, 'totalSteps', totalSteps, 1);
  if (epochs === undefined || stepsPerEpoch === undefined) {
    throw new KonvError(OP, 'expected totalSteps, or epochs and stepsPerEpoch, got neither; write { totalSteps: epochs * loader.length }');
  }
  return checkWhole(OP, 'epochs', epochs, 1) * checkWhole(OP, 'stepsPerEpoch', stepsPerEpoch, 1);
}

/**
 * lr rises from maxLr / divFactor to maxLr and falls to a tiny end value within `totalSteps`, while the momentum falls and
 * rises; stepped once a batch. Errors: `KonvError` for bad options, an optimizer without momentum where `cycleMomentum`
 * asks for it, and a step beyond the end. Source: torch.optim.lr_scheduler.OneCycleLR; Smith and Topin 2018.
 */
export class OneCycleLR extends LRScheduler {
  readonly totalSteps: number;
  readonly #phases: readonly (readonly Phase[])[];
  readonly #cycleMomentum: boolean;
  readonly #cos: boolean;

  constructor(optimizer: Optimizer, options: OneCycleOptions) {
    super(OP, optimizer);
    checkSchedulerOptions(OP, options, names);
    this.totalSteps = stepsOf(options);
    const { pctStart = 0.3, annealStrategy = 'cos', cycleMomentum = true, threePhase = false } = options;
    if (!(pctStart >= 0 && pctStart <= 1)) throw new KonvError(OP, `expected pctStart in [0, 1], got ${pctStart}`);
    if (annealStrategy !== 'cos' && annealStrategy !== 'linear') {
      throw new KonvError(OP, `expected annealStrategy to be 'cos' or 'linear', got ${String(annealStrategy)}`);
    }
    this.#cos = annealStrategy === 'cos';
    this.#cycleMomentum = cycleMomentum;
    if (cycleMomentum && this.groups.some((g) => g.momentum === undefined && g.betas === undefined)) {
      throw new KonvError(
        OP,
        'expected an optimizer with momentum or betas for cycleMomentum, got one without; pass { cycleMomentum: false }',
      );
    }
    const maxLr = typeof options.maxLr === 'number' ? this.groups.map(() => options.maxLr as number) : options.maxLr;
    if (!Array.isArray(maxLr) || maxLr.length !== this.groups.length) {
      throw new KonvError(
        OP,
        `expected maxLr to be a number, or one for each of ${this.groups.length} groups, got ${String(options.maxLr)}`,
      );
    }
    const divFactor = checkRange(OP, 'divFactor', options.divFactor ?? 25, Number.MIN_VALUE);
    const finalDivFactor = checkRange(OP, 'finalDivFactor', options.finalDivFactor ?? 1e4, Number.MIN_VALUE);
    const momentum = [
      checkRange(OP, 'maxMomentum', options.maxMomentum ?? 0.95, 0),
      checkRange(OP, 'baseMomentum', options.baseMomentum ?? 0.85, 0),
    ] as const;
    for (const lr of maxLr) checkRange(OP, 'maxLr', lr, 0);
    this.groups.forEach((group, i) => {
      group.initialLr = maxLr[i] / divFactor;
    });
    (this as { baseLrs: readonly number[] }).baseLrs = this.groups.map((g) => g.initialLr as number);
    this.#phases = maxLr.map((max: number) =>
      phases(this.totalSteps, pctStart, threePhase, [max / divFactor, max, max / divFactor / finalDivFactor], momentum),
    );
    this.step();
  }

  protected rates(): number[] {
    if (this.lastEpoch > this.totalSteps) {
      throw new KonvError(
        OP,
        `expected at most ${this.totalSteps} steps, got step ${this.lastEpoch + 1}; build it with the number of batches of all epochs`,
      );
    }
    return this.groups.map((group, i) => {
      let start = 0;
      const list = this.#phases[i];
      const phase = list.find((p, n) => {
        if (this.lastEpoch <= p.end || n === list.length - 1) return true;
        start = p.end;
        return false;
      }) as Phase;
      const share = (this.lastEpoch - start) / (phase.end - start);
      if (this.#cycleMomentum) setMomentum(group, this.#between(phase.momentum, share));
      return this.#between(phase.lr, share);
    });
  }

  #between([from, to]: readonly [number, number], share: number): number {
    return this.#cos ? to + ((from - to) / 2) * (Math.cos(Math.PI * share) + 1) : (to - from) * share + from;
  }
}

function setMomentum(group: { momentum?: number; betas?: readonly [number, number] }, value: number): void {
  if (group.betas !== undefined) group.betas = [value, group.betas[1]];
  else group.momentum = value;
}

function phases(
  total: number,
  pctStart: number,
  three: boolean,
  [first, max, last]: readonly [number, number, number],
  [high, low]: readonly [number, number],
): Phase[] {
  const up: Phase = { end: pctStart * total - 1, lr: [first, max], momentum: [high, low] };
  if (!three) return [up, { end: total - 1, lr: [max, last], momentum: [low, high] }];
  return [
    up,
    { end: 2 * pctStart * total - 2, lr: [max, first], momentum: [low, high] },
    { end: total - 1, lr: [first, last], momentum: [high, high] },
  ];
}
