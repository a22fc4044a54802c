import { fromHost } from '../creation.js';
import { dispatch, dispatchAll } from '../dispatch.js';
import { hostArray } from '../dtype.js';
import { noGrad } from '../grad-mode.js';
import type { Tensor } from '../tensor.js';
import { type AdaptivePool, type AdaptiveSize, evenGeometry, parseAdaptive, type WindowTable, windowTable } from './adaptive-windows.js';
import { add, div } from './binary.js';
import { gatherOp } from './gather.js';
import { drop, replacing, tidy } from './handles.js';
import { avgPoolOp, maxPoolOp } from './pool.js';
import type { MaxPoolResult } from './pool-nd.js';
import { argmaxOp, mean, sum } from './reduce.js';
import { as5d, from5d, type SpatialRank } from './spatial.js';
import { expand, reshape } from './view.js';
import { where } from './where.js';

/** x as `[planes, inPlane]` */
function planesOf(x: Tensor, { shape, inSize }: AdaptivePool): Tensor {
  return reshape(x, [shape[0] * shape[1], inSize[0] * inSize[1] * inSize[2]]);
}

/** The windows of all planes side by side, `[planes, places, taps]`. */
function windowsOf(flat: Tensor, { places, taps, positions }: WindowTable): Tensor {
  const line = fromHost(flat.device, positions, [1, places * taps], 'int32');
  const index = expand(line, [flat.shape[0], places * taps]);
  return reshape(dispatch(gatherOp, [flat, index], { axis: 1 }), [flat.shape[0], places, taps]);
}

function unevenAverage(x: Tensor, pool: AdaptivePool): Tensor {
  const table = windowTable(pool);
  const { places, taps, counts, sizes } = table;
  const windows = windowsOf(planesOf(x, pool), table);
  const real = fromHost(x.device, counts, [1, places, taps], 'bool');
  // Chosen and not multiplied by 0: what is not a number in one window stays out of the others.
  const total = sum(counts.every((n) => n === 1) ? windows : where(real, windows, 0), 2);
  const divisors = hostArray(x.dtype, places);
  divisors.set(sizes);
  const y = div(total, fromHost(x.device, divisors, [1, places], x.dtype));
  return replacing(y, reshape(y, [pool.shape[0], pool.shape[1], ...pool.outSize]));
}

/** Where the maxima stand, `[planes, places]`: the first of each window's. */
function unevenPositions(flat: Tensor, table: WindowTable): Tensor {
  const { places, taps, positions } = table;
  const rows = [flat.shape[0], places];
  const tap = reshape(dispatch(argmaxOp, [windowsOf(flat, table)], { axis: 2 }), rows);
  const starts = fromHost(
    flat.device,
    Int32Array.from({ length: places }, (_, i) => i * taps),
    [1, places],
    'int32',
  );
  const known = fromHost(flat.device, positions, [places * taps], 'int32');
  return reshape(dispatch(gatherOp, [known, reshape(add(tap, starts), [rows[0] * places])], { axis: 0 }), rows);
}

function adaptiveAvgPool(rank: SpatialRank, x: Tensor, outputSize: AdaptiveSize): Tensor {
  const pool = parseAdaptive('adaptiveAvgPool', rank, x, outputSize);
  if (pool.outSize.every((n) => n === 1)) {
    const spatial = Array.from({ length: rank }, (_, i) => x.rank - rank + i);
    return mean(x, spatial, true);
  }
  const geometry = evenGeometry(pool);
  return tidy(() => {
    const y = geometry === null ? unevenAverage(x, pool) : dispatch(avgPoolOp, [as5d(x, pool.shape)], { geometry });
    return from5d(y, rank, pool.added);
  });
}

function evenMax(x: Tensor, pool: AdaptivePool, geometry: NonNullable<ReturnType<typeof evenGeometry>>): [Tensor, Tensor] {
  const x5 = as5d(x, pool.shape);
  const [values, indices] = dispatchAll(maxPoolOp, [x5], { geometry });
  drop(x5, x);
  return [values, indices];
}

function unevenMax(x: Tensor, pool: AdaptivePool): [Tensor, Tensor] {
  const table = windowTable(pool);
  const shape = [pool.shape[0], pool.shape[1], ...pool.outSize];
  // With the positions fixed, the maxima are only moved: so are the gradients.
  const at = tidy(() => noGrad(() => unevenPositions(planesOf(x, pool), table)));
  const flat = planesOf(x, pool);
  const values = dispatch(gatherOp, [flat, at], { axis: 1 });
  flat.dispose();
  return [replacing(values, reshape(values, shape)), replacing(at, reshape(at, shape))];
}

export interface AdaptiveMaxPoolOptions {
  /** Also return where the maxima stand; default false. */
  returnIndices?: boolean;
}
type WithIndices = AdaptiveMaxPoolOptions & { returnIndices: true };
type WithoutIndices = AdaptiveMaxPoolOptions & { returnIndices?: false };

function adaptiveMaxPool(
  rank: SpatialRank,
  x: Tensor,
  outputSize: AdaptiveSize,
  { returnIndices = false }: AdaptiveMaxPoolOptions,
): Tensor | MaxPoolResult {
  const pool = parseAdaptive('adaptiveMaxPool', rank, x, outputSize);
  const geometry = evenGeometry(pool);
  const [y, at] = geometry === null ? unevenMax(x, pool) : evenMax(x, pool, geometry);
  if (returnIndices) return { values: from5d(y, rank, pool.added), indices: from5d(at, rank, pool.added) };
  at.dispose();
  return from5d(y, rank, pool.added);
}

/**
 * y[n, c, q] = the mean of x[n, c, i] for floor(q length / outLength) <= i < ceil((q + 1) length / outLength).
 *
 * x [batch, channels, length] or [channels, length] -> [batch, channels, outLength]. `outputSize` is outLength, [outLength]
 * or [null], which keeps the length. outLength may be greater than length: elements are repeated then. What is not a number
 * spoils its own windows only. An empty batch gives an empty result.
 * Errors: `ShapeError` for a wrong rank, an axis without elements (PyTorch: NaN) or a size below 1 (PyTorch has results of
 * size 0); `DTypeError` unless float. Source: torch.nn.functional.adaptive_avg_pool1d.
 */
export function adaptiveAvgPool1d(x: Tensor, outputSize: AdaptiveSize): Tensor {
  return adaptiveAvgPool(1, x, outputSize);
}

/**
 * `adaptiveAvgPool1d` over [height, width]: x [batch, channels, height, width] or without batch; `outputSize` is one size for
 * both axes or [height, width], null for an axis that stays as it is. Source: torch.nn.functional.adaptive_avg_pool2d.
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: AdaptiveSize): Tensor {
  return adaptiveAvgPool(2, x, outputSize);
}

/** `adaptiveAvgPool2d` over [depth, height, width]. Source: torch.nn.functional.adaptive_avg_pool3d. */
export function adaptiveAvgPool3d(x: Tensor, outputSize: AdaptiveSize): Tensor {
  return adaptiveAvgPool(3, x, outputSize);
}

/**
 * y[n, c, q] = the greatest of x[n, c, i] for floor(q length / outLength) <= i < ceil((q + 1) length / outLength).
 *
 * Shapes, `outputSize` and errors as `adaptiveAvgPool1d`. With `returnIndices: true` the result is { values, indices }:
 * int32 positions within the input's plane. NaN wins; of equal values the first, which alone gets the gradient.
 * Source: torch.nn.functional.adaptive_max_pool1d.
 */
export function adaptiveMaxPool1d(x: Tensor, outputSize: AdaptiveSize, options: WithIndices): MaxPoolResult;
export function adaptiveMaxPool1d(x: Tensor, outputSize: AdaptiveSize, options?: WithoutIndices): Tensor;
export function adaptiveMaxPool1d(x: Tensor, outputSize: AdaptiveSize, options: AdaptiveMaxPoolOptions = {}): Tensor | MaxPoolResult {
  return adaptiveMaxPool(1, x, outputSize, options);
}

/** `adaptiveMaxPool1d` over [height, width]; indices are h * width + w. Source: torch.nn.functional.adaptive_max_pool2d. */
export function adaptiveMaxPool2d(x: Tensor, outputSize: AdaptiveSize, options: WithIndices): MaxPoolResult;
export function adaptiveMaxPool2d(x: Tensor, outputSize: AdaptiveSize, options?: WithoutIndices): Tensor;
export function adaptiveMaxPool2d(x: Tensor, outputSize: AdaptiveSize, options: AdaptiveMaxPoolOptions = {}): Tensor | MaxPoolResult {
  return adaptiveMaxPool(2, x, outputSize, options);
}

/**
 * `adaptiveMaxPool1d` over [depth, height, width]; indices are (d * height + h) * width + w.
 * Source: torch.nn.functional.adaptive_max_pool3d.
 */
export function adaptiveMaxPool3d(x: Tensor, outputSize: AdaptiveSize, options: WithIndices): MaxPoolResult;
export function adaptiveMaxPool3d(x: Tensor, outputSize: AdaptiveSize, options?: WithoutIndices): Tensor;
export function adaptiveMaxPool3d(x: Tensor, outputSize: AdaptiveSize, options: AdaptiveMaxPoolOptions = {}): Tensor | MaxPoolResult {
  return adaptiveMaxPool(3, x, outputSize, options);
}
