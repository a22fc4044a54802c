import { abi } from '../abi.js';
import { full } from '../creation.js';
import { dispatch } from '../dispatch.js';
import { DTypeError, ShapeError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { showShape } from '../shape.js';
import { isTensor, type Tensor } from '../tensor.js';
import { add, div, eq, gt, mul_, sub } from './binary.js';
import { gatherOp, indexSelect, scatterAdd } from './gather.js';
import { tidy } from './handles.js';
import { detach } from './movement.js';
import { norm } from './norm.js';
import { checkFloat } from './spatial.js';
import { expand, reshape } from './view.js';
import { isfinite, logicalAnd } from './elementwise.js';
import { where } from './where.js';

export interface EmbeddingOptions {
  /** A row that gets no gradient; negative ones count from the end. Default: none. */
  paddingIdx?: number | null;
  /** Rows that are read and longer than this are scaled to it first, in place. Default: none. */
  maxNorm?: number | null;
  /** The p of the norm for `maxNorm`. Default: 2. */
  normType?: number;
  /** Divides a row's gradient by how often it is read. Default: false. */
  scaleGradByFreq?: boolean;
}

/** Refuses options of another kind; `op` is what errors call the caller. For layers, too. */
export function checkEmbeddingOptions(op: string, { maxNorm, normType = 2, scaleGradByFreq = false }: EmbeddingOptions): void {
  if (maxNorm !== undefined && maxNorm !== null && !(typeof maxNorm === 'number' && maxNorm > 0)) {
    throw new ShapeError(op, `expected maxNorm to be a number > 0 or null, got ${String(maxNorm)}`);
  }
  if (typeof normType !== 'number' || Number.isNaN(normType)) {
    throw new ShapeError(op, `expected normType to be a number, got ${String(normType)}; 2 is the Euclidean norm`);
  }
  if (typeof scaleGradByFreq !== 'boolean')
    throw new ShapeError(op, `expected scaleGradByFreq to be true or false, got ${String(scaleGradByFreq)}`);
}

/** How often each row is read: [rows] floats. */
function uses(flat: Tensor, weight: Tensor): Tensor {
  const options = { dtype: weight.dtype, backend: weight.backend };
  return scatterAdd(full([weight.shape[0]], 0, options), 0, flat, full(flat.shape, 1, options));
}

/** row *= maxNorm / (|row| + 1e-7), for rows that are read and longer than maxNorm. */
function renormalize(weight: Tensor, flat: Tensor, maxNorm: number, p: number): void {
  noGrad(() =>
    tidy(() => {
      const lengths = norm(weight, p, 1, true);
      const read = gt(reshape(uses(flat, weight), [weight.shape[0], 1]), 0);
      mul_(weight, where(logicalAnd(read, gt(lengths, maxNorm)), div(maxNorm, add(lengths, 1e-7)), 1));
    }),
  );
}

/** The values of `lines`, with the gradient divided by how often the row was read. */
function scaledByUse(lines: Tensor, flat: Tensor, weight: Tensor): Tensor {
  const counts = noGrad(() => reshape(indexSelect(uses(flat, weight), 0, flat), [flat.size, 1]));
  const share = div(lines, counts);
  const values = detach(lines);
  // share - share is 0 in value and carries the gradient; of infinite values it would be NaN.
  return where(isfinite(values), add(values, sub(share, detach(share))), lines);
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
 * indices int32 of any shape, weight [rows, size] -> [...indices, size]. Gradient: added to the rows that were read (and
 * divided by how often they were, with `scaleGradByFreq`), but not to row `paddingIdx`, whose values are read as they
 * are. With `maxNorm` the rows that are read are changed in place before.
 * Errors: `ShapeError` for an index out of range, negative ones included (where values cannot be read at once, NaN
 * instead); `DTypeError` unless indices are int32 and weight is float. Source: torch.nn.functional.embedding.
 */
export function embedding(indices: Tensor, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  const op = 'embedding';
  checkFloat(op, 'weight', weight);
  if (weight.rank !== 2) throw new ShapeError(op, `expected weight [rows, size], got ${showShape(weight.shape)}; reshape it`);
  const [rows, size] = weight.shape;
  const padding = checkPaddingIdx(op, options.paddingIdx, rows);
  checkEmbeddingOptions(op, options);
  checkIndices(op, indices, rows);
  const n = indices.size;
  const shape = [...indices.shape, size];
  const { maxNorm = null, normType = 2, scaleGradByFreq = false } = options;
  const y = tidy(() => {
    const flat = reshape(indices, [n]);
    if (maxNorm !== null && n > 0) renormalize(weight, flat, maxNorm, normType);
    const read = dispatch(gatherOp, [weight, expand(reshape(indices, [n, 1]), [n, size])], { axis: 0 });
    const recording = abi.gradEnabled && weight.requiresGrad;
    const lines = recording && scaleGradByFreq && n > 0 ? scaledByUse(read, flat, weight) : read;
    if (padding === null || !recording) return reshape(lines, shape);
    return reshape(where(reshape(eq(indices, padding), [n, 1]), detach(lines), lines), shape);
  });
  y.isView = false;
  return y;
}
