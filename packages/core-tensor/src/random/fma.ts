/**
 * a * b + c with one rounding, as the fused instruction that PyTorch's vector code uses; without it every second float64
 * of `uniform_(a, b)` differs in its last bit. The product is kept with its error (Veltkamp, Dekker) and so is the sum
 * (Knuth), and the errors join at the end: the result can miss the true rounding only when they fall within 2^-53 of a
 * tie. For operands below 2^970; a product that is subnormal loses its error.
 *
 * Source: T. J. Dekker, "A floating-point technique for extending the available precision", Numer. Math. 18 (1971).
 */
export function fma(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  if (!Number.isFinite(sum)) return sum;
  const ah = high(a);
  const bh = high(b);
  const al = a - ah;
  const bl = b - bh;
  const productError = al * bl - (product - ah * bh - al * bh - ah * bl);
  const back = sum - product;
  const sumError = product - (sum - back) + (c - back);
  const result = sum + (productError + sumError);
  // Above 2^996 the splitting overflows.
  return Number.isNaN(result) ? sum : result;
}

/** The upper 26 bits of the mantissa. */
function high(x: number): number {
  const t = 134217729 * x;
  return t - (t - x);
}
