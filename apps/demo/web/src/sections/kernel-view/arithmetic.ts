import type { Values } from '../../model/protocol.js';

/** How a kernel slides. */
export interface Slide {
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
}

/** floor((n + 2p - d(k - 1) - 1) / s) + 1: places along one axis; 0 or less where there is none. */
export function outputSize(n: number, k: number, { stride, padding, dilation }: Slide): number {
  return Math.floor((n + 2 * padding - dilation * (k - 1) - 1) / stride) + 1;
}

/** The formula with the numbers filled in: `⌊(8 + 2·0 − 1·(2 − 1) − 1) / 1⌋ + 1 = 7`. */
export function sizeText(n: number, k: number, slide: Slide): string {
  const { stride, padding, dilation } = slide;
  return `⌊(${n} + 2·${padding} − ${dilation}·(${k} − 1) − 1) / ${stride}⌋ + 1 = ${number(outputSize(n, k, slide))}`;
}

/** Why there is no output, and what helps; '' where there is one. */
export function noOutput(names: readonly string[], image: readonly number[], kernel: readonly number[], slide: Slide): string {
  const said: string[] = [];
  for (const [axis, name] of names.entries()) {
    if (outputSize(image[axis], kernel[axis], slide) >= 1) continue;
    const reach = slide.dilation * (kernel[axis] - 1) + 1;
    const room = image[axis] + 2 * slide.padding;
    said.push(`Its ${name} reaches over ${reach}, and there is room for ${room} only, padding included.`);
  }
  if (said.length === 0) return '';
  const ways = ['more padding', 'a smaller kernel'];
  if (slide.dilation > 1) ways.unshift('less dilation');
  return `The kernel does not fit, so there is no output. ${said.join(' ')} Choose ${ways.join(' or ')}.`;
}

export interface Tap {
  /** In the image; outside of it where `x` comes from the padding. One number an axis. */
  readonly at: readonly number[];
  readonly inside: boolean;
  readonly x: number;
  readonly w: number;
}

/** What the kernel sees when it makes output `index` (row-major in `out`), in the kernel's order. Ranks 1 and 2. */
export function taps(image: Values, kernel: Values, slide: Slide, out: readonly number[], index: number): Tap[] {
  const place = unravel(index, out);
  return Array.from(kernel.data, (w, k) => {
    const at = unravel(k, kernel.shape).map((tap, axis) => place[axis] * slide.stride - slide.padding + tap * slide.dilation);
    const inside = at.every((v, axis) => v >= 0 && v < image.shape[axis]);
    return { at, inside, w, x: inside ? image.data[ravel(at, image.shape)] : 0 };
  });
}

/** The output whose window begins at or nearest before a place of the image, row-major in `out`. */
export function outputAt(place: readonly number[], out: readonly number[], { stride, padding }: Slide): number {
  const near = place.map((v, axis) => Math.min(out[axis] - 1, Math.max(0, Math.floor((v + padding) / stride))));
  return ravel(near, out);
}

export const sumOf = (seen: readonly Tap[]): number => seen.reduce((sum, { x, w }) => sum + x * w, 0);

/** `1×1 + 0×(−1)`. */
export const writtenSum = (seen: readonly Tap[]): string =>
  seen.map(({ x, w }, i) => `${i === 0 ? number(x) : bracketed(x)}×${bracketed(w)}`).join(' + ');

/** Float32 sums of so many terms may differ from those in double precision by this. */
export function tolerance(seen: readonly Tap[]): number {
  return seen.reduce((sum, { x, w }) => sum + Math.abs(x * w), 0) * 2 ** -23 * (seen.length + 1) + 1e-12;
}

/** At most `decimals` decimals, a true minus, no negative zero. */
export function number(x: number, decimals = 3): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'NaN' : x > 0 ? '∞' : '−∞';
  const text = Math.abs(x) >= 1e5 ? x.toExponential(2) : String(Number(x.toFixed(decimals)));
  return text === '-0' ? '0' : text.replaceAll('-', '−');
}

const bracketed = (x: number): string => (number(x).startsWith('−') ? `(${number(x)})` : number(x));

/** The place of a row-major index. */
export function unravel(index: number, shape: readonly number[]): number[] {
  const out: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    out.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  return out;
}

export const ravel = (place: readonly number[], shape: readonly number[]): number =>
  place.reduce((index, v, axis) => index * shape[axis] + v, 0);

/** The kernel with other sides: numbers keep their places, new ones are 0. */
export function resized({ shape: [h, w], data }: Values, rows: number, columns: number): Values {
  const at = (r: number, c: number): number => (r < h && c < w ? data[r * w + c] : 0);
  return {
    shape: [rows, columns],
    data: Float32Array.from({ length: rows * columns }, (_, i) => at(Math.floor(i / columns), i % columns)),
  };
}
