/**
 * Numbers to decimal text as Python's `'{:.4f}'` and `'{:.4e}'`: exact, ties to the even digit. JavaScript's `toFixed` and
 * `toExponential` are exact too but send ties away from zero: 0.03125 in 4 digits is 0.0312 here, 0.0313 there.
 */

/** `x` with `digits` digits behind the point. */
export function fixed(x: number, digits: number): string {
  if (!Number.isFinite(x)) return notFinite(x);
  const a = Math.abs(x);
  // From 1e21 on, where all numbers are whole, toFixed turns to exponents.
  if (a >= 1e21) return signed(x, BigInt(a).toString() + (digits > 0 ? `.${'0'.repeat(digits)}` : ''));
  const text = a.toFixed(digits);
  return signed(x, isTie(a, digits) ? toEven(text) : text);
}

/** `x` as d.ddde+XX, with `digits` digits behind the point and at least two in the exponent. */
export function exponential(x: number, digits: number): string {
  if (!Number.isFinite(x)) return notFinite(x);
  const a = Math.abs(x);
  let [mantissa, exponent] = a.toExponential(digits).split('e');
  // A mantissa of 9.99..5 that went up to 1.00..0 is even already; its exponent is one too many to ask about the tie.
  const floor = Number(a.toExponential(Math.max(digits, 30)).split('e')[1]);
  if (floor === Number(exponent) && isTie(a, digits - floor)) mantissa = toEven(mantissa);
  if (exponent.length === 2) exponent = `${exponent[0]}0${exponent[1]}`;
  return signed(x, `${mantissa}e${exponent}`);
}

function notFinite(x: number): string {
  return Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf';
}

function signed(x: number, magnitude: string): string {
  return x < 0 || Object.is(x, -0) ? `-${magnitude}` : magnitude;
}

/** Whether x lies in the middle between two multiples of 10^-digits. */
function isTie(x: number, digits: number): boolean {
  if (digits >= 0) {
    // An odd multiple of 2^-(k + 1) has k + 1 decimals and ends in 5; nothing else does. Powers of two scale exactly.
    const halves = x * 2 ** (digits + 1);
    return Number.isInteger(halves) && !Number.isInteger(halves / 2);
  }
  if (!Number.isInteger(x)) return false;
  const unit = 10n ** BigInt(-digits);
  return (2n * BigInt(x)) % (2n * unit) === unit;
}

/** Takes back a tie that was rounded up to an odd last digit. */
function toEven(text: string): string {
  const last = text.charCodeAt(text.length - 1) - 48;
  return last % 2 === 1 ? text.slice(0, -1) + (last - 1) : text;
}
