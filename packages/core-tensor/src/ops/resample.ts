import type { ResampleKind, TensorRef } from '../backend.js';
import { dispatch } from '../dispatch.js';
import { ShapeError } from '../errors.js';
import { internResample, type ResampleGeometry, toSpatial } from '../geometry.js';
import { sameShape, showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d } from './adaptive-pool.js';
import { defineOp, type Op } from './define-op.js';
import { drop, replacing, tidy } from './handles.js';
import { clone } from './movement.js';
import { checkCount, checkFloat, checkNotFlat, type PerAxis, perAxis, type SpatialRank } from './spatial.js';
import { resampleAxes } from './resample-axes.js';
import { reshape } from './view.js';

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

export type InterpolateMode = 'nearest' | 'nearest-exact' | 'linear' | 'bilinear' | 'trilinear' | 'bicubic' | 'area';

export interface InterpolateOptions {
  /** Of the result, one number or one an axis. Either this or `scaleFactor`. */
  size?: PerAxis | null;
  /** The result has floor(size * scaleFactor) elements. */
  scaleFactor?: number | readonly number[] | null;
  /** 'nearest' by default; 'linear' takes one spatial axis, 'bilinear' and 'bicubic' two, 'trilinear' three. */
  mode?: InterpolateMode;
  /** Corners map to corners; default false: areas map to areas. For the linear modes and 'bicubic'. */
  alignCorners?: boolean | null;
  /** Take the ratio of the sizes as the step, not 1 / scaleFactor; default false. */
  recomputeScaleFactor?: boolean | null;
}

/** How many spatial axes a mode takes; null: 1 to 3. */
const spatialRanks: Readonly<Record<InterpolateMode, SpatialRank | null>> = {
  nearest: null,
  'nearest-exact': null,
  area: null,
  linear: 1,
  bilinear: 2,
  bicubic: 2,
  trilinear: 3,
};
const resampleKinds: Readonly<Record<InterpolateMode, 'nearest' | 'nearest-exact' | 'linear' | 'cubic' | 'area'>> = {
  nearest: 'nearest',
  'nearest-exact': 'nearest-exact',
  area: 'area',
  linear: 'linear',
  bilinear: 'linear',
  trilinear: 'linear',
  bicubic: 'cubic',
};

function parseFactors(value: number | readonly number[], rank: SpatialRank): number[] {
  const list = typeof value === 'number' ? new Array<number>(rank).fill(value) : value;
  if (Array.isArray(list) && list.length === rank && list.every((v) => Number.isFinite(v) && v > 0)) return list.slice();
  throw new ShapeError('interpolate', `expected scaleFactor to be a number > 0 or ${rank} of them, got ${String(value)}`);
}

function parseRank(x: Tensor, mode: InterpolateMode, alignCorners: boolean): SpatialRank {
  checkFloat('interpolate', 'input', x);
  const rank = (x.rank - 2) as SpatialRank;
  if (!Object.hasOwn(spatialRanks, mode)) {
    throw new ShapeError('interpolate', `expected mode '${Object.keys(spatialRanks).join("', '")}', got '${String(mode)}'`);
  }
  const wanted = spatialRanks[mode];
  if (rank < 1 || rank > 3 || (wanted !== null && wanted !== rank)) {
    throw new ShapeError(
      'interpolate',
      `expected input [batch, channels, ...] with ${wanted ?? '1 to 3'} spatial axes for mode '${mode}', got ${showShape(x.shape)}`,
    );
  }
  if (wanted === null && alignCorners)
    throw new ShapeError('interpolate', `expected alignCorners with a linear mode or 'bicubic', got '${mode}'; leave it out`);
  return rank;
}

/**
 * x at another resolution, axis by axis. y[q] is, with in and out the sizes of the axis:
 * - nearest: x[floor(q in / out)]; nearest-exact: x[floor((q + 1/2) in / out)];
 * - linear, bilinear, trilinear: between the two neighbours of (q + 1/2) in / out - 1/2 (clipped to x), or of
 *   q (in - 1) / (out - 1) under `alignCorners`;
 * - bicubic: the cubic convolution with a = -3/4 of the four around that position (the edge repeats);
 * - area: the mean over [floor(q in / out), ceil((q + 1) in / out)).
 *
 * x [batch, channels, *spatial] with 1 to 3 spatial axes -> [batch, channels, *size], size = floor(spatial * scaleFactor).
 * With `scaleFactor` the step is 1 / scaleFactor, as in PyTorch, also where that is not the ratio of the sizes, unless
 * `recomputeScaleFactor`. A linear or nearest axis that keeps its size is copied. Errors: `ShapeError` for both or neither of size and
 * scaleFactor, a wrong rank or mode; `DTypeError` unless float. Source: torch.nn.functional.interpolate.
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  const op = 'interpolate';
  const { size = null, scaleFactor = null, mode = 'nearest' } = options;
  const alignCorners = options.alignCorners ?? false;
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
  const kind = resampleKinds[mode];
  if (kind === 'area') return [adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d][rank - 1](x, outSize);
  const geometry = internResample({
    rank,
    planes: x.shape[0] * x.shape[1],
    inSize: toSpatial(inSize, 1),
    outSize: toSpatial(outSize, 1),
    alignCorners,
  });
  const flat = reshape(x, [geometry.planes, ...geometry.inSize]);
  // The factor's own step where it is not the ratio of the sizes.
  const own = !alignCorners && options.recomputeScaleFactor !== true ? factors : null;
  const steps = toSpatial(own?.map((f) => 1 / f) ?? inSize.map((n, i) => n / outSize[i]), 1);
  const odd = own?.some((f, i) => inSize[i] !== outSize[i] && inSize[i] * f !== outSize[i]) === true;
  const y =
    (kind === 'nearest' || kind === 'linear') && (!odd || x.size === 0)
      ? dispatch(resampleOp, [flat], { kind, geometry, adjoint: false })
      : tidy(() => {
          const made = resampleAxes(flat, kind, geometry, steps, false);
          return made === flat ? clone(flat) : made;
        });
  drop(flat, x, y);
  return replacing(y, reshape(y, shape));
}
