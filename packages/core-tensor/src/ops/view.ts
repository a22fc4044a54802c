import { dispatch } from '../dispatch.js';
import { ShapeError } from '../errors.js';
import { checkTensor, describe } from '../operand.js';
import { checkShape, contiguousStrides, normalizeAxes, normalizeAxis, type Shape, showShape, sizeOf } from '../shape.js';
import type { Axes, Index, Tensor } from '../tensor.js';
import type { SliceAxis } from './catalogue.js';
import { defineOp, type Op } from './define-op.js';
import { replacing } from './handles.js';
import { contiguous } from './movement.js';

export const reshapeOp: Op<{ readonly shape: Shape }> = defineOp('reshape', {
  infer: ([x], { shape }) => [{ shape, dtype: (x as Tensor).dtype }],
  view: (x, { shape }) => ({ shape, strides: contiguousStrides(shape), offset: x.ref.offset }),
});

export const permuteOp: Op<{ readonly order: readonly number[] }> = defineOp('permute', {
  infer: ([x], { order }) => [{ shape: order.map((a) => (x as Tensor).shape[a]), dtype: (x as Tensor).dtype }],
  view: (x, { order }) => ({
    shape: order.map((a) => x.shape[a]),
    strides: order.map((a) => x.ref.strides[a]),
    offset: x.ref.offset,
  }),
});

export const expandOp: Op<{ readonly shape: Shape }> = defineOp('expand', {
  infer: ([x], { shape }) => [{ shape, dtype: (x as Tensor).dtype }],
  view: (x, { shape }) => {
    const lead = shape.length - x.rank;
    const strides = shape.map((d, i) => (i < lead || (x.shape[i - lead] === 1 && d !== 1) ? 0 : x.ref.strides[i - lead]));
    return { shape, strides, offset: x.ref.offset };
  },
});

/** The shape of a slice. */
export function slicedShape(axes: readonly SliceAxis[]): number[] {
  return axes.filter((a) => !a.drop).map((a) => a.size);
}

/** The window of a slice, for views and for writing into one. */
export function sliceWindow(ref: Tensor['ref'], axes: readonly SliceAxis[]): { shape: Shape; strides: number[]; offset: number } {
  let { offset } = ref;
  const strides: number[] = [];
  for (let i = 0; i < axes.length; i++) {
    if (axes[i].size > 0) offset += axes[i].start * ref.strides[i];
    if (!axes[i].drop) strides.push(ref.strides[i] * axes[i].step);
  }
  return { shape: slicedShape(axes), strides, offset };
}

export const sliceOp: Op<{ readonly axes: readonly SliceAxis[] }> = defineOp('slice', {
  infer: ([x], { axes }) => [{ shape: slicedShape(axes), dtype: (x as Tensor).dtype }],
  view: (x, { axes }) => sliceWindow(x.ref, axes),
});

/**
 * The same elements in another shape; one size may be -1 and is then inferred. A view of contiguous data, else a view of
 * a copy. Errors: `ShapeError` where the sizes do not match. Source: torch.reshape.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const to = resolveShape(checkTensor('reshape', x), shape);
  if (x.isContiguous) return dispatch(reshapeOp, [x], { shape: to });
  const copy = contiguous(x);
  return replacing(copy, dispatch(reshapeOp, [copy], { shape: to }));
}

function resolveShape(x: Tensor, shape: Shape): Shape {
  const mismatch = (why: string): ShapeError =>
    new ShapeError(
      'reshape',
      `expected a shape of ${x.size} elements for input ${showShape(x.shape)}, got [${shape.map(String).join(', ')}]; ${why}`,
    );
  if (!Array.isArray(shape))
    throw new ShapeError('reshape', `expected an array of sizes, got ${describe(shape)} ${String(shape)}; write [2, -1]`);
  const wild = shape.indexOf(-1);
  if (wild < 0) {
    const to = checkShape('reshape', shape);
    if (sizeOf(to) !== x.size) throw mismatch('one size may be -1: it is inferred');
    return to;
  }
  if (shape.indexOf(-1, wild + 1) >= 0) throw mismatch('only one size may be -1');
  const rest = checkShape(
    'reshape',
    shape.filter((_, i) => i !== wild),
  );
  const known = sizeOf(rest);
  if (known === 0 || x.size % known !== 0)
    throw mismatch(known === 0 ? '-1 could be anything here: name the size' : `${x.size} is no multiple of ${known}`);
  return checkShape(
    'reshape',
    shape.map((d, i) => (i === wild ? x.size / known : d)),
  );
}

/** The axes in another order; a view. Source: torch.permute. */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  checkTensor('permute', x);
  const axes = Array.isArray(order) ? order.map((a) => normalizeAxis('permute', a, x.rank)) : [];
  if (axes.length !== x.rank || new Set(axes).size !== x.rank) {
    throw new ShapeError(
      'permute',
      `expected each of the ${x.rank} axes of ${showShape(x.shape)} once, got [${String(order)}]; name all of them`,
    );
  }
  return dispatch(permuteOp, [x], { order: axes });
}

/** Two axes exchanged; a view. Source: torch.transpose. */
export function transpose(x: Tensor, a: number, b: number): Tensor {
  checkTensor('transpose', x);
  const i = normalizeAxis('transpose', a, x.rank);
  const j = normalizeAxis('transpose', b, x.rank);
  const order = Array.from({ length: x.rank }, (_, k) => (k === i ? j : k === j ? i : k));
  return dispatch(permuteOp, [x], { order });
}

/** The axes from `start` to `end` (inclusive) as one. Source: torch.flatten. */
export function flatten(x: Tensor, start = 0, end = -1): Tensor {
  if (checkTensor('flatten', x).rank === 0) return reshape(x, [1]);
  const from = normalizeAxis('flatten', start, x.rank);
  const to = normalizeAxis('flatten', end, x.rank);
  if (from > to)
    throw new ShapeError('flatten', `expected start <= end, got ${start} and ${end} for shape ${showShape(x.shape)}; exchange them`);
  return reshape(x, [...x.shape.slice(0, from), sizeOf(x.shape.slice(from, to + 1)), ...x.shape.slice(to + 1)]);
}

/** Without the axes of size 1 (default: all of them; an axis of another size stays). Source: torch.squeeze. */
export function squeeze(x: Tensor, axes?: Axes): Tensor {
  const list = normalizeAxes('squeeze', axes, checkTensor('squeeze', x).rank).filter((a) => x.shape[a] === 1);
  const whole: SliceAxis[] = x.shape.map((size, i) => ({ start: 0, step: 1, size, drop: list.includes(i) }));
  return dispatch(sliceOp, [x], { axes: whole });
}

/** A new axis of size 1 before `axis` (negative: counted from the end of the result). Source: torch.unsqueeze. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const a = normalizeAxis('unsqueeze', axis, checkTensor('unsqueeze', x).rank + 1);
  // As an expansion of the leading axis followed by a permutation it is a view for any strides.
  const lifted = dispatch(expandOp, [x], { shape: [1, ...x.shape] });
  if (a === 0) return lifted;
  const order = Array.from({ length: x.rank + 1 }, (_, i) => (i === a ? 0 : i < a ? i + 1 : i));
  const y = dispatch(permuteOp, [lifted], { order });
  lifted.dispose();
  return y;
}

/** Axes of size 1 repeated to `shape` (-1: as it is), and new ones in front; a view with stride 0. Source: torch.Tensor.expand. */
export function expand(x: Tensor, shape: Shape): Tensor {
  checkTensor('expand', x);
  const lead = Array.isArray(shape) ? shape.length - x.rank : -1;
  const refuse = (): never => {
    throw new ShapeError(
      'expand',
      `expected a shape to which ${showShape(x.shape)} stretches (sizes equal or 1, aligned at the end), got [${String(shape)}]; reshape or unsqueeze first`,
    );
  };
  if (lead < 0) refuse();
  const to = shape.map((d, i) => (d === -1 && i >= lead ? x.shape[i - lead] : d));
  const checked = checkShape('expand', to);
  for (let i = lead; i < to.length; i++) if (x.shape[i - lead] !== to[i] && x.shape[i - lead] !== 1) refuse();
  return dispatch(expandOp, [x], { shape: checked });
}

/** Indices in the notation of `slice` as one `SliceAxis` for every axis of `shape`. */
export function parseIndex(op: string, index: readonly Index[], shape: Shape): SliceAxis[] {
  if (index.length > shape.length) {
    throw new ShapeError(
      op,
      `expected at most ${shape.length} indices for shape ${showShape(shape)}, got ${index.length}; use unsqueeze for a new axis`,
    );
  }
  return shape.map((size, axis) => parseAxis(op, index[axis] ?? null, size, axis));
}

function parseAxis(op: string, index: Index, size: number, axis: number): SliceAxis {
  if (index === null) return { start: 0, step: 1, size, drop: false };
  if (typeof index === 'number') {
    const at = index < 0 ? index + size : index;
    if (!Number.isInteger(at) || at < 0 || at >= size) {
      const range = size === 0 ? 'a range (the axis is empty)' : `an index in [${-size}, ${size - 1}]`;
      throw new ShapeError(op, `expected ${range} at axis ${axis}, got ${index}; negatives count from the end`);
    }
    return { start: at, step: 1, size: 1, drop: true };
  }
  if (!Array.isArray(index) || index.length > 3) {
    throw new ShapeError(
      op,
      `expected a number, null or [start, end, step] at axis ${axis}, got ${typeof index} ${String(index)}; see the notation of slice`,
    );
  }
  const [from, to, by] = index as [number?, number?, number?];
  const step = by ?? 1;
  if (!Number.isInteger(step) || step < 1)
    throw new ShapeError(op, `expected a whole step >= 1 at axis ${axis}, got ${step}; reverse with indexSelect`);
  const clamp = (v: number | null | undefined, none: number): number => {
    if (v === undefined || v === null) return none;
    if (!Number.isInteger(v)) throw new ShapeError(op, `expected whole bounds at axis ${axis}, got ${v}; leave a bound out for the end`);
    return Math.min(size, Math.max(0, v < 0 ? v + size : v));
  };
  const start = clamp(from, 0);
  const end = clamp(to, size);
  return { start, step, size: Math.max(0, Math.ceil((end - start) / step)), drop: false };
}

/**
 * A window of the tensor; a view. One index an axis: a number drops the axis, null takes all of it, `[start, end, step]`
 * a range (clamped; negatives count from the end; step >= 1). Missing indices take all. Source: PyTorch indexing.
 */
export function slice(x: Tensor, ...index: Index[]): Tensor {
  return dispatch(sliceOp, [x], { axes: parseIndex('slice', index, checkTensor('slice', x).shape) });
}

/** The slice at `index` of one axis, without that axis; a view. Source: torch.select. */
export function select(x: Tensor, axis: number, index: number): Tensor {
  const a = normalizeAxis('select', axis, checkTensor('select', x).rank);
  if (typeof index !== 'number') throw new ShapeError('select', `expected one index, got ${describe(index)}; use slice for ranges`);
  return dispatch(sliceOp, [x], { axes: parseIndex('select', [...new Array<null>(a).fill(null), index], x.shape) });
}
