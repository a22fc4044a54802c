import { dispatch, dispatchAll } from '../dispatch.js';
import { ShapeError } from '../errors.js';
import { internPool, type PoolGeometry, toSpatial } from '../geometry.js';
import { type Shape, showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { mul } from './binary.js';
import { drop } from './handles.js';
import { avgPoolOp, maxPoolOp } from './pool.js';
import {
  as5d,
  batched,
  checkCount,
  checkFloat,
  checkNotFlat,
  extentOf,
  from5d,
  type PerAxis,
  perAxis,
  type SpatialRank,
} from './spatial.js';

export interface PoolOptions {
  /** Default: the kernel size. */
  stride?: PerAxis | null;
  /** Added on both sides, at most half the kernel; default 0. */
  padding?: PerAxis;
  /** Keep a last window that reaches beyond the padded input; default false. */
  ceilMode?: boolean;
}
export interface MaxPoolOptions extends PoolOptions {
  /** Distance between the elements of a window; default 1. */
  dilation?: PerAxis;
  /** Also return where the maxima stand; default false. */
  returnIndices?: boolean;
}
export interface AvgPoolOptions extends PoolOptions {
  /** Count the padding in the divisor; default true. */
  countIncludePad?: boolean;
  /** Divide every window's sum by this whole number, whatever the window; default: by its elements. */
  divisorOverride?: number | null;
}
/** A pool's result with the int32 positions of its maxima, each within its own input plane, row-major. */
export interface MaxPoolResult {
  values: Tensor;
  indices: Tensor;
}
type WithIndices = MaxPoolOptions & { returnIndices: true };

/** The number of windows along one axis. Source: PyTorch, pooling_output_shape. */
function countWindows(size: number, extent: number, stride: number, pad: number, ceilMode: boolean): number {
  const room = size + 2 * pad - extent;
  if (!ceilMode) return Math.floor(room / stride) + 1;
  const n = Math.ceil(room / stride) + 1;
  // A window that would start in the padding after the input sees nothing.
  return (n - 1) * stride >= size + pad ? n - 1 : n;
}

function parse(
  op: string,
  rank: SpatialRank,
  x: Tensor,
  kernelSize: PerAxis,
  options: MaxPoolOptions & AvgPoolOptions,
): { geometry: PoolGeometry; shape: Shape; added: boolean } {
  checkFloat(op, 'input', x);
  const { shape, added } = batched(op, x, rank);
  checkNotFlat(op, shape);
  const kernel = perAxis(op, 'kernelSize', kernelSize, rank, 1);
  const stride = perAxis(op, 'stride', options.stride ?? kernel, rank, 1);
  const padding = perAxis(op, 'padding', options.padding ?? 0, rank, 0);
  const dilation = perAxis(op, 'dilation', options.dilation ?? 1, rank, 1);
  if (padding.some((p, i) => 2 * p > kernel[i])) {
    throw new ShapeError(
      op,
      `expected padding of at most half the kernel ${showShape(kernel)}, got ${showShape(padding)}; pad with pad() before`,
    );
  }
  const extent = extentOf(kernel, dilation);
  const inSize = shape.slice(2);
  const outSize = inSize.map((n, i) => countWindows(n, extent[i], stride[i], padding[i], options.ceilMode ?? false));
  if (outSize.some((n) => n < 1)) {
    throw new ShapeError(
      op,
      `expected a padded input of at least the kernel's extent ${showShape(extent)}, got ` +
        `${showShape(inSize.map((n, i) => n + 2 * padding[i]))} from input ${showShape(x.shape)}; pad more or use a smaller kernel`,
    );
  }
  checkCount(op, 'output', [shape[0], shape[1], ...outSize]);
  const geometry = internPool({
    rank,
    batch: shape[0],
    channels: shape[1],
    inSize: toSpatial(inSize, 1),
    outSize: toSpatial(outSize, 1),
    kernel: toSpatial(kernel, 1),
    stride: toSpatial(stride, 1),
    dilation: toSpatial(dilation, 1),
    padLow: toSpatial(padding, 0),
    padHigh: toSpatial(padding, 0),
    countIncludePad: options.countIncludePad ?? true,
  });
  return { geometry, shape, added };
}

/** The common body of `maxPool1d`, `maxPool2d`, `maxPool3d`. */
function maxPool(rank: SpatialRank, x: Tensor, kernelSize: PerAxis, options: MaxPoolOptions): Tensor | MaxPoolResult {
  const { geometry, shape, added } = parse('maxPool', rank, x, kernelSize, { ...options, countIncludePad: true });
  const x5 = as5d(x, shape);
  const [values, indices] = dispatchAll(maxPoolOp, [x5], { geometry });
  drop(x5, x);
  if (options.returnIndices) return { values: from5d(values, rank, added), indices: from5d(indices, rank, added) };
  // The tape, where there is one, holds its own reference.
  indices.dispose();
  return from5d(values, rank, added);
}

/**
 * y[n, c, q] = the greatest of x[n, c, q * stride - padding + k * dilation] over the window's k; padding is -infinity.
 *
 * x [batch, channels, length] or [channels, length] -> [batch, channels, outLength] with outLength =
 * floor((length + 2 padding - dilation (kernel - 1) - 1) / stride + 1), or ceil under `ceilMode` (less a last window
 * that would start in the padding). The stride is the kernel size by default.
 * With `returnIndices: true` the result is { values, indices }: int32 positions within the unpadded input.
 * NaN wins; of equal values the first, which alone gets the gradient.
 * Errors: `ShapeError` for a wrong rank, padding above half the kernel, a kernel larger than the padded input;
 * `DTypeError` unless float. Source: torch.nn.functional.max_pool1d.
 */
export function maxPool1d(x: Tensor, kernelSize: PerAxis, options: WithIndices): MaxPoolResult;
export function maxPool1d(x: Tensor, kernelSize: PerAxis, options?: MaxPoolOptions & { returnIndices?: false }): Tensor;
export function maxPool1d(x: Tensor, kernelSize: PerAxis, options: MaxPoolOptions = {}): Tensor | MaxPoolResult {
  return maxPool(1, x, kernelSize, options);
}

/**
 * `maxPool1d` over [height, width]: x [batch, channels, height, width] or [channels, height, width]; options take one
 * number or [height, width]; indices are h * width + w. Source: torch.nn.functional.max_pool2d.
 */
export function maxPool2d(x: Tensor, kernelSize: PerAxis, options: WithIndices): MaxPoolResult;
export function maxPool2d(x: Tensor, kernelSize: PerAxis, options?: MaxPoolOptions & { returnIndices?: false }): Tensor;
export function maxPool2d(x: Tensor, kernelSize: PerAxis, options: MaxPoolOptions = {}): Tensor | MaxPoolResult {
  return maxPool(2, x, kernelSize, options);
}

/**
 * `maxPool1d` over [depth, height, width]: x [batch, channels, depth, height, width] or without batch; indices are
 * (d * height + h) * width + w. Source: torch.nn.functional.max_pool3d.
 */
export function maxPool3d(x: Tensor, kernelSize: PerAxis, options: WithIndices): MaxPoolResult;
export function maxPool3d(x: Tensor, kernelSize: PerAxis, options?: MaxPoolOptions & { returnIndices?: false }): Tensor;
export function maxPool3d(x: Tensor, kernelSize: PerAxis, options: MaxPoolOptions = {}): Tensor | MaxPoolResult {
  return maxPool(3, x, kernelSize, options);
}

/** With padding so wide that no window is clipped: then all have one divisor. */
function unclipped(g: PoolGeometry): PoolGeometry {
  const reach = (i: number): number => (g.outSize[i] - 1) * g.stride[i] + g.kernel[i] - g.padLow[i] - g.inSize[i];
  const padHigh = g.padHigh.map((p, i) => Math.max(p, reach(i))) as [number, number, number];
  return internPool({ ...g, padHigh, countIncludePad: true });
}

function avgPool(rank: SpatialRank, x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions): Tensor {
  const divisor = options.divisorOverride ?? null;
  if (divisor !== null && (!Number.isSafeInteger(divisor) || divisor === 0)) {
    throw new ShapeError(
      'avgPool',
      `expected divisorOverride to be a whole number other than 0, got ${String(divisor)}; leave it out for the mean`,
    );
  }
  const { geometry, shape, added } = parse('avgPool', rank, x, kernelSize, { ...options, dilation: 1 });
  const x5 = as5d(x, shape);
  const y = dispatch(avgPoolOp, [x5], { geometry: divisor === null ? geometry : unclipped(geometry) });
  drop(x5, x);
  if (divisor === null) return from5d(y, rank, added);
  const scaled = mul(y, geometry.kernel.reduce((a, b) => a * b, 1) / divisor);
  y.dispose();
  return from5d(scaled, rank, added);
}

/**
 * y[n, c, q] = the mean of the window x[n, c, q * stride - padding + k]; padding is 0 and counts in the divisor unless
 * `countIncludePad` is false. What `ceilMode` adds beyond the padding never counts. With `divisorOverride` it is the
 * window's sum divided by that number (which PyTorch has in 2-D and 3-D only).
 *
 * Shapes, defaults and errors as `maxPool1d`, without dilation; `ShapeError` for a `divisorOverride` of 0. Source: torch.nn.functional.avg_pool1d.
 */
export function avgPool1d(x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions = {}): Tensor {
  return avgPool(1, x, kernelSize, options);
}

/** `avgPool1d` over [height, width]. Source: torch.nn.functional.avg_pool2d. */
export function avgPool2d(x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions = {}): Tensor {
  return avgPool(2, x, kernelSize, options);
}

/** `avgPool1d` over [depth, height, width]. Source: torch.nn.functional.avg_pool3d. */
export function avgPool3d(x: Tensor, kernelSize: PerAxis, options: AvgPoolOptions = {}): Tensor {
  return avgPool(3, x, kernelSize, options);
}
