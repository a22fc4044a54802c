import {
  type ActivationKind,
  type ConvFamily,
  type ConvGeometry,
  contiguousStrides,
  type HostArray,
  type TensorRef,
} from '@konv/core-tensor';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { unaryKernels } from './elementwise.js';
import type { Memory } from './memory.js';
import { copyElements } from '../strided.js';
import type { Work } from './work.js';

/** Height and width of the convolution that tfjs is asked for. */
export interface Plane {
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Before and after. */
  readonly height: readonly [number, number];
  readonly width: readonly [number, number];
}

export const toNHWC = [0, 2, 3, 1];
export const toNCHW = [0, 3, 1, 2];

/** Runs tfjs's forward convolution: x `[batch, height, width, in]`, filter `[height, width, in, out]`. */
export function forward(
  work: Pick<Work, 'call'>,
  kernel: string,
  x: TensorInfo,
  filter: TensorInfo,
  bias: TensorInfo | null,
  p: Plane,
): TensorInfo {
  const pad = [[0, 0], [...p.height], [...p.width], [0, 0]];
  const attrs = { strides: [...p.strides], dilations: [...p.dilations], pad, dataFormat: 'NHWC', activation: 'linear' };
  return work.call(kernel, bias === null ? { x, filter } : { x, filter, bias }, attrs);
}

export const isDepthwise = (g: ConvGeometry): boolean => g.groups === g.inChannels && g.groups > 1;

/**
 * What tfjs's two-dimensional kernels can be asked: rank 1 and 2, without groups. Forward also with one group a channel,
 * and with as many outputs as fit, of which a transposed convolution's gradient may want fewer. The input gradient at
 * stride 1: elsewhere most of what `convGradInput` multiplies would be zeros.
 *
 * The rest is decomposed into matrix products, which are tfjs's again. (Its 3-D kernels are plain loops.)
 */
export function supportsConv(family: ConvFamily, g: ConvGeometry): boolean {
  const flat = g.inSize[0] === 1 && g.kernel[0] === 1 && g.padLow[0] === 0 && g.padHigh[0] === 0;
  if (!flat || (g.groups !== 1 && !(family === 'conv' && servesDepthwise(g)))) return false;
  if (family === 'conv') return fills(g, 1) && fills(g, 2);
  if (family !== 'convGradInput') return true;
  return ([1, 2] as const).every((axis) => g.stride[axis] === 1 && framePadding(g, axis).every((n) => n >= 0));
}

/** tfjs's depthwise kernels take a stride or a dilation, not both. */
function servesDepthwise(g: ConvGeometry): boolean {
  return isDepthwise(g) && [g.stride, g.dilation].some((steps) => steps[1] === 1 && steps[2] === 1);
}

/** The convolution as konv means it. */
export const planeOf = (g: ConvGeometry): Plane => ({
  strides: [g.stride[1], g.stride[2]],
  dilations: [g.dilation[1], g.dilation[2]],
  height: [g.padLow[1], g.padHigh[1]],
  width: [g.padLow[2], g.padHigh[2]],
});

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
    const y = forward(work, depthwise ? 'FusedDepthwiseConv2D' : 'FusedConv2D', image, filter, bias && work.lend(bias), planeOf(g));
    const ours = work.transpose(y, toNCHW);
    work.store(activation === null ? ours : activate(work, activation, ours), out);
  });
}

/** The zeros around dy in the convolution that is dx; negative where padding has cut off what the kernel reached. */
export function framePadding(g: ConvGeometry, axis: 1 | 2): [number, number] {
  const reach = g.dilation[axis] * (g.kernel[axis] - 1);
  const low = reach - g.padLow[axis];
  return [low, g.inSize[axis] + reach - low - g.outSize[axis]];
}

/**
 * dx at stride 1 is the convolution of dy, among zeros, with the kernel turned by 180 degrees and its channels swapped.
 * tfjs's own `Conv2DBackpropInput` is a plain loop, ten times as slow.
 */
export function convGradInput(memory: Memory, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  const [, kh, kw] = g.kernel;
  const [, oh, ow] = g.outSize;
  memory.arrays(weight);
  memory.work((work) => {
    const filter = work.scratch('float32', [kh, kw, g.outChannels, g.inChannels], (to) => turnKernel(memory.values(weight), weight, g, to));
    const image = work.transpose(work.lend(dy, [g.batch, g.outChannels, oh, ow]), toNHWC);
    const dx = forward(work, 'FusedConv2D', image, filter, null, {
      strides: [1, 1],
      dilations: [g.dilation[1], g.dilation[2]],
      height: framePadding(g, 1),
      width: framePadding(g, 2),
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
  copyElements(from, turned, to, { offset: 0, strides: contiguousStrides(shape) }, shape);
}

/** What `convGradWeight` asks for: stride and dilation change places. */
export function filterGradPlane(g: ConvGeometry): Plane {
  const padHigh = (axis: 1 | 2): number =>
    Math.max(0, g.dilation[axis] * (g.kernel[axis] - 1) + g.stride[axis] * (g.outSize[axis] - 1) + 1 - g.inSize[axis] - g.padLow[axis]);
  return {
    strides: [g.dilation[1], g.dilation[2]],
    dilations: [g.stride[1], g.stride[2]],
    height: [g.padLow[1], padHigh(1)],
    width: [g.padLow[2], padHigh(2)],
  };
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
  memory.work((work) => {
    const images = work.transpose(work.lend(x, [g.batch, g.inChannels, height, width]), [1, 2, 3, 0]);
    const filter = work.transpose(work.lend(dy, [g.batch, g.outChannels, oh, ow]), [2, 3, 0, 1]);
    const dw = forward(work, 'FusedConv2D', images, filter, null, filterGradPlane(g));
    const [, rows, columns] = dw.shape;
    const ours = work.scratch('float32', [g.outChannels, g.inChannels, kh, kw], (to) => {
      const shape = [g.outChannels, g.inChannels, kh, kw];
      const theirs = { offset: 0, strides: [1, rows * columns * g.outChannels, columns * g.outChannels, g.outChannels] };
      copyElements(work.values(dw), theirs, to, { offset: 0, strides: contiguousStrides(shape) }, shape);
    });
    work.store(ours, out, accumulate);
  });
}
