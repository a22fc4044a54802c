import { abi } from '../abi.js';
import { dispatch } from '../dispatch.js';
import { DTypeError, ShapeError } from '../errors.js';
import { showShape } from '../shape.js';
import { isTensor, type Tensor } from '../tensor.js';
import { eq } from './binary.js';
import { gatherOp } from './gather.js';
import { tidy } from './handles.js';
import { detach } from './movement.js';
import { checkFloat } from './spatial.js';
import { expand, reshape } from './view.js';
import { where } from './where.js';

export interface EmbeddingOptions {
  /** A row that gets no gradient; negative ones count from the end. Default: none. */
  paddingIdx?: number | null;
}

function checkIndices(op: string, indices: Tensor, rows: number): void {
  if (!isTensor(indices) || indices.dtype !== 'int32') {
    const got = isTensor(indices) ? indices.dtype : Array.isArray(indices) ? 'an array' : typeof indices;
    throw new DTypeError(op, `expected int32 indices, got ${got}; use cast('int32')`);
  }
  if (indices.size === 0 || !indices.device.capabilities.syncRead) return;
  const values = indices.dataSync();
  for (let i = 0; i < values.length; i++) {
    if (values[i] >= 0 && values[i] < rows) continue;
    throw new ShapeError(
      op,
      `expected indices in [0, ${rows - 1}] for ${rows} rows, got ${values[i]} at flat position ${i}; enlarge the table or check the indices`,
    );
  }
}

/** The row meant by `paddingIdx`, or null. For layers, too. */
export function checkPaddingIdx(op: string, paddingIdx: unknown, rows: number): number | null {
  if (paddingIdx === null || paddingIdx === undefined) return null;
  const row = paddingIdx as number;
  if (Number.isSafeInteger(row) && row >= -rows && row < rows) return row < 0 ? row + rows : row;
  throw new ShapeError(op, `expected paddingIdx in [${-rows}, ${rows - 1}] or null, got ${String(paddingIdx)}; it names a row`);
}

/**
 * y[i...] = weight[indices[i...]]: a row for each index.
 *
 * indices int32 of any shape, weight [rows, size] -> [...indices, size]. Gradient: added to the rows that were read, but
 * not to row `paddingIdx`, whose values are read as they are.
 * Errors: `ShapeError` for an index out of range, negative ones included (where values cannot be read at once, NaN
 * instead); `DTypeError` unless indices are int32 and weight is float. Source: torch.nn.functional.embedding.
 */
export function embedding(indices: Tensor, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  const op = 'embedding';
  checkFloat(op, 'weight', weight);
  if (weight.rank !== 2) throw new ShapeError(op, `expected weight [rows, size], got ${showShape(weight.shape)}; reshape it`);
  const [rows, size] = weight.shape;
  const padding = checkPaddingIdx(op, options.paddingIdx, rows);
  checkIndices(op, indices, rows);
  const n = indices.size;
  const shape = [...indices.shape, size];
  const y = tidy(() => {
    const lines = dispatch(gatherOp, [weight, expand(reshape(indices, [n, 1]), [n, size])], { axis: 0 });
    if (padding === null || !abi.gradEnabled || !weight.requiresGrad) return reshape(lines, shape);
    return reshape(where(reshape(eq(indices, padding), [n, 1]), detach(lines), lines), shape);
  });
  y.isView = false;
  return y;
}
