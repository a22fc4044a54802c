import type { TensorRef } from '../backend.js';
import { dispatch } from '../dispatch.js';
import { ShapeError } from '../errors.js';
import { checkTensor } from '../operand.js';
import { broadcastShapes, checkShape, type Shape, showShape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { commonDType } from './binary.js';
import { cast } from './cast.js';
import { defineOp, type Op } from './define-op.js';
import { drop, replacing, tidy } from './handles.js';
import { expand, reshape, unsqueeze } from './view.js';

interface MatmulOpAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** (a, b) of rank 3; a stored [batch, k, m] under transposeA, b [batch, n, k] under transposeB; a batch of 1 is shared. */
export const matmulOp: Op<MatmulOpAttrs> = defineOp('matmul', {
  family: 'matmul',
  infer: (inputs, { transposeA, transposeB }) => {
    const [a, b] = inputs as readonly Tensor[];
    const m = a.shape[transposeA ? 2 : 1];
    const n = b.shape[transposeB ? 1 : 2];
    const batch = a.shape[0] === 1 ? b.shape[0] : a.shape[0];
    return [{ shape: [batch, m, n], dtype: a.dtype }];
  },
  kernel: (backend, [a, b], { transposeA, transposeB }, [out]) =>
    backend.matmul(a as TensorRef, b as TensorRef, { transposeA, transposeB, accumulate: false }, out),
});

/** A rank-3 operand, and whether its last two axes are stored exchanged: a transposed view needs no copy. */
function operand(x: Tensor): { x: Tensor; transposed: boolean } {
  const [, rows, columns] = x.shape;
  const [batch, rowStride, columnStride] = x.ref.strides;
  const exchanged = rowStride === 1 && columnStride === rows && rows > 1 && (x.shape[0] === 1 || batch === rows * columns);
  return exchanged && !x.isContiguous ? { x: x.transpose(1, 2), transposed: true } : { x, transposed: false };
}

/** The product of two rank-3 tensors, batch sizes equal or 1. Transposed views are read in place. */
export function batchedMatmul(a: Tensor, b: Tensor): Tensor {
  const left = operand(a);
  const right = operand(b);
  const y = dispatch(matmulOp, [left.x, right.x], { transposeA: left.transposed, transposeB: right.transposed });
  drop(left.x, a);
  drop(right.x, b);
  return y;
}

/** Leading axes of `x` (all but the last two) broadcast to `batch` and flattened; a batch of 1 stays shared. */
function flattenBatch(x: Tensor, batch: Shape): Tensor {
  const lead = x.shape.slice(0, -2);
  const matrix = x.shape.slice(-2);
  if (x.rank === 2) return unsqueeze(x, 0);
  if (sizeOf(lead) === 1 && x.rank > 3) return reshape(x, [1, ...matrix]);
  if (sizeOf(lead) === 1) return x;
  const whole = sizeOf(lead) === sizeOf(batch) ? x : expand(x, [...batch, ...matrix]);
  return x.rank === 3 && whole === x ? x : reshape(whole, [sizeOf(batch), ...matrix]);
}

/**
 * The matrix product over the last two axes; leading axes broadcast. A vector operand is taken as a row (left) or a
 * column (right), and that axis is dropped again. a [..., m, k], b [..., k, n] -> [..., m, n].
 * Errors: `ShapeError` for scalars and where the inner sizes differ. Source: torch.matmul.
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const refuse = (why: string): never => {
    throw new ShapeError('matmul', `expected [..., m, k] and [..., k, n], got ${showShape(a.shape)} and ${showShape(b.shape)}; ${why}`);
  };
  checkTensor('matmul', a);
  checkTensor('matmul', b);
  if (a.rank === 0 || b.rank === 0) refuse('multiply scalars with mul');
  const k = a.shape[a.rank - 1];
  const inner = b.shape[Math.max(0, b.rank - 2)];
  if (inner !== k) refuse(`the inner sizes ${k} and ${inner} differ: transpose or reshape one`);
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const rows = a.rank === 1 ? [] : a.shape.slice(-2, -1);
  const columns = b.rank === 1 ? [] : b.shape.slice(-1);
  const shape = checkShape('matmul', [...batch, ...rows, ...columns]);
  const dtype = commonDType('matmul', a, b);
  return tidy(() => {
    const left = cast(a.rank === 1 ? unsqueeze(a, 0) : a, dtype);
    const right = cast(b.rank === 1 ? unsqueeze(b, 1) : b, dtype);
    // A shared right operand needs no batch at all: [batch * m, k] x [k, n] is one product.
    const folded = sizeOf(right.shape.slice(0, -2)) === 1 && left.rank > 2 && left.isContiguous;
    const y = folded
      ? batchedMatmul(reshape(left, [1, sizeOf(left.shape.slice(0, -1)), k]), flattenBatch(right, []))
      : batchedMatmul(flattenBatch(left, batch), flattenBatch(right, batch));
    return replacing(y, reshape(y, shape));
  });
}
