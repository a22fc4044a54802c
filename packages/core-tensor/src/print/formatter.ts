import { type DType, isFloat } from '../dtype.js';
import { exponential, fixed } from './decimal.js';
import type { PrintOptions } from './options.js';

/** How the elements of one tensor are written: all alike, all equally wide. */
export interface Formatter {
  readonly width: number;
  format(x: number): string;
}

/**
 * The common style of `values`, which are those that will be shown. Floats that are all whole are written `1.`; floats
 * become scientific when the greatest magnitude exceeds 1000 times the least or 1e8, or when not all are whole and the
 * least is below 1e-4. Zeros, infinities and NaN have no say, not even in the width.
 */
export function chooseFormatter(values: readonly number[], dtype: DType, options: PrintOptions): Formatter {
  if (dtype === 'bool') return padded(values, (x) => (x !== 0 ? 'True' : 'False'));
  if (!isFloat(dtype)) return padded(values, String);

  const counted = values.filter((x) => Number.isFinite(x) && x !== 0);
  const whole = counted.every(Number.isInteger);
  const p = options.precision;
  const plain = whole ? (x: number) => (Number.isFinite(x) ? `${fixed(x, 0)}.` : fixed(x, 0)) : (x: number) => fixed(x, p);
  if (counted.length === 0) return padded([], plain);

  const scientific = (x: number): string => exponential(x, p);
  const byRange = rangeIsWide(counted, whole);
  // A mode forced by the options comes after the width was measured, in PyTorch and so here.
  const { width } = padded(counted, byRange ? scientific : plain);
  return alignedRight(width, (options.sciMode ?? byRange) ? scientific : plain);
}

function rangeIsWide(values: readonly number[], whole: boolean): boolean {
  let min = Number.POSITIVE_INFINITY;
  let max = 0;
  for (const x of values) {
    const a = Math.abs(x);
    if (a < min) min = a;
    if (a > max) max = a;
  }
  return max / min > 1000 || max > 1e8 || (!whole && min < 1e-4);
}

function padded(values: readonly number[], format: (x: number) => string): Formatter {
  let width = 1;
  for (const x of values) width = Math.max(width, format(x).length);
  return alignedRight(width, format);
}

function alignedRight(width: number, format: (x: number) => string): Formatter {
  return { width, format: (x) => format(x).padStart(width) };
}
