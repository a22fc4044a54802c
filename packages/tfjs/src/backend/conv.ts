import type { ActivationKind, ConvFamily, ConvGeometry, HostArray, TensorRef } from '@konv/core-tensor';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { unaryKernels } from './elementwise.js';
import { copyElements } from './loops.js';
import type { Memory } from './memory.js';
import { rowMajor } from './strided.js';
import type { Work } from './work.js';

/** Height and width of the convolution that tfjs is asked for. */
interface Plane {
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Before and after. */
  readonly height: readonly [number, number];
  readonly width: readonly [number, number];
}

const toNHWC = [0, 2, 3, 1];
const toNCHW = [0, 3, 1, 2];

/** Runs tfjs's forward convolution: x `[batch, height, width, in]`, filter `[height, width, in, out]`. */
function forward(work: Work, kernel: string, x: TensorInfo, filter: TensorInfo, bias: TensorInfo | null, p: Plane): TensorInfo {
  const pad = [[0, 0], [...p.height], [...p.width], [0, 0]];
  const attrs = { strides: [...p.strides], dilations: [...p.dilations], pad, dataFormat: 'NHWC', activation: 'linear' };
  return work.call(kernel, bias === null ? { x, filter } : { x, filter, bias }, attrs);
}

const isDepthwise = (g: ConvGeometry): boolean => g.groups === g.inChannels && g.groups > 1;

/**
 * What tfjs's two-dimensional kernels can be asked: rank 1 and 2, without groups; forward also with one group a channel,
 * and as many outputs as fit, of which a transposed convolution's gradient may want fewer.
 * The rest is decomposed into matrix products, which are tfjs's again. (Its 3-D kernels are plain loops.)
 */
export function supportsConv(family: ConvFamily, g: ConvGeometry): boolean {
  const flat = g.inSize[0] === 1 && g.kernel[0] === 1 && g.padLow[0] === 0 && g.padHigh[0] === 0;
  if (family === 'conv') return flat && (g.groups === 1 || isDepthwise(g)) && fills(g, 1) && fills(g, 2);
  return flat && g.groups === 1;
}

/** Whether no further window would fit along the axis. */
function fills(g: ConvGeometry, axis: 1 | 2): boolean {
  const reach = g.dilation[axis] * (g.kernel[axis] - 1);
  return g.outSize[axis] * g.stride[axis] + reach >= g.inSize[axis] + g.padLow[axis] + g.padHigh[axis];
}

/** Relu and tanh are kernels of tfjs's, sigmoid is made of such: its own is 0 already where the true value is 1e-38. */
function activate(work: Work, kind: ActivationKind, x: TensorInfo): TensorInfo {
  if (kind !== 'sigmoid') return work.call(unaryKernels[kind] as string, { x });
  const one = work.scratch('float32', [], (values) => values.fill(1));
  const power = work.call('Exp', { x: work.call('Neg', { x }) });
  return work.call('RealDiv', { a: one, b: work.call('Add', { a: power, b: one }) });
}

/** x and the weight are put into tfjs's order of axes, and the result into ours. The activation is a kernel of its own: fused, it loses NaN. */
export function conv(
  memory: Memory,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  g: ConvGeometry,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  const [, height, width] = g.inSize;
  const [, kh, kw] = g.kernel;
  const depthwise = isDepthwise(g);
  memory.work((work) => {
    const image = work.transpose(work.lend(x, [g.batch, g.inChannels, height, width]), toNHWC);
    const filter = depthwise
      ? work.transpose(work.lend(weight, [g.inChannels, g.outChannels / g.groups, kh, kw]), [2, 3, 0, 1])
      : work.transpose(work.lend(weight, [g.outChannels, g.inChannels, kh, kw]), [2, 3, 1, 0]);
    const y = forward(work, depthwise ? 'FusedDepthwiseConv2D' : 'FusedConv2D', image, filter, bias && work.lend(bias), {
      strides: [g.stride[1], g.stride[2]],
      dilations: [g.dilation[1], g.dilation[2]],
      height: [g.padLow[1], g.padHigh[1]],
      width: [g.padLow[2], g.padHigh[2]],
    });
    const ours = work.transpose(y, toNCHW);
    work.store(activation === null ? ours : activate(work, activation, ours), out);
  });
}

/** One axis of the input gradient as a convolution: how dy stands in its frame. */
interface FrameAxis {
  /** dx's size and what the kernel reaches beyond it. */
  readonly size: number;
  /** Where dy's first element stands; negative where padding has cut it off. */
  readonly low: number;
  /** Distance of dy's elements. */
  readonly stride: number;
  /** The elements of dy that stand within. */
  readonly from: number;
  readonly to: number;
}

function frameAxis(g: ConvGeometry, axis: 1 | 2): FrameAxis {
  const reach = g.dilation[axis] * (g.kernel[axis] - 1);
  const size = g.inSize[axis] + reach;
  const low = reach - g.padLow[axis];
  const stride = g.stride[axis];
  const from = Math.max(0, Math.ceil(-low / stride));
  const to = Math.min(g.outSize[axis], Math.floor((size - 1 - low) / stride) + 1);
  return { size, low, stride, from, to };
}

/**
 * dx is the convolution of dy, its elements `stride` apart among zeros, with the kernel turned by 180 degrees and its
 * channels swapped. tfjs's own `Conv2DBackpropInput` is a plain loop, 10 to 15 times as slow.
 */
export function convGradInput(memory: Memory, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  const [, kh, kw] = g.kernel;
  const [, oh, ow] = g.outSize;
  const rows = frameAxis(g, 1);
  const columns = frameAxis(g, 2);
  memory.arrays(dy, weight);
  memory.work((work) => {
    const filter = work.scratch('float32', [kh, kw, g.outChannels, g.inChannels], (to) => turnKernel(memory.values(weight), weight, g, to));
    let frame: TensorInfo;
    let padding: Pick<Plane, 'height' | 'width'>;
    if ([rows, columns].every((a, i) => a.stride === 1 && a.low >= 0 && a.size - a.low >= g.outSize[i === 0 ? 1 : 2])) {
      frame = work.transpose(work.lend(dy, [g.batch, g.outChannels, oh, ow]), toNHWC);
      padding = { height: [rows.low, rows.size - rows.low - oh], width: [columns.low, columns.size - columns.low - ow] };
    } else {
      frame = work.scratch('float32', [g.batch, rows.size, columns.size, g.outChannels], (to) =>
        spread(memory.values(dy), dy, g, rows, columns, to),
      );
      padding = { height: [0, 0], width: [0, 0] };
    }
    const dx = forward(work, 'FusedConv2D', frame, filter, null, {
      strides: [1, 1],
      dilations: [g.dilation[1], g.dilation[2]],
      ...padding,
    });
    work.store(work.transpose(dx, toNCHW), out);
  });
}

/** `[out, in, height, width]` to `[height, width, out, in]`, height and width backwards. */
function turnKernel(from: HostArray, weight: TensorRef, g: ConvGeometry, to: HostArray): void {
  const [, kh, kw] = g.kernel;
  const plane = kh * kw;
  const turned = { offset: weight.offset + plane - 1, strides: [-kw, -1, g.inChannels * plane, plane] };
  const shape = [kh, kw, g.outChannels, g.inChannels];
  copyElements(from, turned, to, { offset: 0, strides: rowMajor(shape) }, shape);
}

/** dy `[batch, out, height, width]` into its frame `[batch, height, width, out]` of zeros. */
function spread(from: HostArray, dy: TensorRef, g: ConvGeometry, rows: FrameAxis, columns: FrameAxis, to: HostArray): void {
  const [, oh, ow] = g.outSize;
  const channels = g.outChannels;
  const line = columns.size * channels;
  to.fill(0);
  const [height, width] = [rows.to - rows.from, columns.to - columns.from];
  if (height <= 0 || width <= 0) return;
  copyElements(
    from,
    { offset: dy.offset + rows.from * ow + columns.from, strides: [channels * oh * ow, ow, 1, oh * ow] },
    to,
    {
      offset: (rows.low + rows.from * rows.stride) * line + (columns.low + columns.from * columns.stride) * channels,
      strides: [rows.size * line, rows.stride * line, columns.stride * channels, 1],
    },
    [g.batch, height, width, channels],
  );
}

/**
 * dw[o, c, k] = sum over n, q of dy[n, o, q] x[n, c, q * stride - padLow + k * dilation]: again a convolution, of x by dy.
 * The batch is the channels that are summed over, x's channels are the batch, and stride and dilation change places. tfjs's
 * wasm has no `Conv2DBackpropFilter`.
 *
 * Input that no window reached makes rows of the result beyond the kernel, which are left out.
 */
export function convGradWeight(memory: Memory, x: TensorRef, dy: TensorRef, g: ConvGeometry, accumulate: boolean, out: TensorRef): void {
  const [, height, width] = g.inSize;
  const [, oh, ow] = g.outSize;
  const [, kh, kw] = g.kernel;
  const padHigh = (axis: 1 | 2): number =>
    Math.max(0, g.dilation[axis] * (g.kernel[axis] - 1) + g.stride[axis] * (g.outSize[axis] - 1) + 1 - g.inSize[axis] - g.padLow[axis]);
  memory.work((work) => {
    const images = work.transpose(work.lend(x, [g.batch, g.inChannels, height, width]), [1, 2, 3, 0]);
    const filter = work.transpose(work.lend(dy, [g.batch, g.outChannels, oh, ow]), [2, 3, 0, 1]);
    const dw = forward(work, 'FusedConv2D', images, filter, null, {
      strides: [g.dilation[1], g.dilation[2]],
      dilations: [g.stride[1], g.stride[2]],
      height: [g.padLow[1], padHigh(1)],
      width: [g.padLow[2], padHigh(2)],
    });
    const [, rows, columns] = dw.shape;
    const ours = work.scratch('float32', [g.outChannels, g.inChannels, kh, kw], (to) => {
      const shape = [g.outChannels, g.inChannels, kh, kw];
      const theirs = { offset: 0, strides: [1, rows * columns * g.outChannels, columns * g.outChannels, g.outChannels] };
      copyElements(work.values(dw), theirs, to, { offset: 0, strides: rowMajor(shape) }, shape);
    });
    work.store(ours, out, accumulate);
  });
}
