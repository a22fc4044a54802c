/**
 * Coefficients of elementwise functions, lowest power first. Backends may use them for their kernels: they are as exact
 * as float64 allows.
 */

/** Terms of a series: f(0), f(1), ..., f(n - 1). */
function terms(n: number, f: (i: number) => number): readonly number[] {
  return Object.freeze(Array.from({ length: n }, (_, i) => f(i)));
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

const alternating = (i: number): number => (i % 2 === 0 ? 1 : -1);

/** sin(r) / r in powers of r^2, to 1e-17 for |r| <= pi / 4. */
export const sinSeries = terms(9, (i) => alternating(i) / factorial(2 * i + 1));
/** cos(r) in powers of r^2, to 1e-17 for |r| <= pi / 4. */
export const cosSeries = terms(9, (i) => alternating(i) / factorial(2 * i));
/** atan(r) / r in powers of r^2, to 1e-17 for |r| <= tan(pi / 16). */
export const atanSeries = terms(12, (i) => alternating(i) / (2 * i + 1));

/** erf(x) / x in powers of x^2, to 1e-17 for |x| <= 1. */
export const erfSeries = terms(19, (i) => (alternating(i) * 2) / (Math.sqrt(Math.PI) * factorial(i) * (2 * i + 1)));
/**
 * (1 - erf(x)) e^(x^2) in powers of (x - 3) / (x + 3), for 1 <= x <= 6: interpolated at the Chebyshev nodes. Times
 * e^(-x^2) it is exact to 7e-17.
 */
export const erfcTail: readonly number[] = Object.freeze([
  0.17900115118138907, -0.32623356004299003, 0.24560380171289325, -0.1501159365078385, 0.07166583713850745, -0.02439249905225781,
  0.004269138643318906, 0.0007077436205791401, -0.0005971019299440755, 4.523670628663236e-5, 6.436074396760298e-5, -1.2383892608514314e-5,
  -8.668536150153648e-6,
]);

/**
 * pi / 2 in parts whose products with whole numbers below 2^16 (float32) and 2^27 (float64) are exact, so that
 * x - k pi / 2 loses nothing.
 */
export const halfPiParts = {
  float32: [1.5703125, 0.0004825592041015625, 1.2665987014770508e-6, 9.920935796805404e-10],
  float64: [1.5707963109016418, 1.5893254712295857e-8, 6.123233995736766e-17],
} as const;
