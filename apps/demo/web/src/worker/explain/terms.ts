import type { Arithmetic, Term } from '../../model/protocol.js';

/** float32 sums differ from double ones by a share of what is added ... */
const RELATIVE = 1e-5;
/** ... and near zero by this. */
const ABSOLUTE = 1e-7;

/** `x[0, 3, 4]`. */
export const at = (name: string, ...index: readonly number[]): string => `${name}[${index.join(', ')}]`;

/** A product written out. A factor 0 makes it 0, whatever the others are: what is not let through does not count. */
export function term(what: string, ...factors: readonly number[]): Term {
  const product = factors.includes(0) ? 0 : factors.reduce((a, b) => a * b, 1);
  return { what, factors, product };
}

/** How far the sum in double may be from what a backend has computed in float32. */
export function toleranceOf(terms: readonly Term[]): number {
  return RELATIVE * terms.reduce((sum, { product }) => sum + Math.abs(product), 0) + ABSOLUTE;
}

/** The terms, added up in double, beside the tensor's value. */
export function arithmetic(formula: string, terms: readonly Term[], value: number): Arithmetic {
  const sum = terms.reduce((total, { product }) => total + product, 0);
  return { formula, terms, sum, value, tolerance: toleranceOf(terms) };
}

export const agrees = ({ sum, value, tolerance }: Arithmetic): boolean => Math.abs(sum - value) <= tolerance;
