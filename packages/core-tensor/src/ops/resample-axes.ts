/** Resampling as differentiable ops, one axis after the other. */
import { fromHost, full } from '../creation.js';
import { dispatch } from '../dispatch.js';
import { hostArray } from '../dtype.js';
import type { ResampleGeometry } from '../geometry.js';
import type { Tensor } from '../tensor.js';
import { add, lt, mul, sub } from './binary.js';
import { scatterAddOp } from './gather.js';
import { along, pick } from './pick.js';
import { where } from './where.js';

/** 'nearest' and 'linear' are kernels where a backend has them; the others are always composed. */
export type AxisKind = 'nearest' | 'nearest-exact' | 'linear' | 'cubic';

/** Where each output position stands between the elements of an axis: at `low + share`. */
interface AxisTable {
  readonly low: Int32Array;
  readonly share: Float64Array;
}

/**
 * PyTorch's positions: nearest: floor(i scale), in float32 whatever the dtype (nearest-exact: of i + 1/2). Otherwise,
 * corners aligned: i (in - 1) / (out - 1); areas aligned: (i + 1/2) scale - 1/2 (linear: at least 0), in the tensor's own
 * precision.
 */
function axisTable(kind: AxisKind, inSize: number, outSize: number, scale: number, alignCorners: boolean, single: boolean): AxisTable {
  const low = new Int32Array(outSize);
  const share = new Float64Array(outSize);
  const nearest = kind === 'nearest' || kind === 'nearest-exact';
  const round = single || nearest ? Math.fround : Number;
  const corners = alignCorners && !nearest;
  const step = round(corners ? (outSize > 1 ? (inSize - 1) / (outSize - 1) : 0) : scale);
  for (let i = 0; i < outSize; i++) {
    let at = round((kind === 'nearest-exact' || (!nearest && !corners) ? i + 0.5 : i) * step);
    if (!nearest && !corners) at = round(at - 0.5);
    if (kind === 'linear') at = Math.max(0, at);
    const floor = Math.floor(at);
    low[i] = kind === 'cubic' ? floor : Math.min(floor, inSize - 1);
    share[i] = nearest ? 0 : Math.min(1, round(at - low[i]));
  }
  return { low, share };
}

/**
 * Every axis whose size changes; x itself where none does. `scales`: elements of x for one of y. As in PyTorch, the modes
 * that are always composed also move along an axis that keeps its size, where the scale is not 1.
 */
export function resampleAxes(x: Tensor, kind: AxisKind, g: ResampleGeometry, scales: readonly number[], adjoint: boolean): Tensor {
  let y = x;
  for (let axis = 0; axis < 3; axis++) {
    const [inSize, outSize] = [g.inSize[axis], g.outSize[axis]];
    const still = kind === 'nearest' || kind === 'linear' || g.alignCorners || scales[axis] === 1;
    if (inSize === outSize && still) continue;
    const table = axisTable(kind, inSize, outSize, scales[axis], g.alignCorners, x.dtype === 'float32');
    if (adjoint) y = spread(y, axis + 1, inSize, table, kind);
    else y = kind === 'cubic' ? cubic(y, axis + 1, table) : blend(y, axis + 1, table, kind);
  }
  return y;
}

/** One weight for each position of `axis`, to multiply x with. */
function weights(x: Tensor, axis: number, values: Float64Array): Tensor {
  const data = hostArray(x.dtype, values.length);
  data.set(values);
  return fromHost(
    x.device,
    data,
    x.shape.map((_, i) => (i === axis ? values.length : 1)),
    x.dtype,
  );
}

function after(low: Int32Array, offset: number, size: number): Int32Array {
  return low.map((i) => Math.min(size - 1, Math.max(0, i + offset)));
}

function blend(x: Tensor, axis: number, { low, share }: AxisTable, kind: AxisKind): Tensor {
  const lower = pick(x, axis, low);
  if (kind !== 'linear') return lower;
  const upper = pick(x, axis, after(low, 1, x.shape[axis]));
  const weight = weights(x, axis, share);
  // An element of no weight is left out altogether: 0 times infinity would be NaN.
  return add(mul(lower, sub(1, weight)), where(lt(0, weight), mul(upper, weight), 0));
}

function spread(dy: Tensor, axis: number, inSize: number, { low, share }: AxisTable, kind: AxisKind): Tensor {
  const shape = dy.shape.map((d, i) => (i === axis ? inSize : d));
  const zeros = full(shape, 0, { dtype: dy.dtype, backend: dy.backend });
  if (kind !== 'linear') return dispatch(scatterAddOp, [zeros, along(dy, axis, low), dy], { axis });
  const weight = weights(dy, axis, share);
  const lower = dispatch(scatterAddOp, [zeros, along(dy, axis, low), mul(dy, sub(1, weight))], { axis });
  const upper = where(lt(0, weight), mul(dy, weight), 0);
  return dispatch(scatterAddOp, [lower, along(dy, axis, after(low, 1, inSize)), upper], { axis });
}

const A = -0.75;
/** Keys' cubic at a distance t of 0 to 1, and of 1 to 2. */
const near = (t: number): number => ((A + 2) * t - (A + 3)) * t * t + 1;
const far = (t: number): number => ((A * t - 5 * A) * t + 8 * A) * t - 4 * A;
/** The weights of the elements at low - 1, low, low + 1, low + 2. */
const taps: readonly ((share: number) => number)[] = [(t) => far(t + 1), near, (t) => near(1 - t), (t) => far(2 - t)];

function cubic(x: Tensor, axis: number, { low, share }: AxisTable): Tensor {
  const terms = taps.map((tap, k) => mul(pick(x, axis, after(low, k - 1, x.shape[axis])), weights(x, axis, share.map(tap))));
  return terms.reduce((y, term) => add(y, term));
}
