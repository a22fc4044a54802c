import { dispatch } from '../dispatch.js';
import { DTypeError } from '../errors.js';
import { broadcastShapes } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { commonDType, eq, gt, lt } from './binary.js';
import { cast } from './cast.js';
import { ALL_STRIDED, defineOp, type Op } from './define-op.js';
import { full } from '../creation.js';

type Other = Tensor | number;

export const whereOp: Op<null> = defineOp('where', {
  family: 'where',
  strided: ALL_STRIDED,
  broadcast: true,
  infer: (inputs) => {
    const [condition, a, b] = inputs as [Tensor, Other, Other];
    let { shape } = condition;
    if (typeof a !== 'number') shape = broadcastShapes('where', shape, a.shape);
    if (typeof b !== 'number') shape = broadcastShapes('where', shape, b.shape);
    const dtype = typeof a !== 'number' ? a.dtype : typeof b !== 'number' ? b.dtype : 'float32';
    return [{ shape, dtype }];
  },
  kernel: (backend, [condition, a, b], _attrs, [out]) =>
    backend.where(condition as Tensor['ref'], a as number, b as number, out),
});

/**
 * condition ? a : b, elementwise with broadcasting; a and b may be numbers. The gradient goes to the chosen one.
 * Two numbers give float32. Errors: `DTypeError` unless `condition` is bool. Source: torch.where.
 */
export function where(condition: Tensor, a: Other, b: Other): Tensor {
  if (condition.dtype !== 'bool') {
    throw new DTypeError('where', `expected a bool condition, got ${condition.dtype}; compare it, or use cast('bool')`);
  }
  if (typeof a === 'number' && typeof b === 'number') return dispatch(whereOp, [condition, a, b], null);
  const dtype = commonDType('where', a, b);
  const as = (x: Other): Other => (typeof x === 'number' || x.dtype === dtype ? x : cast(x, dtype));
  return dispatch(whereOp, [condition, as(a), as(b)], null);
}

/** True where x is false (or 0). Source: torch.logical_not. */
export function logicalNot(x: Tensor): Tensor {
  if (x.dtype !== 'bool') return eq(x, 0);
  const no = full([], 0, { dtype: 'bool', backend: x.backend });
  return eq(x, no);
}

/**
 * x limited to [min, max]; either bound may be left out. The gradient passes inside the bounds and at them; NaN stays.
 * Errors: `DTypeError` without any bound. Source: torch.clamp.
 */
export function clamp(x: Tensor, min?: number | null, max?: number | null): Tensor {
  const hasMin = min !== undefined && min !== null;
  const hasMax = max !== undefined && max !== null;
  if (!hasMin && !hasMax) throw new DTypeError('clamp', 'expected a min or a max, got neither; pass at least one');
  let y = x;
  if (hasMin) y = where(lt(y, min), min, y);
  // As in PyTorch, max wins where the bounds cross.
  if (hasMax) y = where(gt(y, max), max, y);
  return y;
}
