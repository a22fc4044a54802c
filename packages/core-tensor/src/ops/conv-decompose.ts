/**
 * Convolution and its gradients by what every backend has: windows copied to columns (im2col), a matrix product, and
 * columns added back (col2im).
 *
 * With `taps` = inChannels / groups * kernel elements and `places` = batch * output positions,
 *   y  [groups, out / groups, places] = w [groups, out / groups, taps]   columns(x) [groups, taps, places]
 *   dw [groups, out / groups, taps]   = dy [groups, out / groups, places] columns(x)^T
 *   dx = the columns w^T dy, each added where it was read.
 */
import type { ActivationKind } from '../backend.js';
import { full } from '../creation.js';
import { dispatch } from '../dispatch.js';
import type { ConvGeometry } from '../geometry.js';
import type { Tensor } from '../tensor.js';
import { add } from './binary.js';
import type { ConvAttrs } from './catalogue.js';
import { matmulOp } from './matmul.js';
import { cat, clone, contiguous } from './movement.js';
import { unaryOps } from './unary.js';
import { reshape, slice } from './view.js';
import { addTaps, framed, paddedSize, stridedView, tapStrides, unframed, windowStrides } from './windows.js';

/** Columns of more elements than this are made for a part of the batch at a time. */
const MAX_COLUMNS = 2 ** 22;

interface Sizes {
  /** Channels of one group. */
  readonly inPer: number;
  readonly outPer: number;
  readonly kernelSize: number;
  readonly places: number;
}

function sizes(g: ConvGeometry): Sizes {
  return {
    inPer: g.inChannels / g.groups,
    outPer: g.outChannels / g.groups,
    kernelSize: g.kernel[0] * g.kernel[1] * g.kernel[2],
    places: g.outSize[0] * g.outSize[1] * g.outSize[2],
  };
}

/** Ranges of the batch whose columns are of a bearable size. */
function chunks(g: ConvGeometry): [number, number][] {
  const { kernelSize, places } = sizes(g);
  const step = Math.max(1, Math.floor(MAX_COLUMNS / (g.inChannels * kernelSize * places)));
  const out: [number, number][] = [];
  for (let n = 0; n < g.batch; n += step) out.push([n, Math.min(g.batch, n + step)]);
  return out;
}

/** Images `[from, to)` of x as columns `[groups, taps, images * places]`. */
function columns(x: Tensor, g: ConvGeometry, from: number, to: number): Tensor {
  const { inPer, kernelSize, places } = sizes(g);
  const images = to - from;
  const part = images === g.batch ? x : slice(x, [from, to]);
  const frame = framed(part, g, 0);
  const [ns, cs] = frame.ref.strides;
  const view = stridedView(
    frame,
    [g.groups, inPer, ...g.kernel, images, ...g.outSize],
    [inPer * cs, cs, ...tapStrides(frame, g), ns, ...windowStrides(frame, g)],
    frame.ref.offset,
  );
  return reshape(clone(view), [g.groups, inPer * kernelSize, images * places]);
}

/** Images `[from, to)` of y-shaped values as `[groups, outPer, images * places]`. */
function rows(y: Tensor, g: ConvGeometry, from: number, to: number): Tensor {
  const { outPer, places } = sizes(g);
  const images = to - from;
  const part = reshape(images === g.batch ? y : slice(y, [from, to]), [images, g.groups, outPer, places]);
  return reshape(part.permute([1, 2, 0, 3]), [g.groups, outPer, images * places]);
}

/** The activation of a fused op, as an op of its own. */
export function activate(y: Tensor, activation: ActivationKind | null): Tensor {
  return activation === null ? y : dispatch(unaryOps[activation], [y], null);
}

const plain = { transposeA: false, transposeB: false };

export function decomposeConv(x: Tensor, weight: Tensor, bias: Tensor | null, { geometry: g, activation }: ConvAttrs): Tensor {
  const { inPer, outPer, kernelSize, places } = sizes(g);
  const w = reshape(weight, [g.groups, outPer, inPer * kernelSize]);
  const parts = chunks(g).map(([from, to]) => {
    const cols = columns(x, g, from, to);
    const product = dispatch(matmulOp, [w, cols], plain);
    cols.dispose();
    const y = reshape(product, [g.groups, outPer, to - from, places]).permute([2, 0, 1, 3]);
    return reshape(y, [to - from, g.outChannels, ...g.outSize]);
  });
  const whole = parts.length === 1 ? parts[0] : cat(parts, 0);
  const biased = bias === null ? whole : add(whole, reshape(bias, [1, g.outChannels, 1, 1, 1]));
  return activate(biased, activation);
}

export function decomposeConvGradInput(dy: Tensor, weight: Tensor, g: ConvGeometry): Tensor {
  const { inPer, outPer, kernelSize } = sizes(g);
  const w = reshape(weight, [g.groups, outPer, inPer * kernelSize]);
  const parts = chunks(g).map(([from, to]) => {
    const images = to - from;
    const cols = dispatch(matmulOp, [w, rows(dy, g, from, to)], { transposeA: true, transposeB: false });
    const byTap = reshape(cols, [g.groups, inPer, kernelSize, images, ...g.outSize]);
    const [, cs, ks, ns, ...qs] = byTap.ref.strides;
    const frame = full([images, g.inChannels, ...paddedSize(g)], 0, { dtype: dy.dtype, backend: dy.backend });
    // The channels of all groups lie one behind the other, so one stride leads through them.
    const strides = [ns, cs, ...qs];
    addTaps(frame, g, (tap) => stridedView(byTap, [images, g.inChannels, ...g.outSize], strides, byTap.ref.offset + tap * ks));
    byTap.dispose();
    cols.dispose();
    return contiguous(unframed(frame, g));
  });
  return parts.length === 1 ? parts[0] : cat(parts, 0);
}

export function decomposeConvGradWeight(x: Tensor, dy: Tensor, g: ConvGeometry): Tensor {
  const { inPer } = sizes(g);
  let total: Tensor | null = null;
  for (const [from, to] of chunks(g)) {
    const cols = columns(x, g, from, to);
    const part = dispatch(matmulOp, [rows(dy, g, from, to), cols], { transposeA: false, transposeB: true });
    cols.dispose();
    total = total === null ? part : add(total, part);
  }
  return reshape(total as Tensor, [g.outChannels, inPer, ...g.kernel]);
}
