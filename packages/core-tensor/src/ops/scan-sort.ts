import type { TensorRef } from '../backend.js';
import { fromHost, full } from '../creation.js';
import { dispatch, dispatchAll } from '../dispatch.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { checkTensor } from '../operand.js';
import { normalizeAxis, showShape } from '../shape.js';
import { isTensor, type Tensor } from '../tensor.js';
import { add, eq, lt, maximum, mul } from './binary.js';
import { cast } from './cast.js';
import { defineOp, type Op } from './define-op.js';
import { gatherOp, scatterAddOp } from './gather.js';
import { tidy } from './handles.js';
import { cat, clone, contiguous, embed } from './movement.js';
import { sum } from './reduce.js';
import { expand, parseIndex, reshape, slice, transpose, unsqueeze } from './view.js';
import { logicalNot } from './where.js';

/** (x) -> y */
export const cumsumOp: Op<{ readonly axis: number }> = defineOp('cumsum', {
  family: 'scan',
  kind: 'sum',
  infer: ([x]) => [x as Tensor],
  kernel: (backend, [x], { axis }, [out]) => backend.scan?.('sum', x as TensorRef, axis, out),
  decompose: ([x], { axis }) => decomposeCumsum(x as Tensor, axis),
});

/**
 * Sums of 2, 4, 8, ... neighbours, each from two of the step before. Not by a triangular matrix of ones: 0 times NaN
 * would carry a NaN back to the elements before it.
 */
function decomposeCumsum(x: Tensor, axis: number): Tensor {
  const n = x.shape[axis];
  let y = clone(x);
  for (let distance = 1; distance < n; distance *= 2) {
    const pick = (start: number, end: number) => x.shape.map((_, i) => (i === axis ? ([start, end] as const) : null));
    const earlier = embed(slice(y, ...pick(0, n - distance)), x.shape, parseIndex('cumsum', pick(distance, n), x.shape));
    y = add(y, earlier);
  }
  return y;
}

/**
 * y_i = x_0 + ... + x_i along `axis`. x of any shape -> the same shape; bool counts as int32, whose sums wrap.
 * A NaN reaches what comes after it. Errors: `ShapeError` for the axis. Source: torch.cumsum.
 */
export function cumsum(x: Tensor, axis: number): Tensor {
  const a = normalizeAxis('cumsum', axis, Math.max(1, x.rank));
  const numbers = cast(x, x.dtype === 'bool' ? 'int32' : x.dtype);
  if (x.rank === 0) return clone(numbers);
  return dispatch(cumsumOp, [numbers], { axis: a });
}

/** (x) -> (values, indices), along the last axis */
export const sortOp: Op<{ readonly descending: boolean }> = defineOp('sort', {
  family: 'sort',
  infer: ([x]) => [x as Tensor, { shape: (x as Tensor).shape, dtype: 'int32' }],
  kernel: (backend, [x], { descending }, [values, indices]) => backend.sort?.(x as TensorRef, descending, values, indices),
  decompose: ([x], { descending }) => decomposeSort(x as Tensor, descending),
});

/** Comparisons of more pairs than this are made for a part of the elements at a time. */
const MAX_PAIRS = 2 ** 22;

/**
 * An element's place is the number of those that come before it: the smaller ones, and of the equal ones those that
 * stand before it. NaN is greater than everything else and equal to itself.
 */
function decomposeSort(x: Tensor, descending: boolean): [Tensor, Tensor] {
  const n = x.shape[x.rank - 1];
  const rows = x.size / n;
  const flat = reshape(x, [rows, n]);
  const device = x.device;
  const positions = fromHost(
    device,
    Int32Array.from({ length: n }, (_, i) => i),
    [1, n],
    'int32',
  );
  const others = unsqueeze(flat, 1);
  const step = Math.max(1, Math.floor(MAX_PAIRS / (rows * n)));
  const places: Tensor[] = [];
  for (let from = 0; from < n; from += step) {
    const to = Math.min(n, from + step);
    const mine = unsqueeze(slice(flat, null, [from, to]), 2);
    const smaller = descending ? less(mine, others) : less(others, mine);
    const earlier = lt(unsqueeze(positions, 1), unsqueeze(slice(positions, null, [from, to]), 2));
    places.push(sum(cast(maximum(smaller, mul(same(others, mine), earlier)), 'int32'), 2));
  }
  const place = places.length === 1 ? places[0] : cat(places, 1);
  const zeros = full([rows, n], 0, { dtype: 'int32', backend: x.backend });
  const indices = dispatch(scatterAddOp, [zeros, place, expand(positions, [rows, n])], { axis: 1 });
  const values = dispatch(gatherOp, [flat, indices], { axis: 1 });
  return [reshape(values, x.shape), reshape(indices, x.shape)];
}

function isNaNs(x: Tensor): Tensor {
  return logicalNot(eq(x, x));
}
/** a < b, where NaN is the greatest. */
function less(a: Tensor, b: Tensor): Tensor {
  return isFloat(a.dtype) ? maximum(lt(a, b), mul(eq(a, a), isNaNs(b))) : lt(a, b);
}
function same(a: Tensor, b: Tensor): Tensor {
  return isFloat(a.dtype) ? maximum(eq(a, b), mul(isNaNs(a), isNaNs(b))) : eq(a, b);
}

export interface SortResult {
  values: Tensor;
  /** int32 positions in x. */
  indices: Tensor;
}

/**
 * The values along `axis` (default: the last) in ascending or descending order, with the int32 positions that they had.
 *
 * x of any shape -> { values, indices } of the same shape. Stable: equal values keep their order. NaN counts as the
 * greatest. The gradient goes back to where the values came from.
 * Errors: `ShapeError` for the axis; `DTypeError` for bool. Source: torch.sort with stable=True.
 */
export function sort(x: Tensor, axis = -1, descending = false): SortResult {
  if (!isTensor(x) || x.dtype === 'bool') {
    throw new DTypeError('sort', `expected numbers, got ${isTensor(x) ? 'bool' : typeof x}; use cast('int32') first`);
  }
  const a = normalizeAxis('sort', axis, Math.max(1, x.rank));
  if (x.rank === 0) {
    const [values, indices] = dispatchAll(sortOp, [reshape(x, [1])], { descending });
    return { values: reshape(values, []), indices: reshape(indices, []) };
  }
  const last = x.rank - 1;
  const moved = a === last ? x : contiguous(transpose(x, a, last));
  const [values, indices] = dispatchAll(sortOp, [moved], { descending });
  if (a === last) return { values, indices };
  return { values: transpose(values, a, last), indices: transpose(indices, a, last) };
}

/** int32 positions that sort x along `axis` (default: the last). Otherwise as `sort`. Source: torch.argsort with stable=True. */
export function argsort(x: Tensor, axis = -1, descending = false): Tensor {
  const { values, indices } = sort(x, axis, descending);
  values.dispose();
  return indices;
}

export interface TopkOptions {
  /** False for the least. Default: true. */
  largest?: boolean;
  /** They come sorted in any case; false promises nothing, as in PyTorch. Default: true. */
  sorted?: boolean;
}

/**
 * The k greatest values along `axis` (default: the last), greatest first, with their int32 positions; the least, least
 * first, with `largest: false`. Of equal values the first. NaN counts as the greatest.
 *
 * x [..., n, ...] -> { values, indices } [..., k, ...]. The gradient goes back to where the values came from.
 * Errors: `ShapeError` unless 0 <= k <= n; `DTypeError` for bool. Source: torch.topk.
 */
export function topk(x: Tensor, k: number, axis = -1, options: TopkOptions = {}): SortResult {
  const a = normalizeAxis('topk', axis, Math.max(1, checkTensor('topk', x).rank));
  if (x.dtype === 'bool') throw new DTypeError('topk', "expected numbers, got bool; use cast('int32') first");
  const n = x.rank === 0 ? 1 : x.shape[a];
  if (!Number.isInteger(k) || k < 0 || k > n)
    throw new ShapeError('topk', `expected k in [0, ${n}] (axis ${a} of ${showShape(x.shape)}), got ${k}`);
  const sorted = sort(x, axis, options.largest ?? true);
  if (x.rank === 0) return sorted;
  const first = (y: Tensor): Tensor => {
    // A copy, so that the others are freed.
    const own = tidy(() => clone(slice(y, ...x.shape.map((_, i) => (i === a ? ([0, k] as const) : null)))));
    y.dispose();
    return own;
  };
  return { values: first(sorted.values), indices: first(sorted.indices) };
}
