import type { TensorRef } from '../backend.js';
import { dispatch } from '../dispatch.js';
import { ShapeError } from '../errors.js';
import { normalizeAxis, showShape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { div, sub } from './binary.js';
import { defineOp, type Op, type Operand, type OutputSpec } from './define-op.js';
import { drop, replacing } from './handles.js';
import { detach } from './movement.js';
import { amax, sum } from './reduce.js';
import { checkFloat } from './spatial.js';
import { exp, log } from './unary.js';
import { reshape, transpose } from './view.js';

function infer(op: string, [x]: readonly Operand[]): OutputSpec[] {
  const t = x as Tensor;
  checkFloat(op, 'input', t);
  if (t.rank !== 2) throw new ShapeError(op, `expected rows [rows, n], got ${showShape(t.shape)}`);
  return [t];
}

/** x less the greatest of its row: no exponential overflows. The shift has no gradient, as it cancels. */
function shifted(x: Tensor): Tensor {
  return sub(x, detach(amax(x, 1, true)));
}

/** (x [rows, n]) -> y */
export const softmaxOp: Op<null> = defineOp('softmax', {
  family: 'softmax',
  infer: (inputs) => infer('softmax', inputs),
  kernel: (backend, [x], _attrs, [out]) => backend.softmax?.(x as TensorRef, out),
  decompose: ([x]) => {
    const e = exp(shifted(x as Tensor));
    return div(e, sum(e, 1, true));
  },
});

/** (x [rows, n]) -> y */
export const logSoftmaxOp: Op<null> = defineOp('logSoftmax', {
  family: 'logSoftmax',
  infer: (inputs) => infer('logSoftmax', inputs),
  kernel: (backend, [x], _attrs, [out]) => backend.logSoftmax?.(x as TensorRef, out),
  decompose: ([x]) => {
    const s = shifted(x as Tensor);
    return sub(s, log(sum(exp(s), 1, true)));
  },
});

/** Runs a row op along any axis. */
function alongAxis(op: Op<null>, x: Tensor, axis: number): Tensor {
  checkFloat(op.name, 'input', x);
  if (x.rank === 0) {
    normalizeAxis(op.name, axis, 1);
    return reshape(dispatch(op, [reshape(x, [1, 1])], null), []);
  }
  const a = normalizeAxis(op.name, axis, x.rank);
  const last = x.rank - 1;
  const moved = a === last ? x : transpose(x, a, last);
  const { shape } = moved;
  const rows = shape.length === 2 ? moved : reshape(moved, [sizeOf(shape.slice(0, -1)), shape[last]]);
  const flat = dispatch(op, [rows], null);
  const y = shape.length === 2 ? flat : replacing(flat, reshape(flat, shape));
  for (const made of [rows, moved]) drop(made, x);
  return a === last ? y : replacing(y, transpose(y, a, last));
}

/**
 * y_i = e^x_i / (sum over j of e^x_j) along `axis`.
 *
 * x of any shape -> the same shape. Computed after subtracting the greatest value, so nothing overflows; a NaN or
 * +infinity makes its whole row NaN. Errors: `DTypeError` unless float; `ShapeError` for the axis.
 * Source: torch.nn.functional.softmax.
 */
export function softmax(x: Tensor, axis: number): Tensor {
  return alongAxis(softmaxOp, x, axis);
}

/**
 * y_i = x_i - log(sum over j of e^x_j) along `axis`: the logarithm of `softmax`, without its underflow.
 *
 * x of any shape -> the same shape. Edge cases and errors as `softmax`. Source: torch.nn.functional.log_softmax.
 */
export function logSoftmax(x: Tensor, axis: number): Tensor {
  return alongAxis(logSoftmaxOp, x, axis);
}
