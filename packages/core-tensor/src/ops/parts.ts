import { ShapeError } from '../errors.js';
import { checkTensor, describe } from '../operand.js';
import { isTensor, type Tensor } from '../tensor.js';
import { normalizeAxis, type Shape, showShape, sizeOf } from '../shape.js';
import { drop } from './handles.js';
import { expand, permute, reshape, select, slice, transpose } from './view.js';

function range(x: Tensor, axis: number, start: number, end: number): Tensor {
  return slice(x, ...x.shape.map((_, i) => (i === axis ? ([start, end] as const) : null)));
}

/** Sizes of the pieces of an axis of `size`, as many of `piece` as there is room for and the rest. */
function evenSizes(size: number, piece: number): number[] {
  if (size === 0) return [0];
  return Array.from({ length: Math.ceil(size / piece) }, (_, i) => Math.min(piece, size - i * piece));
}

/**
 * The tensor in pieces along `axis`: of `size` elements, the last one perhaps smaller, or of the given sizes, which must
 * add up to the axis. Views. Errors: `ShapeError`. Source: torch.split.
 */
export function split(x: Tensor, size: number | readonly number[], axis = 0): Tensor[] {
  const a = normalizeAxis('split', axis, checkTensor('split', x).rank);
  const n = x.shape[a];
  const whole = (v: unknown): boolean => Number.isInteger(v) && (v as number) >= 0;
  if (Array.isArray(size)) {
    if (!size.every(whole) || size.reduce((s, v) => s + v, 0) !== n) {
      throw new ShapeError('split', `expected sizes that add up to ${n} (axis ${a} of ${showShape(x.shape)}), got [${String(size)}]`);
    }
  } else if (!whole(size) || (size === 0 && n > 0)) {
    throw new ShapeError(
      'split',
      `expected a whole size >= 1, or a list of them, got ${String(size)} for axis ${a} of ${showShape(x.shape)}`,
    );
  }
  const sizes: readonly number[] = Array.isArray(size) ? size : evenSizes(n, size as number);
  let start = 0;
  return sizes.map((s) => range(x, a, start, (start += s)));
}

/**
 * At most `chunks` pieces along `axis`, all of ceil(n / chunks) elements but the last. Views. Fewer where n does not
 * reach. Errors: `ShapeError` unless chunks >= 1. Source: torch.chunk.
 */
export function chunk(x: Tensor, chunks: number, axis = 0): Tensor[] {
  const a = normalizeAxis('chunk', axis, checkTensor('chunk', x).rank);
  if (!Number.isInteger(chunks) || chunks < 1)
    throw new ShapeError('chunk', `expected a whole number of chunks >= 1, got ${String(chunks)}`);
  const n = x.shape[a];
  const sizes = n === 0 ? new Array<number>(chunks).fill(0) : evenSizes(n, Math.ceil(n / chunks));
  return split(x, sizes, a);
}

/** All slices of `axis`, without that axis. Views. Errors: `ShapeError` for a scalar. Source: torch.unbind. */
export function unbind(x: Tensor, axis = 0): Tensor[] {
  const a = normalizeAxis('unbind', axis, checkTensor('unbind', x).rank);
  return Array.from({ length: x.shape[a] }, (_, i) => select(x, a, i));
}

/**
 * `length` elements of `axis` from `start` (negative: from the end) on; a view.
 * Errors: `ShapeError` where they are not there. Source: torch.narrow.
 */
export function narrow(x: Tensor, axis: number, start: number, length: number): Tensor {
  const a = normalizeAxis('narrow', axis, checkTensor('narrow', x).rank);
  const n = x.shape[a];
  const from = start < 0 ? start + n : start;
  if (!Number.isInteger(from) || !Number.isInteger(length) || from < 0 || length < 0 || from + length > n) {
    throw new ShapeError(
      'narrow',
      `expected start and length within ${n} (axis ${a} of ${showShape(x.shape)}), got ${start} and ${length}`,
    );
  }
  return range(x, a, from, from + length);
}

/** One axis as several; one size may be -1. A view of contiguous data. Errors: `ShapeError`. Source: torch.Tensor.unflatten. */
export function unflatten(x: Tensor, axis: number, sizes: Shape): Tensor {
  const a = normalizeAxis('unflatten', axis, checkTensor('unflatten', x).rank);
  const n = x.shape[a];
  const refuse = (): never => {
    throw new ShapeError(
      'unflatten',
      `expected sizes whose product is ${n} (axis ${a} of ${showShape(x.shape)}), got ${Array.isArray(sizes) ? `[${sizes.map(String).join(', ')}]` : describe(sizes)}; one may be -1`,
    );
  };
  if (!Array.isArray(sizes) || sizes.length === 0) refuse();
  const known = sizeOf(sizes.filter((d) => d !== -1));
  const wild = sizes.filter((d) => d === -1).length;
  if (sizes.some((d) => !Number.isInteger(d) || d < -1) || wild > 1) refuse();
  if (wild === 0 ? known !== n : known === 0 || n % known !== 0) refuse();
  const to = sizes.map((d) => (d === -1 ? n / known : d));
  return reshape(x, [...x.shape.slice(0, a), ...to, ...x.shape.slice(a + 1)]);
}

function axisList(op: string, axes: number | readonly number[], rank: number): number[] {
  const list = (Array.isArray(axes) ? axes : [axes]).map((a) => normalizeAxis(op, a as number, rank));
  if (new Set(list).size !== list.length) throw new ShapeError(op, `expected distinct axes, got [${String(axes)}]; name each once`);
  return list;
}

/**
 * The axes `from` at the places `to`; the others keep their order. A view.
 * Errors: `ShapeError` unless as many axes as places, each once. Source: torch.movedim.
 */
export function movedim(x: Tensor, from: number | readonly number[], to: number | readonly number[]): Tensor {
  const { rank } = checkTensor('movedim', x);
  const source = axisList('movedim', from, rank);
  const target = axisList('movedim', to, rank);
  if (source.length !== target.length) {
    throw new ShapeError('movedim', `expected as many places as axes, got [${String(from)}] and [${String(to)}]`);
  }
  const others = x.shape.map((_, i) => i).filter((i) => !source.includes(i));
  const order = x.shape.map((_, i) => {
    const k = target.indexOf(i);
    return k >= 0 ? source[k] : (others.shift() as number);
  });
  return permute(x, order);
}

/** Two axes exchanged; a view: `transpose` under NumPy's name. Source: torch.swapaxes. */
export function swapaxes(x: Tensor, a: number, b: number): Tensor {
  return transpose(x, a, b);
}

/**
 * Coordinates of a grid: the k-th result varies along axis k as the k-th vector does. With indexing 'xy' the first two
 * axes are exchanged.
 *
 * Vectors [n1], [n2], ... (a scalar counts as one element) -> as many views [n1, n2, ...].
 * Errors: `ShapeError` for other ranks. Source: torch.meshgrid.
 */
export function meshgrid(xs: readonly Tensor[], options: { indexing?: 'ij' | 'xy' } = {}): Tensor[] {
  const { indexing = 'ij' } = options;
  if (!Array.isArray(xs) || xs.length === 0 || !xs.every(isTensor)) {
    throw new ShapeError(
      'meshgrid',
      `expected a non-empty array of vectors, got ${Array.isArray(xs) ? `[${xs.map(describe).join(', ')}]` : describe(xs)}`,
    );
  }
  if (indexing !== 'ij' && indexing !== 'xy') throw new ShapeError('meshgrid', `expected indexing 'ij' or 'xy', got ${String(indexing)}`);
  for (const x of xs) {
    if (checkTensor('meshgrid', x).rank > 1) throw new ShapeError('meshgrid', `expected vectors, got ${showShape(x.shape)}; flatten() it`);
  }
  const turned = indexing === 'xy' && xs.length > 1;
  const place = (k: number): number => (turned && k < 2 ? 1 - k : k);
  const shape = xs.map((_, k) => xs[place(k)].size);
  return xs.map((x, k) => {
    const lined = reshape(
      x,
      xs.map((_, i) => (i === place(k) ? x.size : 1)),
    );
    const y = expand(lined, shape);
    drop(lined, x);
    return y;
  });
}
