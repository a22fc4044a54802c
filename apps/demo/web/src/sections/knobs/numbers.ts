/** Reads what somebody typed: a number, or a sentence that says what is expected. */
export type Read = { readonly value: number } | { readonly error: string };

export function wholeBetween(low: number, high: number): (text: string) => Read {
  return (text) => {
    const value = Number(text);
    const fits = text.trim() !== '' && Number.isInteger(value) && value >= low && value <= high;
    return fits ? { value } : { error: `Expected a whole number from ${low} to ${high}; nothing was changed.` };
  };
}

export function rate(text: string): Read {
  const value = Number(text);
  const fits = text.trim() !== '' && value > 0 && value <= 10;
  return fits ? { value } : { error: 'Expected a number above 0, 10 at most; nothing was changed.' };
}

/** The slider of the learning rate goes by its logarithm, in tenths of a power of ten. */
export const slider = { low: -5, high: 1, step: 0.1 } as const;

/** Two digits are as fine as a slider can be. */
export const rateOfSlider = (position: number): number => Number((10 ** position).toPrecision(2));

export const sliderOfRate = (lr: number): number => Math.min(slider.high, Math.max(slider.low, Math.log10(lr)));

/** Where a difference stands between `low` and `high`, powers of ten: 0 ... 1. No difference at all stands at the left end. */
export function placeOnLog(value: number, low: number, high: number): number {
  if (!(value > 0)) return 0;
  return Math.min(1, Math.max(0, (Math.log10(value) - low) / (high - low)));
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** 10⁻⁵. */
export function powerOfTen(n: number): string {
  const digits = [...String(Math.abs(n))].map((d) => superscripts[Number(d)]).join('');
  return `10${n < 0 ? '⁻' : ''}${digits}`;
}

export function shortDifference(x: number): string {
  if (x === 0) return 'none';
  return Number.isFinite(x) ? x.toExponential(1).replace('e-', 'e−').replace('e+', 'e') : 'not comparable';
}
