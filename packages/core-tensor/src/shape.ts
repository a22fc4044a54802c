import { ShapeError } from './errors.js';

export type Shape = readonly number[];

/** More elements than this are refused: indices and sizes travel as int32. */
export const MAX_SIZE = 2 ** 31 - 1;

export function sizeOf(shape: Shape): number {
  let n = 1;
  for (let i = 0; i < shape.length; i++) n *= shape[i];
  return n;
}

/** Strides of a row-major layout, in elements. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let n = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = n;
    n *= shape[i];
  }
  return strides;
}

/** Row-major without gaps? Axes of size 1 may have any stride; an empty tensor always is. */
export function isContiguous(shape: Shape, strides: Shape): boolean {
  let n = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== n) return sizeOf(shape) === 0;
    n *= shape[i];
  }
  return true;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** `[2, 3]` */
export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Refuses anything but whole sizes >= 0 whose product fits 2^31 - 1; returns a frozen copy. */
export function checkShape(op: string, shape: Shape): Shape {
  if (!Array.isArray(shape)) {
    throw new ShapeError(op, `expected a shape (an array of sizes), got ${typeof shape} ${String(shape)}; write [2, 3]`);
  }
  let n = 1;
  for (const d of shape) {
    if (typeof d !== 'number' || !Number.isInteger(d) || d < 0) {
      throw new ShapeError(op, `expected whole sizes >= 0, got shape [${Array.from(shape, String).join(', ')}]; round or check them`);
    }
    n *= d;
  }
  if (n > MAX_SIZE) {
    throw new ShapeError(op, `expected at most 2^31 - 1 elements, got ${n} in shape ${showShape(shape)}; split the tensor`);
  }
  return Object.freeze(shape.slice());
}

/** An axis counted from the end when negative. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const a = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(a) || a < 0 || a >= rank) {
    const range = rank === 0 ? 'no axis (the tensor is a scalar)' : `an axis in [${-rank}, ${rank - 1}]`;
    throw new ShapeError(op, `expected ${range}, got ${String(axis)}; axes count from 0, or from -1 at the end`);
  }
  return a;
}

/** Sorted distinct axes; `undefined` or null means all of them. A scalar has none, but 0 and -1 may be said, as in PyTorch. */
export function normalizeAxes(op: string, axes: number | readonly number[] | null | undefined, rank: number): number[] {
  if (axes === undefined || axes === null) return Array.from({ length: rank }, (_, i) => i);
  if (typeof axes === 'number') return rank === 0 && (axes === 0 || axes === -1) ? [] : [normalizeAxis(op, axes, rank)];
  if (!Array.isArray(axes)) throw new ShapeError(op, `expected an axis or an array of axes, got ${typeof axes}; write [0, 1]`);
  if (rank === 0 && axes.length === 1) return normalizeAxes(op, axes[0], rank);
  const out = axes.map((a) => normalizeAxis(op, a, rank)).sort((a, b) => a - b);
  for (let i = 1; i < out.length; i++) {
    if (out[i] === out[i - 1]) throw new ShapeError(op, `expected distinct axes, got [${axes.join(', ')}]; name each once`);
  }
  return out;
}

/** The common shape of two operands: axes align at the end, an axis of size 1 stretches. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const x = i <= a.length ? a[a.length - i] : 1;
    const y = i <= b.length ? b[b.length - i] : 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        op,
        `expected shapes that broadcast (equal or 1, aligned at the end), got ${showShape(a)} and ${showShape(b)}: ` +
          `${x} against ${y} at axis -${i}; reshape or expand one of them`,
      );
    }
    out[rank - i] = x === 1 ? y : x;
  }
  return checkShape(op, out);
}

/** Strides that read `shape` as if it had been expanded to `to`: 0 where it stretches. */
export function broadcastStrides(shape: Shape, strides: Shape, to: Shape): number[] {
  const out = new Array<number>(to.length).fill(0);
  const lead = to.length - shape.length;
  for (let i = 0; i < shape.length; i++) if (shape[i] !== 1 || to[i + lead] === 1) out[i + lead] = strides[i];
  return out;
}

/** Whether every element of (shape, strides, offset) lies within a buffer of `size` elements. */
export function fitsBuffer(shape: Shape, strides: Shape, offset: number, size: number): boolean {
  let lo = offset;
  let hi = offset;
  for (let i = 0; i < shape.length; i++) {
    if (shape[i] === 0) return true;
    const span = (shape[i] - 1) * strides[i];
    if (span < 0) lo += span;
    else hi += span;
  }
  return lo >= 0 && hi < size;
}
