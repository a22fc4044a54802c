import { KonvError } from '../errors.js';

/** How tensors are printed. */
export interface PrintOptions {
  /** Digits behind the point, 4 by default. */
  readonly precision: number;
  /** Tensors of more elements are summarised, 1000 by default. */
  readonly threshold: number;
  /** Items shown at both ends of every axis of a summarised tensor, 3 by default. */
  readonly edgeItems: number;
  /** Columns to a line, 80 by default; a row that is longer goes on below. */
  readonly lineWidth: number;
  /** Scientific notation: always, never, or (null, the default) where the range of the values asks for it. */
  readonly sciMode: boolean | null;
}

const profiles = {
  default: { precision: 4, threshold: 1000, edgeItems: 3, lineWidth: 80 },
  short: { precision: 2, threshold: 1000, edgeItems: 2, lineWidth: 80 },
  full: { precision: 4, threshold: Number.POSITIVE_INFINITY, edgeItems: 3, lineWidth: 80 },
} as const;

export type PrintProfile = keyof typeof profiles;

let current: PrintOptions = Object.freeze({ ...profiles.default, sciMode: null });

/** The options in force. */
export function getPrintOptions(): PrintOptions {
  return current;
}

/**
 * Sets how all tensors are printed from now on: first those of `profile` ('default', 'short', 'full'), then the options
 * given by name. As in PyTorch, a call that does not name `sciMode` makes it automatic again.
 *
 * Errors: `KonvError` for an unknown profile or a value out of range; nothing has changed then.
 */
export function setPrintOptions(options: Partial<PrintOptions> & { readonly profile?: PrintProfile }): void {
  const { profile, ...named } = options;
  if (profile !== undefined && !Object.hasOwn(profiles, profile)) {
    const known = Object.keys(profiles).join(', ');
    throw new KonvError('setPrintOptions', `expected a profile of ${known}, got ${String(profile)}; name one of them`);
  }
  const base = profile === undefined ? current : profiles[profile];
  current = Object.freeze(withOptions({ ...base, sciMode: null }, named));
}

/** `base` with `changes`, checked; what is undefined stays. */
export function withOptions(base: PrintOptions, changes: Partial<PrintOptions>): PrintOptions {
  const o = {
    precision: changes.precision ?? base.precision,
    threshold: changes.threshold ?? base.threshold,
    edgeItems: changes.edgeItems ?? base.edgeItems,
    lineWidth: changes.lineWidth ?? base.lineWidth,
    sciMode: changes.sciMode === undefined ? base.sciMode : changes.sciMode,
  };
  // JavaScript formats up to 100 digits.
  if (!Number.isInteger(o.precision) || o.precision < 0 || o.precision > 100) {
    refuse('precision', 'a whole number in [0, 100]', o.precision);
  }
  if (!(o.threshold >= 0)) refuse('threshold', 'a number >= 0', o.threshold);
  if (!Number.isInteger(o.edgeItems) || o.edgeItems < 1) refuse('edgeItems', 'a whole number >= 1', o.edgeItems);
  if (!(o.lineWidth >= 1)) refuse('lineWidth', 'a number >= 1', o.lineWidth);
  if (o.sciMode !== null && typeof o.sciMode !== 'boolean') refuse('sciMode', 'true, false or null', o.sciMode);
  return o;
}

function refuse(name: string, expected: string, got: unknown): never {
  throw new KonvError('setPrintOptions', `expected ${name} to be ${expected}, got ${String(got)}; leave it out for the default`);
}
