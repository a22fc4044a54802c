import type { DType } from '@konv/core-tensor';

/** |actual - expected| may be at most absolute + relative |expected| + ofLargest max |expected| over the tensor. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
  /** What sums of many terms need: an element near zero is as wrong as the terms that cancelled in it. */
  readonly ofLargest: number;
}

/**
 * What is computed: `elementwise` values (one rounding a step), `forward` values of everything that sums (reductions,
 * products, convolutions, losses), first (`gradient`) and `second` derivatives, and the losses of some `training` steps.
 */
export type Stage = 'elementwise' | 'forward' | 'gradient' | 'second' | 'training';
export type FloatDType = 'float32' | 'float64';
export type ToleranceTable = Readonly<Record<FloatDType, Readonly<Record<Stage, Tolerance>>>>;

/**
 * THE table: how far a backend may be from PyTorch's numbers. Whole numbers and bools are exact.
 *
 * float32 has a rounding of 6e-8: elementwise functions may be off by some dozens of those, sums by some dozens of the
 * largest term. PyTorch itself is as far from the true value. Results below 1e-37 (denormals) may be flushed to zero.
 */
export const tolerances: ToleranceTable = {
  float32: {
    elementwise: { relative: 4e-6, absolute: 1.2e-38, ofLargest: 0 },
    forward: { relative: 4e-6, absolute: 1e-7, ofLargest: 2e-6 },
    gradient: { relative: 1e-5, absolute: 2e-7, ofLargest: 5e-6 },
    second: { relative: 5e-5, absolute: 1e-6, ofLargest: 2e-5 },
    training: { relative: 2e-5, absolute: 1e-6, ofLargest: 0 },
  },
  float64: {
    elementwise: { relative: 1e-13, absolute: 1e-300, ofLargest: 0 },
    forward: { relative: 1e-12, absolute: 1e-15, ofLargest: 1e-13 },
    gradient: { relative: 1e-11, absolute: 1e-14, ofLargest: 1e-12 },
    second: { relative: 1e-10, absolute: 1e-13, ofLargest: 1e-11 },
    training: { relative: 1e-10, absolute: 1e-12, ofLargest: 0 },
  },
};

/** Entries that replace those of the table. */
export type ToleranceOverrides = { readonly [D in FloatDType]?: { readonly [S in Stage]?: Partial<Tolerance> } };

export function withOverrides(overrides: ToleranceOverrides | undefined): ToleranceTable {
  const table = structuredClone(tolerances) as Record<FloatDType, Record<Stage, Tolerance>>;
  for (const dtype of Object.keys(overrides ?? {}) as FloatDType[]) {
    for (const stage of Object.keys(overrides?.[dtype] ?? {}) as Stage[]) {
      table[dtype][stage] = { ...table[dtype][stage], ...overrides?.[dtype]?.[stage] };
    }
  }
  return table;
}

/**
 * What each of konv's backends promises where it is not the table itself; absent: the table. All promise the same float32
 * `forward`, `gradient`, `second` and `training`.
 *
 * GPUs take denormals (below 1.2e-38) for zero in the midst of a formula, too: silu(-88) = -88 sigmoid(-88) is 0 there and
 * -5e-37 in PyTorch.
 */
export const promises: Readonly<Record<string, ToleranceOverrides>> = {
  webgl: { float32: { elementwise: { absolute: 1e-36 } } },
};

/** The entry of the table; null (exact) for whole numbers and bools. */
export function toleranceFor(table: ToleranceTable, dtype: DType, stage: Stage): Tolerance | null {
  return dtype === 'float32' || dtype === 'float64' ? table[dtype][stage] : null;
}
