import { fromHost } from '../creation.js';
import { dispatch } from '../dispatch.js';
import { isFloat } from '../dtype.js';
import { BackendError, DTypeError, ShapeError } from '../errors.js';
import { checkTensor } from '../operand.js';
import { broadcastShapes, sameShape, showShape } from '../shape.js';
import { isTensor, type Tensor } from '../tensor.js';
import { eq } from './binary.js';
import { cast } from './cast.js';
import { tidy } from './handles.js';
import { pick } from './pick.js';
import { expand, reshape, unsqueeze } from './view.js';
import { whereOp } from './where.js';

function checkMask(op: string, mask: Tensor): Tensor {
  if (checkTensor(op, mask).dtype !== 'bool') {
    throw new DTypeError(op, `expected a bool mask, got ${mask.dtype}; compare it, or use cast('bool')`);
  }
  return mask;
}

/**
 * y = mask ? value : x, elementwise with broadcasting of x and mask, in x's dtype.
 *
 * `value` is a number or a scalar tensor. The gradient goes to x where the mask is false, its sum elsewhere to value.
 * Errors: `DTypeError` unless the mask is bool, and for a fraction into int32; `ShapeError`. Source: torch.masked_fill.
 */
export function maskedFill(x: Tensor, mask: Tensor, value: number | Tensor): Tensor {
  const op = 'maskedFill';
  checkMask(op, mask);
  broadcastShapes(op, checkTensor(op, x).shape, mask.shape);
  if (isTensor(value)) {
    if (checkTensor(op, value).rank > 0) {
      throw new ShapeError(op, `expected a number or a scalar tensor as value, got shape ${showShape(value.shape)}; use where`);
    }
    if (isFloat(value.dtype) && !isFloat(x.dtype))
      throw new DTypeError(op, `expected a ${x.dtype} value, got ${value.dtype}; cast it first`);
    return tidy(() => dispatch(whereOp, [mask, cast(value, x.dtype), x], null));
  }
  if (typeof value !== 'number' || (!isFloat(x.dtype) && !Number.isInteger(value))) {
    throw new DTypeError(op, `expected a ${x.dtype} number as value, got ${String(value)}; cast x first`);
  }
  return dispatch(whereOp, [mask, x.dtype === 'bool' ? Number(value !== 0) : value, x], null);
}

/**
 * The elements at which the mask is true, in row-major order; x and mask broadcast.
 *
 * -> [n]. How many there are depends on values: the mask is read at once. The gradient goes back to these elements.
 * Errors: `BackendError` where the backend cannot read at once (use `where` or `mul` there); `DTypeError` unless the
 * mask is bool; `ShapeError`. Source: torch.masked_select.
 */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  const op = 'maskedSelect';
  checkMask(op, mask);
  const shape = broadcastShapes(op, checkTensor(op, x).shape, mask.shape);
  if (!mask.device.capabilities.syncRead) {
    throw new BackendError(
      op,
      `expected a backend that reads at once (the result's size depends on the mask), got "${mask.backend}"; use where or maskedFill`,
    );
  }
  return tidy(() => {
    const whole = sameShape(mask.shape, shape) ? mask : expand(mask, shape);
    const truth = whole.dataSync();
    const positions: number[] = [];
    truth.forEach((v, i) => {
      if (v !== 0) positions.push(i);
    });
    const flat = reshape(sameShape(x.shape, shape) ? x : expand(x, shape), [truth.length]);
    return pick(flat, 0, Int32Array.from(positions));
  });
}

/**
 * y[..., k] = 1 where k = x[...], else 0.
 *
 * x int32 of any shape -> int32 [..., numClasses]. numClasses -1 (default): the greatest + 1, read at once.
 * Errors: `DTypeError` unless int32; `ShapeError` for classes out of range, where values can be read at once (elsewhere
 * such a row is 0), and for numClasses -1 of nothing. Source: torch.nn.functional.one_hot.
 */
export function oneHot(x: Tensor, numClasses = -1): Tensor {
  const op = 'oneHot';
  if (checkTensor(op, x).dtype !== 'int32') throw new DTypeError(op, `expected int32 classes, got ${x.dtype}; use cast('int32')`);
  if (!Number.isInteger(numClasses) || numClasses < -1 || numClasses === 0) {
    throw new ShapeError(op, `expected numClasses >= 1, or -1 for the greatest + 1, got ${String(numClasses)}`);
  }
  const classes = countClasses(x, numClasses);
  return tidy(() => {
    const row = fromHost(
      x.device,
      Int32Array.from({ length: classes }, (_, i) => i),
      [classes],
      'int32',
    );
    return cast(eq(unsqueeze(x, -1), row), 'int32');
  });
}

function countClasses(x: Tensor, numClasses: number): number {
  const op = 'oneHot';
  if (!x.device.capabilities.syncRead) {
    if (numClasses > 0) return numClasses;
    throw new BackendError(op, `expected numClasses, which "${x.backend}" cannot find by reading, got -1; say how many there are`);
  }
  if (x.size === 0 && numClasses < 0)
    throw new ShapeError(op, `expected numClasses for a tensor without elements, got -1; say how many there are`);
  let greatest = -1;
  for (const v of x.dataSync()) {
    if (v < 0 || (numClasses > 0 && v >= numClasses)) {
      throw new ShapeError(
        op,
        `expected classes in [0, ${numClasses > 0 ? numClasses - 1 : 'numClasses - 1'}], got ${v}; check the labels`,
      );
    }
    greatest = Math.max(greatest, v);
  }
  return numClasses > 0 ? numClasses : greatest + 1;
}
