import type { ResampleKind, TensorRef } from '../backend.js';
import { fromHost, full } from '../creation.js';
import { dispatch } from '../dispatch.js';
import { hostArray } from '../dtype.js';
import { ShapeError } from '../errors.js';
import { internResample, type ResampleGeometry, toSpatial } from '../geometry.js';
import { sameShape, type Shape, showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { add, lt, mul, sub } from './binary.js';
import { defineOp, type Op } from './define-op.js';
import { gatherOp, scatterAddOp } from './gather.js';
import { drop, replacing } from './handles.js';
import { clone } from './movement.js';
import { checkCount, checkFloat, checkNotFlat, type PerAxis, perAxis, type SpatialRank } from './spatial.js';
import { expand, reshape } from './view.js';
import { where } from './where.js';

interface ResampleAttrs {
  readonly kind: ResampleKind;
  readonly geometry: ResampleGeometry;
  readonly adjoint: boolean;
}

/** (x [planes, *inSize]) -> y [planes, *outSize]; the other way round under `adjoint` */
export const resampleOp: Op<ResampleAttrs> = defineOp('resample', {
  family: 'resample',
  infer: ([input], { geometry: g, adjoint }) => {
    const x = input as Tensor;
    checkFloat('resample', 'input', x);
    const from = [g.planes, ...(adjoint ? g.outSize : g.inSize)];
    if (!sameShape(x.shape, from))
      throw new ShapeError('resample', `expected ${showShape(from)} as of the geometry, got ${showShape(x.shape)}`);
    return [{ shape: [g.planes, ...(adjoint ? g.inSize : g.outSize)], dtype: x.dtype }];
  },
  kernel: (backend, [x], attrs, [out]) => backend.resample?.(attrs.kind, x as TensorRef, attrs.geometry, attrs.adjoint, out),
  decompose: ([x], { kind, geometry: g, adjoint }) => {
    const scales = g.inSize.map((size, axis) => size / g.outSize[axis]);
    const y = resampleAxes(x as Tensor, kind, g, scales, adjoint);
    return y === x ? clone(x as Tensor) : y;
  },
});

/** What an output position reads along one axis: `(1 - share) x[low] + share x[high]`. */
interface AxisTable {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly share: Float64Array;
}

/**
 * PyTorch's positions: nearest: floor(i scale), in float32 whatever the dtype. linear, corners aligned:
 * i (in - 1) / (out - 1); areas aligned: max(0, (i + 1/2) scale - 1/2), in the tensor's own precision.
 */
function axisTable(kind: ResampleKind, inSize: number, outSize: number, scale: number, alignCorners: boolean, single: boolean): AxisTable {
  const low = new Int32Array(outSize);
  const high = new Int32Array(outSize);
  const share = new Float64Array(outSize);
  const round = single || kind === 'nearest' ? Math.fround : Number;
  const step = round(kind === 'linear' && alignCorners ? (outSize > 1 ? (inSize - 1) / (outSize - 1) : 0) : scale);
  for (let i = 0; i < outSize; i++) {
    const area = kind === 'linear' && !alignCorners;
    const at = area ? Math.max(0, round(round((i + 0.5) * step) - 0.5)) : round(i * step);
    low[i] = Math.min(Math.floor(at), inSize - 1);
    high[i] = Math.min(low[i] + 1, inSize - 1);
    share[i] = kind === 'linear' ? Math.min(1, round(at - low[i])) : 0;
  }
  return { low, high, share };
}

/** One axis after the other, made of differentiable ops; x itself where no size changes. */
function resampleAxes(x: Tensor, kind: ResampleKind, g: ResampleGeometry, scales: readonly number[], adjoint: boolean): Tensor {
  let y = x;
  for (let axis = 0; axis < 3; axis++) {
    const [inSize, outSize] = [g.inSize[axis], g.outSize[axis]];
    if (inSize === outSize) continue;
    const table = axisTable(kind, inSize, outSize, scales[axis], g.alignCorners, x.dtype === 'float32');
    y = adjoint ? spread(y, axis + 1, inSize, table, kind) : blend(y, axis + 1, table, kind);
  }
  return y;
}

/** Host values along one axis of `shape`, equal along the others. */
function along(like: Tensor, values: Int32Array | Float64Array, shape: Shape, axis: number): Tensor {
  const lined = shape.map((_, i) => (i === axis ? values.length : 1));
  if (values instanceof Int32Array) return expand(fromHost(like.device, values, lined, 'int32'), shape);
  const data = hostArray(like.dtype, values.length);
  data.set(values);
  return fromHost(like.device, data, lined, like.dtype);
}

function blend(x: Tensor, axis: number, { low, high, share }: AxisTable, kind: ResampleKind): Tensor {
  const shape = x.shape.map((d, i) => (i === axis ? low.length : d));
  const lower = dispatch(gatherOp, [x, along(x, low, shape, axis)], { axis });
  if (kind === 'nearest') return lower;
  const upper = dispatch(gatherOp, [x, along(x, high, shape, axis)], { axis });
  const weight = along(x, share, shape, axis);
  // An element of no weight is left out altogether: 0 times infinity would be NaN.
  return add(mul(lower, sub(1, weight)), where(lt(0, weight), mul(upper, weight), 0));
}

function spread(dy: Tensor, axis: number, inSize: number, { low, high, share }: AxisTable, kind: ResampleKind): Tensor {
  const shape = dy.shape.map((d, i) => (i === axis ? inSize : d));
  const zeros = full(shape, 0, { dtype: dy.dtype, backend: dy.backend });
  if (kind === 'nearest') return dispatch(scatterAddOp, [zeros, along(dy, low, dy.shape, axis), dy], { axis });
  const weight = along(dy, share, dy.shape, axis);
  const lower = dispatch(scatterAddOp, [zeros, along(dy, low, dy.shape, axis), mul(dy, sub(1, weight))], { axis });
  const upper = where(lt(0, weight), mul(dy, weight), 0);
  return dispatch(scatterAddOp, [lower, along(dy, high, dy.shape, axis), upper], { axis });
}

export type InterpolateMode = 'nearest' | 'linear' | 'bilinear' | 'trilinear';

export interface InterpolateOptions {
  /** Of the result, one number or one an axis. Either this or `scaleFactor`. */
  size?: PerAxis | null;
  /** The result has floor(size * scaleFactor) elements. */
  scaleFactor?: number | readonly number[] | null;
  /** 'nearest' by default; 'linear' takes one spatial axis, 'bilinear' two, 'trilinear' three. */
  mode?: InterpolateMode;
  /** Corners map to corners; default false: areas map to areas. Not for 'nearest'. */
  alignCorners?: boolean;
}

const linearRank: Readonly<Record<string, SpatialRank>> = { linear: 1, bilinear: 2, trilinear: 3 };

function parseFactors(value: number | readonly number[], rank: SpatialRank): number[] {
  const list = typeof value === 'number' ? new Array<number>(rank).fill(value) : value;
  if (Array.isArray(list) && list.length === rank && list.every((v) => Number.isFinite(v) && v > 0)) return list.slice();
  throw new ShapeError('interpolate', `expected scaleFactor to be a number > 0 or ${rank} of them, got ${String(value)}`);
}

function parseRank(x: Tensor, mode: InterpolateMode, alignCorners: boolean): SpatialRank {
  checkFloat('interpolate', 'input', x);
  const rank = (x.rank - 2) as SpatialRank;
  const wanted = linearRank[mode];
  if (mode !== 'nearest' && wanted === undefined) {
    throw new ShapeError('interpolate', `expected mode 'nearest', 'linear', 'bilinear' or 'trilinear', got '${String(mode)}'`);
  }
  if (rank < 1 || rank > 3 || (wanted !== undefined && wanted !== rank)) {
    const axes = wanted === undefined ? '1 to 3' : `${wanted}`;
    throw new ShapeError(
      'interpolate',
      `expected input [batch, channels, ...] with ${axes} spatial axes for mode '${mode}', got ${showShape(x.shape)}`,
    );
  }
  if (mode === 'nearest' && alignCorners)
    throw new ShapeError('interpolate', "expected alignCorners with a linear mode, got 'nearest'; leave it out");
  return rank;
}

/**
 * x at another resolution. nearest: y[q] = x[floor(q in / out)]. linear: between the two neighbours of
 * (q + 1/2) in / out - 1/2 (clipped to x), or of q (in - 1) / (out - 1) under `alignCorners`; axis by axis.
 *
 * x [batch, channels, *spatial] with 1 to 3 spatial axes -> [batch, channels, *size], size = floor(spatial * scaleFactor).
 * With `scaleFactor` the step is 1 / scaleFactor, as in PyTorch, also where that is not the ratio of the sizes.
 * An axis that keeps its size is copied. Errors: `ShapeError` for both or neither of size and scaleFactor, a wrong rank
 * or mode; `DTypeError` unless float. Source: torch.nn.functional.interpolate.
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  const op = 'interpolate';
  const { size = null, scaleFactor = null, mode = 'nearest', alignCorners = false } = options;
  const rank = parseRank(x, mode, alignCorners);
  if ((size === null) === (scaleFactor === null)) {
    throw new ShapeError(op, `expected either size or scaleFactor, got ${size === null ? 'neither' : 'both'}`);
  }
  checkNotFlat(op, x.shape);
  const inSize = x.shape.slice(2);
  const factors = scaleFactor === null ? null : parseFactors(scaleFactor, rank);
  const outSize = factors === null ? perAxis(op, 'size', size as PerAxis, rank, 1) : inSize.map((n, i) => Math.floor(n * factors[i]));
  if (outSize.some((n) => n < 1))
    throw new ShapeError(op, `expected a result of size >= 1, got ${showShape(outSize)} from input ${showShape(x.shape)}`);
  const shape = [x.shape[0], x.shape[1], ...outSize];
  checkCount(op, 'output', shape);
  const kind = mode === 'nearest' ? 'nearest' : 'linear';
  const geometry = internResample({
    rank,
    planes: x.shape[0] * x.shape[1],
    inSize: toSpatial(inSize, 1),
    outSize: toSpatial(outSize, 1),
    alignCorners: kind === 'linear' && alignCorners,
  });
  const flat = reshape(x, [geometry.planes, ...geometry.inSize]);
  const steps = toSpatial(factors?.map((f) => 1 / f) ?? [1], 1);
  // The factor's own step where it is not the ratio of the sizes.
  const own = factors?.some((f, i) => inSize[i] !== outSize[i] && inSize[i] * f !== outSize[i]) === true;
  const y =
    own && !alignCorners && x.size > 0
      ? resampleAxes(flat, kind, geometry, steps, false)
      : dispatch(resampleOp, [flat], { kind, geometry, adjoint: false });
  drop(flat, x, y);
  return replacing(y, reshape(y, shape));
}
