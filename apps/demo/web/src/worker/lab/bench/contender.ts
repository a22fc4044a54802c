import type { BenchRow } from '../../../model/protocol.js';

/** The same network, weights and pictures in somebody's hands. */
export interface Contender {
  readonly library: BenchRow['library'];
  /** As a visitor reads it: `wasm, 4 threads`. */
  readonly backend: string;
  /** One training step on the batch: resolves to its loss when that has been read. A string: why there is none. */
  readonly step: (() => Promise<number>) | string;
  /** One forward pass: resolves to the scores, [batch, 10], when they have been read. */
  readonly forward: () => Promise<Float32Array>;
  dispose(): void;
}

/** What all start from: PyTorch's names, shapes and layouts. */
export interface Start {
  readonly weights: readonly { readonly shape: readonly number[]; readonly data: Float32Array }[];
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
}

/** Everybody trains by SGD with this rate and momentum. */
export const RATE = { lr: 0.02, momentum: 0.9 } as const;
/** Losses of so many steps must agree before anything is timed: a wrong gradient shows in the second, a wrong update in the third. */
export const COMPARED_STEPS = 3;
/** As far as scores and losses of single precision may be apart, in terms of the greatest. */
export const TOLERANCE = 1e-3;

/** What a contender computes from the start: the scores, then the losses of the first steps. */
export interface Computed {
  readonly scores: Float32Array;
  readonly losses: readonly number[];
}

export async function compute({ forward, step }: Contender): Promise<Computed> {
  const scores = await forward();
  const losses: number[] = [];
  if (typeof step !== 'string') for (let i = 0; i < COMPARED_STEPS; i++) losses.push(await step());
  return { scores, losses };
}

/** Null where both computed the same; else what differs, in words. A contender that does not train is held to its scores alone. */
export function disagreement(theirs: Computed, reference: Computed): string | null {
  const most = reference.scores.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const same = (a: number, b: number, scale: number): boolean => Math.abs(a - b) <= TOLERANCE * scale;
  if (theirs.scores.length !== reference.scores.length || !theirs.scores.every((s, i) => same(s, reference.scores[i], most)))
    return 'It computes other scores from the same weights, so its times would compare nothing.';
  for (const [i, loss] of theirs.losses.entries()) {
    const right = reference.losses[i];
    if (!same(loss, right, Math.abs(right)))
      return `After ${i} steps its loss is ${loss.toPrecision(5)} instead of ${right.toPrecision(5)}, so its times would compare nothing.`;
  }
  return null;
}
