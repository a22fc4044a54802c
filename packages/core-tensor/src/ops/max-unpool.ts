import { full } from '../creation.js';
import { dispatch } from '../dispatch.js';
import { DTypeError, ShapeError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { sameShape, showShape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { add, div, eq, maximum, sub } from './binary.js';
import { scatterAdd, scatterAddOp } from './gather.js';
import { replacing, tidy } from './handles.js';
import type { PoolOptions } from './pool-nd.js';
import {
  batched,
  checkCount,
  checkFloat,
  checkNotFlat,
  checkTensor,
  type PerAxis,
  perAxis,
  type SpatialRank,
  spatialNames,
} from './spatial.js';
import { reshape } from './view.js';
import { where } from './where.js';

const op = 'maxUnpool';

export interface MaxUnpoolOptions extends Omit<PoolOptions, 'ceilMode'> {
  /** The size before the pool, which left it open: [*spatial], or the whole shape [batch, channels, *spatial]. */
  outputSize?: readonly number[] | null;
}

/** (size - 1) stride - 2 padding + kernel, or what the user says, less than a stride away from that. */
function outputSizeOf(
  x: Tensor,
  inSize: readonly number[],
  kernel: readonly number[],
  rank: SpatialRank,
  options: MaxUnpoolOptions,
): number[] {
  const stride = perAxis(op, 'stride', options.stride ?? kernel, rank, 1);
  const padding = perAxis(op, 'padding', options.padding ?? 0, rank, 0);
  const usual = inSize.map((n, i) => (n - 1) * stride[i] - 2 * padding[i] + kernel[i]);
  const given = options.outputSize ?? usual;
  const size = Array.isArray(given) && given.length === rank + 2 ? given.slice(2) : given;
  const near = (n: number, i: number): boolean => Number.isSafeInteger(n) && n >= 1 && Math.abs(n - usual[i]) < stride[i];
  if (Array.isArray(size) && size.length === rank && size.every(near)) return size;
  throw new ShapeError(
    op,
    `expected an outputSize [${spatialNames(rank)}] >= 1 and less than the stride ${showShape(stride)} away from ${showShape(usual)} ` +
      `(input ${showShape(x.shape)}), got ${Array.isArray(given) ? `[${given.map(String).join(', ')}]` : String(given)}; ` +
      'pass the size that the pool was given',
  );
}

/**
 * Equal positions, as of windows that overlap, hold equal values: what scatterAdd adds up is divided again. The division is
 * a constant for the gradient, which thereby flows to each of them, as in PyTorch.
 */
function withoutRepetitions(total: Tensor, index: Tensor): Tensor {
  const surplus = noGrad(() => {
    const { dtype, backend } = total;
    const zeros = full(total.shape, 0, { dtype, backend });
    const times = dispatch(scatterAddOp, [zeros, index, full(index.shape, 1, { dtype, backend })], { axis: 1 });
    const finite = eq(sub(total, total), 0);
    return where(finite, sub(div(total, maximum(times, 1)), total), 0);
  });
  return add(total, surplus);
}

function maxUnpool(rank: SpatialRank, x: Tensor, indices: Tensor, kernelSize: PerAxis, options: MaxUnpoolOptions): Tensor {
  checkFloat(op, 'input', x);
  checkTensor(op, 'indices', indices);
  if (indices.dtype !== 'int32') throw new DTypeError(op, `expected int32 indices, got ${indices.dtype}; pass those of maxPool`);
  if (!sameShape(indices.shape, x.shape)) {
    throw new ShapeError(
      op,
      `expected indices of the input's shape ${showShape(x.shape)}, got ${showShape(indices.shape)}; pass those of maxPool`,
    );
  }
  const { shape, added } = batched(op, x, rank);
  checkNotFlat(op, shape);
  const kernel = perAxis(op, 'kernelSize', kernelSize, rank, 1);
  const outSize = outputSizeOf(x, shape.slice(2), kernel, rank, options);
  const [batch, channels, ...inSize] = shape;
  checkCount(op, 'output', [batch, channels, ...outSize]);
  return tidy(() => {
    const rows = [batch * channels, sizeOf(inSize)];
    const base = full([rows[0], sizeOf(outSize)], 0, { dtype: x.dtype, backend: x.backend });
    const index = reshape(indices, rows);
    const values = reshape(x, rows);
    // The function checks the positions, and makes nothing of an empty batch: not even a path for its gradient.
    const total = batch === 0 ? dispatch(scatterAddOp, [base, index, values], { axis: 1 }) : scatterAdd(base, 1, index, values);
    const y = withoutRepetitions(total, index);
    return replacing(y, reshape(y, added ? [channels, ...outSize] : [batch, channels, ...outSize]));
  });
}

/**
 * Undoes `maxPool1d` as far as that can be: y is x at the positions where the maxima stood, and 0 elsewhere.
 *
 * x and indices (int32, as `maxPool1d` returns them) [batch, channels, length] or [channels, length] ->
 * [batch, channels, outLength] with outLength = (length - 1) stride - 2 padding + kernelSize, or as `outputSize` says.
 * The stride is the kernel size by default. Of windows that overlapped, several may name one position: their values, equal
 * if they come from a pool, are averaged, and each gets the position's whole gradient, as in PyTorch.
 * Errors: `ShapeError` for indices of another shape, an `outputSize` a stride or more away, and (where values can be read at
 * once, else the value is dropped) an index beyond the result; `DTypeError` for x not float or indices not int32.
 * Source: torch.nn.functional.max_unpool1d.
 */
export function maxUnpool1d(x: Tensor, indices: Tensor, kernelSize: PerAxis, options: MaxUnpoolOptions = {}): Tensor {
  return maxUnpool(1, x, indices, kernelSize, options);
}

/** `maxUnpool1d` over [height, width]; indices are h * width + w of the result. Source: torch.nn.functional.max_unpool2d. */
export function maxUnpool2d(x: Tensor, indices: Tensor, kernelSize: PerAxis, options: MaxUnpoolOptions = {}): Tensor {
  return maxUnpool(2, x, indices, kernelSize, options);
}

/** `maxUnpool1d` over [depth, height, width]. Source: torch.nn.functional.max_unpool3d. */
export function maxUnpool3d(x: Tensor, indices: Tensor, kernelSize: PerAxis, options: MaxUnpoolOptions = {}): Tensor {
  return maxUnpool(3, x, indices, kernelSize, options);
}
