import type { TensorRef } from '../backend.js';
import { dispatch } from '../dispatch.js';
import { DTypeError, ShapeError } from '../errors.js';
import { normalizeAxis, type Shape, showShape } from '../shape.js';
import { isTensor, type Tensor } from '../tensor.js';
import { commonDType } from './binary.js';
import { defineOp, type Op } from './define-op.js';
import { clone } from './movement.js';
import { pad } from './pad.js';
import { expand, reshape, slice } from './view.js';

interface AxisAttrs {
  readonly axis: number;
}

function equalBut(a: Shape, b: Shape, axis: number): boolean {
  return a.length === b.length && a.every((d, i) => i === axis || d === b[i]);
}

function checkIndex(op: string, index: Tensor): void {
  if (!isTensor(index) || index.dtype !== 'int32') {
    const got = isTensor(index) ? index.dtype : typeof index;
    throw new DTypeError(op, `expected an int32 index, got ${got}; use cast('int32')`);
  }
}

/** (x, index) -> y; sizes equal but for the axis. An index out of range gives NaN (0 for whole numbers). */
export const gatherOp: Op<AxisAttrs> = defineOp('gather', {
  family: 'gather',
  strided: 0b10,
  infer: (inputs, { axis }) => {
    const [x, index] = inputs as readonly Tensor[];
    checkIndex('gather', index);
    if (!equalBut(x.shape, index.shape, axis)) {
      throw new ShapeError(
        'gather',
        `expected sizes equal but for axis ${axis}, got ${showShape(x.shape)} and index ${showShape(index.shape)}`,
      );
    }
    return [{ shape: index.shape, dtype: x.dtype }];
  },
  kernel: (backend, [x, index], { axis }, [out]) => backend.gather(x as TensorRef, index as TensorRef, axis, out),
});

/** (base, index, source) -> y = base with source added at index; sizes equal but for the base's axis. */
export const scatterAddOp: Op<AxisAttrs> = defineOp('scatterAdd', {
  family: 'scatterAdd',
  strided: 0b11,
  infer: (inputs, { axis }) => {
    const [base, index, source] = inputs as readonly Tensor[];
    checkIndex('scatterAdd', index);
    if (!equalBut(base.shape, index.shape, axis) || !equalBut(source.shape, index.shape, -1)) {
      throw new ShapeError(
        'scatterAdd',
        `expected index and source of one shape, equal to the base's but for axis ${axis}, got base ${showShape(base.shape)}, ` +
          `index ${showShape(index.shape)} and source ${showShape(source.shape)}`,
      );
    }
    if (base.dtype !== source.dtype)
      throw new DTypeError('scatterAdd', `expected one dtype, got ${base.dtype} and ${source.dtype}; cast one`);
    return [base];
  },
  kernel: (backend, [base, index, source], { axis }, [out]) => {
    backend.copyStrided(base as TensorRef, out);
    backend.scatterAdd(index as TensorRef, source as TensorRef, axis, out);
  },
});

/**
 * Refuses indices out of range. The values are looked at only where they can be read at once; elsewhere a wrong index
 * gives NaN.
 */
function checkRange(op: string, index: Tensor, size: number, what: string): void {
  const { capabilities } = index.device;
  if (!capabilities.syncRead || index.size === 0) return;
  const values = index.dataSync();
  for (let i = 0; i < values.length; i++) {
    if (values[i] < 0 || values[i] >= size) {
      throw new ShapeError(op, `expected indices in [0, ${size - 1}] for ${what}, got ${values[i]} at flat position ${i}`);
    }
  }
}

/** x and index of one rank (a scalar counts as one element), and index no larger than x but on the axis. */
function checkFit(op: string, x: Tensor, index: Tensor, axis: number): void {
  if (x.rank !== index.rank || index.shape.some((d, i) => i !== axis && d > x.shape[i])) {
    throw new ShapeError(
      op,
      `expected an index of the input's rank, no larger than it but on axis ${axis}, got input ${showShape(x.shape)} and ` +
        `index ${showShape(index.shape)}; expand or slice one`,
    );
  }
}

/** The first elements of every axis but `axis`, as many as `shape` has. */
function cropTo(x: Tensor, shape: Shape, axis: number): Tensor {
  return equalBut(x.shape, shape, axis) ? x : slice(x, ...shape.map((d, i) => (i === axis ? null : ([0, d] as const))));
}

/**
 * y[i][j][k] = x[index[i][j][k]][j][k] for axis 0, and likewise for other axes.
 *
 * x of any shape, index int32 of the same rank and no larger than x but on `axis` -> the shape of index.
 * Gradient: `scatterAdd`. Errors: `ShapeError` for shapes and (where values can be read at once, else the result is
 * NaN) for an index out of range, negative ones included; `DTypeError` unless the index is int32.
 * Source: torch.gather.
 */
export function gather(x: Tensor, axis: number, index: Tensor): Tensor {
  checkIndex('gather', index);
  const a = normalizeAxis('gather', axis, Math.max(1, x.rank));
  if (x.rank === 0 && index.rank === 0) return reshape(gather(reshape(x, [1]), 0, reshape(index, [1])), []);
  checkFit('gather', x, index, a);
  checkRange('gather', index, x.shape[a], `axis ${a} of input ${showShape(x.shape)}`);
  if (x.shape[a] === 0 && index.size > 0) throw new ShapeError('gather', `expected elements on axis ${a}, got input ${showShape(x.shape)}`);
  return dispatch(gatherOp, [cropTo(x, index.shape, a), index], { axis: a });
}

/**
 * y = base, then y[index[i][j][k]][j][k] += source[i][j][k] for axis 0, and likewise for other axes. Equal indices add up.
 *
 * base of any shape; index int32, no larger than source, and no larger than base but on `axis` -> the shape of base.
 * Gradient: passes to base; `gather` of it to source. Errors as `gather`. Source: torch.scatter_add.
 */
export function scatterAdd(base: Tensor, axis: number, index: Tensor, source: Tensor): Tensor {
  checkIndex('scatterAdd', index);
  const a = normalizeAxis('scatterAdd', axis, Math.max(1, base.rank));
  if (base.rank === 0) return reshape(scatterAdd(reshape(base, [1]), 0, reshape(index, [index.size]), reshape(source, [source.size])), []);
  checkFit('scatterAdd', base, index, a);
  if (source.rank !== index.rank || index.shape.some((d, i) => d > source.shape[i])) {
    throw new ShapeError(
      'scatterAdd',
      `expected a source at least as large as the index ${showShape(index.shape)}, got ${showShape(source.shape)}`,
    );
  }
  checkRange('scatterAdd', index, base.shape[a], `axis ${a} of base ${showShape(base.shape)}`);
  commonDType('scatterAdd', base, source);
  if (source.dtype !== base.dtype) {
    throw new DTypeError('scatterAdd', `expected a source of dtype ${base.dtype}, got ${source.dtype}; cast it`);
  }
  if (index.size === 0) return clone(base);
  const used = cropTo(source, index.shape, -1);
  // A smaller index is completed with additions of 0 at position 0, so that backends meet equal sizes only.
  const lacking = base.shape.map((d, i) => (i === a ? 0 : d - index.shape[i]));
  const frame = lacking.flatMap((_, i) => [0, lacking[lacking.length - 1 - i]]);
  const complete = lacking.every((d) => d === 0);
  return dispatch(scatterAddOp, [base, complete ? index : pad(index, frame), complete ? used : pad(used, frame)], {
    axis: a,
  });
}

/**
 * The slices of x at the given positions of `axis`, in their order.
 *
 * x [..., n, ...], index int32 [m] (or a scalar) -> [..., m, ...]. Errors as `gather`. Source: torch.index_select.
 */
export function indexSelect(x: Tensor, axis: number, index: Tensor): Tensor {
  checkIndex('indexSelect', index);
  const a = normalizeAxis('indexSelect', axis, Math.max(1, x.rank));
  if (index.rank > 1)
    throw new ShapeError('indexSelect', `expected a list of positions [m], got index ${showShape(index.shape)}; flatten() it`);
  if (x.rank === 0) return reshape(indexSelect(reshape(x, [1]), 0, index), []);
  checkRange('indexSelect', index, x.shape[a], `axis ${a} of input ${showShape(x.shape)}`);
  const m = index.size;
  if (x.shape[a] === 0 && m > 0) throw new ShapeError('indexSelect', `expected elements on axis ${a}, got input ${showShape(x.shape)}`);
  const line = reshape(
    index,
    x.shape.map((_, i) => (i === a ? m : 1)),
  );
  return dispatch(
    gatherOp,
    [
      x,
      expand(
        line,
        x.shape.map((d, i) => (i === a ? m : d)),
      ),
    ],
    { axis: a },
  );
}
