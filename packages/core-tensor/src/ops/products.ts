import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { checkTensor } from '../operand.js';
import { showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { mul } from './binary.js';
import { tidy } from './handles.js';
import { matmul } from './matmul.js';
import { sum } from './reduce.js';
import { unsqueeze } from './view.js';

function checkRanks(op: string, a: Tensor, b: Tensor, ranks: readonly [number, number], wanted: string): void {
  checkTensor(op, a);
  checkTensor(op, b);
  if (a.rank !== ranks[0] || b.rank !== ranks[1]) {
    throw new ShapeError(op, `expected ${wanted}, got ${showShape(a.shape)} and ${showShape(b.shape)}; matmul takes all ranks`);
  }
}

function checkInner(op: string, a: Tensor, b: Tensor, wanted: string): void {
  if (a.shape[a.rank - 1] !== b.shape[Math.max(0, b.rank - 2)]) {
    throw new ShapeError(
      op,
      `expected ${wanted}, got ${showShape(a.shape)} and ${showShape(b.shape)}: the inner sizes differ; transpose one`,
    );
  }
}

/** The product of each pair of matrices: [b, m, k] and [b, k, n] -> [b, m, n]. Errors: `ShapeError`. Source: torch.bmm. */
export function bmm(a: Tensor, b: Tensor): Tensor {
  const wanted = '[b, m, k] and [b, k, n]';
  checkRanks('bmm', a, b, [3, 3], wanted);
  if (a.shape[0] !== b.shape[0]) {
    throw new ShapeError(
      'bmm',
      `expected ${wanted} of one batch size, got ${showShape(a.shape)} and ${showShape(b.shape)}; matmul broadcasts`,
    );
  }
  checkInner('bmm', a, b, wanted);
  return matmul(a, b);
}

/** The product of two matrices: [m, k] and [k, n] -> [m, n]. Errors: `ShapeError`. Source: torch.mm. */
export function mm(a: Tensor, b: Tensor): Tensor {
  checkRanks('mm', a, b, [2, 2], '[m, k] and [k, n]');
  checkInner('mm', a, b, '[m, k] and [k, n]');
  return matmul(a, b);
}

/** Matrix times vector: [m, k] and [k] -> [m]. Errors: `ShapeError`. Source: torch.mv. */
export function mv(a: Tensor, x: Tensor): Tensor {
  checkRanks('mv', a, x, [2, 1], '[m, k] and [k]');
  checkInner('mv', a, x, '[m, k] and [k]');
  return matmul(a, x);
}

/** The sum of a_i b_i: [n] and [n] -> a scalar. Errors: `ShapeError`. Source: torch.dot. */
export function dot(a: Tensor, b: Tensor): Tensor {
  checkRanks('dot', a, b, [1, 1], 'two vectors [n]');
  checkInner('dot', a, b, 'two vectors [n]');
  if (a.dtype === 'bool' || b.dtype === 'bool')
    throw new DTypeError('dot', `expected numbers, got ${a.dtype} and ${b.dtype}; cast them first`);
  return isFloat(a.dtype) || isFloat(b.dtype) ? matmul(a, b) : tidy(() => sum(mul(a, b)));
}

/** y[i, j] = a_i b_j: [m] and [n] -> [m, n]. Errors: `ShapeError`. Source: torch.outer. */
export function outer(a: Tensor, b: Tensor): Tensor {
  checkRanks('outer', a, b, [1, 1], 'two vectors [m] and [n]');
  return tidy(() => mul(unsqueeze(a, 1), b));
}
