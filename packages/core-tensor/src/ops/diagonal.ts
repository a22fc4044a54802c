import { fromHost } from '../creation.js';
import { dispatch } from '../dispatch.js';
import { ShapeError } from '../errors.js';
import { checkTensor } from '../operand.js';
import { checkShape, normalizeAxis, showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { tidy } from './handles.js';
import { embed } from './movement.js';
import { sum } from './reduce.js';
import { permute, reshape, slice } from './view.js';
import { whereOp } from './where.js';

function checkOffset(op: string, offset: number): number {
  if (Number.isSafeInteger(offset)) return offset;
  throw new ShapeError(op, `expected a whole offset, got ${String(offset)}; 0 is the main diagonal`);
}

/**
 * y[..., i] = x[i, i + offset] over two axes (default: the first two); a negative offset counts downwards:
 * y[..., i] = x[i - offset, i].
 *
 * x of rank >= 2 -> the other axes and then the diagonal. A view of contiguous data. Errors: `ShapeError`.
 * Source: torch.diagonal.
 */
export function diagonal(x: Tensor, offset = 0, axis1 = 0, axis2 = 1): Tensor {
  const op = 'diagonal';
  const { rank } = checkTensor(op, x);
  checkOffset(op, offset);
  const a = normalizeAxis(op, axis1, rank);
  const b = normalizeAxis(op, axis2, rank);
  if (a === b) throw new ShapeError(op, `expected two axes, got ${axis1} and ${axis2} of ${showShape(x.shape)}`);
  const others = x.shape.map((_, i) => i).filter((i) => i !== a && i !== b);
  const [n, m] = [x.shape[a], x.shape[b]];
  const first = offset >= 0 ? offset : -offset * m;
  const length = Math.max(0, Math.min(n - Math.max(0, -offset), m - Math.max(0, offset)));
  // Along the flattened pair of axes the diagonal is every (m + 1)-th element.
  const range = length === 0 ? ([0, 0, 1] as const) : ([first, first + (length - 1) * (m + 1) + 1, m + 1] as const);
  const turned = permute(x, [...others, a, b]);
  const flat = reshape(turned, [...others.map((i) => x.shape[i]), n * m]);
  const y = slice(flat, ...others.map(() => null), range);
  flat.dispose();
  turned.dispose();
  return y;
}

/**
 * Of a vector [n]: the matrix with it on the given diagonal, 0 elsewhere. Of a matrix: its diagonal, a copy of which no
 * view remains. Errors: `ShapeError` for other ranks. Source: torch.diag.
 */
export function diag(x: Tensor, offset = 0): Tensor {
  const op = 'diag';
  const { rank } = checkTensor(op, x);
  checkOffset(op, offset);
  if (rank === 2) return tidy(() => diagonal(x, offset).clone());
  if (rank !== 1) throw new ShapeError(op, `expected a vector or a matrix, got ${showShape(x.shape)}; use diagonal for more axes`);
  const n = x.size + Math.abs(offset);
  const shape = checkShape(op, [n, n]);
  const start = offset >= 0 ? offset : -offset * n;
  return tidy(() => {
    const y = embed(x, [n * n], [{ start, step: n + 1, size: x.size, drop: false }]);
    const square = reshape(y, shape);
    square.isView = false;
    return square;
  });
}

/** The sum of the main diagonal of a matrix. Errors: `ShapeError` for other ranks. Source: torch.trace. */
export function trace(x: Tensor): Tensor {
  if (checkTensor('trace', x).rank !== 2) throw new ShapeError('trace', `expected a matrix, got ${showShape(x.shape)}`);
  return tidy(() => sum(diagonal(x)));
}

/** Whether (row, column) is on or below the diagonal, as a bool mask [n, m] beside x. */
function triangle(op: string, x: Tensor, offset: number): Tensor {
  if (checkTensor(op, x).rank < 2)
    throw new ShapeError(op, `expected a matrix or a batch of them, got ${showShape(x.shape)}; unsqueeze it`);
  checkOffset(op, offset);
  const [n, m] = x.shape.slice(-2);
  const mask = new Uint8Array(n * m);
  for (let i = 0; i < n; i++) mask.fill(1, i * m, i * m + Math.min(m, Math.max(0, i + offset + 1)));
  return fromHost(x.device, mask, [n, m], 'bool');
}

/**
 * y[..., i, j] = x[..., i, j] where j <= i + offset, else 0. x of rank >= 2. Errors: `ShapeError`. Source: torch.tril.
 */
export function tril(x: Tensor, offset = 0): Tensor {
  return tidy(() => dispatch(whereOp, [triangle('tril', x, offset), x, 0], null));
}

/**
 * y[..., i, j] = x[..., i, j] where j >= i + offset, else 0. x of rank >= 2. Errors: `ShapeError`. Source: torch.triu.
 */
export function triu(x: Tensor, offset = 0): Tensor {
  return tidy(() => dispatch(whereOp, [triangle('triu', x, offset - 1), 0, x], null));
}
