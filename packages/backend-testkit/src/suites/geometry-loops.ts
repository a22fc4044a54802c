/**
 * Convolutions, transposed convolutions and pools as their definitions say them: plain loops in float64 over every window,
 * sharing nothing with core, so that both cannot be wrong in the same way.
 */

/** Values with their shape. */
export interface Grid {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

export function zeros(shape: readonly number[]): Grid {
  return { shape, values: new Float64Array(shape.reduce((a, b) => a * b, 1)) };
}

/** Calls `visit` with every index within `sizes`, row-major; the array is the same each time. */
function each(sizes: readonly number[], visit: (index: readonly number[]) => void): void {
  if (sizes.some((n) => n === 0)) return;
  const index = sizes.map(() => 0);
  for (;;) {
    visit(index);
    let axis = sizes.length - 1;
    while (axis >= 0 && ++index[axis] === sizes[axis]) index[axis--] = 0;
    if (axis < 0) return;
  }
}

function at(shape: readonly number[], index: readonly number[]): number {
  let flat = 0;
  for (let i = 0; i < shape.length; i++) flat = flat * shape[i] + index[i];
  return flat;
}

/** The spatial place at which window `q`'s tap `k` looks, or null where that is padding. */
function seen(inSize: readonly number[], q: readonly number[], k: readonly number[], w: Sliding): number[] | null {
  const p = q.map((v, i) => v * w.stride[i] - w.low[i] + k[i] * w.dilation[i]);
  return p.every((v, i) => v >= 0 && v < inSize[i]) ? p : null;
}

/** One number an axis. */
export interface Sliding {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Padding before and after. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

const extent = (w: Sliding, i: number): number => w.dilation[i] * (w.kernel[i] - 1) + 1;

/** floor((in + low + high - extent) / stride) + 1 */
export function convSize(inSize: readonly number[], w: Sliding): number[] {
  return inSize.map((n, i) => Math.floor((n + w.low[i] + w.high[i] - extent(w, i)) / w.stride[i]) + 1);
}

/** (in - 1) stride - low - high + extent + outputPadding */
export function convTransposeSize(inSize: readonly number[], w: Sliding, outputPadding: readonly number[]): number[] {
  return inSize.map((n, i) => (n - 1) * w.stride[i] - w.low[i] - w.high[i] + extent(w, i) + outputPadding[i]);
}

/** As convSize; ceiled, less a last window that would start behind the input and its first padding. */
export function poolSize(inSize: readonly number[], w: Sliding, ceilMode: boolean): number[] {
  if (!ceilMode) return convSize(inSize, w);
  return inSize.map((n, i) => {
    const count = Math.ceil((n + w.low[i] + w.high[i] - extent(w, i)) / w.stride[i]) + 1;
    return (count - 1) * w.stride[i] >= n + w.low[i] ? count - 1 : count;
  });
}

/** One product of the sum: element `x` of the input times element `w` of the weight goes to element `y` of the output. */
type Term = (x: number, w: number, y: number) => void;

/** x [batch, groups * perIn, *in], weight [groups * perOut, perIn, *kernel], y [batch, groups * perOut, *out] */
export function convTerms(x: Grid, weight: Grid, y: readonly number[], w: Sliding, groups: number, term: Term): void {
  const [outChannels, perIn, ...kernel] = weight.shape;
  const inSize = x.shape.slice(2);
  each(y, (to) => {
    const [n, o, ...q] = to;
    const first = Math.floor(o / (outChannels / groups)) * perIn;
    each([perIn, ...kernel], ([c, ...k]) => {
      const p = seen(inSize, q, k, w);
      if (p !== null) term(at(x.shape, [n, first + c, ...p]), at(weight.shape, [o, c, ...k]), at(y, to));
    });
  });
}

/** x [batch, groups * perIn, *in], weight [groups * perIn, perOut, *kernel], y [batch, groups * perOut, *out] */
export function convTransposeTerms(x: Grid, weight: Grid, y: readonly number[], w: Sliding, groups: number, term: Term): void {
  const [inChannels, perOut, ...kernel] = weight.shape;
  const outSize = y.slice(2);
  each(x.shape, (from) => {
    const [n, c, ...p] = from;
    const first = Math.floor(c / (inChannels / groups)) * perOut;
    each([perOut, ...kernel], ([o, ...k]) => {
      const q = seen(outSize, p, k, w);
      if (q !== null) term(at(x.shape, from), at(weight.shape, [c, o, ...k]), at(y, [n, first + o, ...q]));
    });
  });
}

/** A result, and the gradients of sum(y dy) by each input. */
export interface Expected {
  readonly outputs: readonly Grid[];
  readonly grads: readonly Grid[];
}

/** y = the terms' sums, plus the bias of the channel. */
export function bilinear(
  [x, weight, bias]: readonly Grid[],
  yShape: readonly number[],
  dy: Float64Array,
  terms: (term: Term) => void,
): Expected {
  const [y, dx, dw] = [zeros(yShape), zeros(x.shape), zeros(weight.shape)];
  terms((i, j, o) => {
    y.values[o] += x.values[i] * weight.values[j];
    dx.values[i] += dy[o] * weight.values[j];
    dw.values[j] += dy[o] * x.values[i];
  });
  if (bias === undefined) return { outputs: [y], grads: [dx, dw] };
  const db = zeros(bias.shape);
  each(yShape, (to) => {
    y.values[at(yShape, to)] += bias.values[to[1]];
    db.values[to[1]] += dy[at(yShape, to)];
  });
  return { outputs: [y], grads: [dx, dw, db] };
}

/** The elements of the input that a window sees, in order, and by what an average divides their sum. */
export interface Window {
  readonly elements: readonly number[];
  readonly divisor: number;
}

/** The windows of a pool over x [batch, channels, *in], in the order of y's elements. */
export function poolWindows(x: Grid, y: readonly number[], w: Sliding, countIncludePad: boolean): Window[] {
  const inSize = x.shape.slice(2);
  const windows: Window[] = [];
  each(y, ([n, c, ...q]) => {
    const elements: number[] = [];
    each(w.kernel, (k) => {
      const p = seen(inSize, q, k, w);
      if (p !== null) elements.push(at(x.shape, [n, c, ...p]));
    });
    const sides = q.map((v, i) => {
      const start = v * w.stride[i] - w.low[i];
      return Math.min(start + w.kernel[i], inSize[i] + w.high[i]) - start;
    });
    windows.push({ elements, divisor: countIncludePad ? sides.reduce((a, b) => a * b, 1) : elements.length });
  });
  return windows;
}

/** The windows of an adaptive pool: from floor(q in / out) up to ceil((q + 1) in / out). */
export function adaptiveWindows(x: Grid, y: readonly number[]): Window[] {
  const inSize = x.shape.slice(2);
  const outSize = y.slice(2);
  const windows: Window[] = [];
  each(y, ([n, c, ...q]) => {
    const elements: number[] = [];
    each(inSize, (p) => {
      const inside = p.every((v, i) => v * outSize[i] > q[i] * inSize[i] - outSize[i] && v * outSize[i] < (q[i] + 1) * inSize[i]);
      if (inside) elements.push(at(x.shape, [n, c, ...p]));
    });
    windows.push({ elements, divisor: elements.length });
  });
  return windows;
}

export function average(x: Grid, yShape: readonly number[], windows: readonly Window[], dy: Float64Array): Expected {
  const [y, dx] = [zeros(yShape), zeros(x.shape)];
  windows.forEach(({ elements, divisor }, o) => {
    for (const i of elements) {
      y.values[o] += x.values[i] / divisor;
      dx.values[i] += dy[o] / divisor;
    }
  });
  return { outputs: [y], grads: [dx] };
}

/** Values and, as positions within their planes, where the first of the greatest stand. */
export function maximum(x: Grid, yShape: readonly number[], windows: readonly Window[], dy: Float64Array): Expected {
  const [y, indices, dx] = [zeros(yShape), zeros(yShape), zeros(x.shape)];
  const plane = x.shape.slice(2).reduce((a, b) => a * b, 1);
  windows.forEach(({ elements }, o) => {
    const greatest = elements.reduce((best, i) => (x.values[i] > x.values[best] ? i : best));
    y.values[o] = x.values[greatest];
    indices.values[o] = greatest % plane;
    dx.values[greatest] += dy[o];
  });
  return { outputs: [y, indices], grads: [dx] };
}

/** Of a max pool and its undoing: the maxima stay, the rest is 0; each window's maximum gets what its place gets. */
export function maximaOnly(x: Grid, windows: readonly Window[], dy: Float64Array): Expected {
  const [y, dx] = [zeros(x.shape), zeros(x.shape)];
  for (const { elements } of windows) {
    const greatest = elements.reduce((best, i) => (x.values[i] > x.values[best] ? i : best));
    y.values[greatest] = x.values[greatest];
    dx.values[greatest] += dy[greatest];
  }
  return { outputs: [y], grads: [dx] };
}
