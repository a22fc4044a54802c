import { full } from '../creation.js';
import { dispatch } from '../dispatch.js';
import { DTypeError } from '../errors.js';
import { checkTensor, describe } from '../operand.js';
import { broadcastShapes } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { commonDType, eq, gt, lt } from './binary.js';
import { cast } from './cast.js';
import { ALL_STRIDED, defineOp, type Op } from './define-op.js';
import { tidy } from './handles.js';

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
  kernel: (backend, [condition, a, b], _attrs, [out]) => backend.where(condition as Tensor['ref'], a as number, b as number, out),
});

/**
 * condition ? a : b, elementwise with broadcasting; a and b may be numbers. The gradient goes to the chosen one.
 * Two numbers give float32. Errors: `DTypeError` unless `condition` is bool. Source: torch.where.
 */
export function where(condition: Tensor, a: Other, b: Other): Tensor {
  if (checkTensor('where', condition).dtype !== 'bool') {
    throw new DTypeError('where', `expected a bool condition, got ${condition.dtype}; compare it, or use cast('bool')`);
  }
  if (typeof a === 'number' && typeof b === 'number') return dispatch(whereOp, [condition, a, b], null);
  const dtype = commonDType('where', a, b);
  const fits = (x: Other): boolean => typeof x === 'number' || x.dtype === dtype;
  if (fits(a) && fits(b)) return dispatch(whereOp, [condition, a, b], null);
  for (const x of [a, b]) if (typeof x !== 'number') checkTensor('where', x);
  const as = (x: Other): Other => (fits(x) ? x : cast(x as Tensor, dtype));
  return tidy(() => dispatch(whereOp, [condition, as(a), as(b)], null));
}

/** True where x is false (or 0). Source: torch.logical_not. */
export function logicalNot(x: Tensor): Tensor {
  if (checkTensor('logicalNot', x).dtype !== 'bool') return eq(x, 0);
  return tidy(() => eq(x, full([], 0, { dtype: 'bool', backend: x.backend })));
}

/**
 * x limited to [min, max]; either bound may be left out. The gradient passes inside the bounds and at them; NaN stays.
 * Errors: `DTypeError` without any bound. Source: torch.clamp.
 */
export function clamp(x: Tensor, min?: number | null, max?: number | null): Tensor {
  checkTensor('clamp', x);
  const low = bound('min', min);
  const high = bound('max', max);
  if (low === null && high === null) throw new DTypeError('clamp', 'expected a min or a max, got neither; pass at least one');
  return tidy(() => {
    const y = low === null ? x : where(lt(x, low), low, x);
    // As in PyTorch, max wins where the bounds cross.
    return high === null ? y : where(gt(y, high), high, y);
  });
}

function bound(which: string, value: number | null | undefined): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && !Number.isNaN(value)) return value;
  throw new DTypeError(
    'clamp',
    `expected a number for ${which}, got ${typeof value === 'number' ? value : describe(value)}; use maximum or minimum with tensors`,
  );
}
