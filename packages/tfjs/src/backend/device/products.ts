/** Products of matrices and convolutions: tfjs's `BatchMatMul`, `FusedConv2D` and `FusedDepthwiseConv2D`. */
import { type ActivationKind, type ConvGeometry, type MatmulAttrs, sizeOf, type TensorRef } from '@konv/core-tensor';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { filterGradPlane, forward, framePadding, isDepthwise, planeOf, toNCHW, toNHWC } from '../conv.js';
import { exp, tanh } from './functions.js';
import { unaries } from './elementwise.js';
import type { DeviceMemory } from './memory.js';
import type { DeviceWork } from './work.js';

/** Nothing is handed over transposed: what is stored so is transposed first. */
export function matmul(memory: DeviceMemory, a: TensorRef, b: TensorRef, attrs: MatmulAttrs, out: TensorRef): void {
  const [batch, m] = out.shape;
  memory.work((work) => {
    let x = work.load(a, a.shape);
    let y = work.load(b, b.shape);
    if (attrs.transposeA) x = work.transpose(x, [0, 2, 1]);
    if (attrs.transposeB) y = work.transpose(y, [0, 2, 1]);
    // Rows of all batches against one b are one matrix.
    if (y.shape[0] === 1 && x.shape[0] === batch) x = work.reshape(x, [1, batch * m, x.shape[2]]);
    else if (x.shape[0] !== y.shape[0]) [x, y] = [x, y].map((v) => alongBatch(work, v, batch));
    work.store(work.call('BatchMatMul', { a: x, b: y }, { transposeA: false, transposeB: false }), out, attrs.accumulate);
  });
}

function alongBatch(work: DeviceWork, x: TensorInfo, batch: number): TensorInfo {
  return x.shape[0] === batch ? x : work.call('Tile', { x }, { reps: [batch, 1, 1] });
}

function activate(work: DeviceWork, kind: ActivationKind, x: TensorInfo): TensorInfo {
  if (kind === 'relu') return (unaries.relu as NonNullable<typeof unaries.relu>)(work, x);
  return kind === 'tanh' ? tanh(work, x) : work.two('RealDiv', 1, work.add(exp(work, work.mul(x, -1)), 1));
}

export function conv(
  memory: DeviceMemory,
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
    const image = work.transpose(work.load(x, [g.batch, g.inChannels, height, width]), toNHWC);
    const filter = depthwise
      ? work.transpose(work.load(weight, [g.inChannels, g.outChannels / g.groups, kh, kw]), [2, 3, 0, 1])
      : work.transpose(work.load(weight, [g.outChannels, g.inChannels, kh, kw]), [2, 3, 1, 0]);
    const kernel = depthwise ? 'FusedDepthwiseConv2D' : 'FusedConv2D';
    const y = work.transpose(forward(work, kernel, image, filter, bias && work.load(bias), planeOf(g)), toNCHW);
    const flat = work.reshape(y, [sizeOf(y.shape)]);
    work.store(activation === null ? flat : activate(work, activation, flat), out);
  });
}

/** dx at stride 1 is the convolution of dy, among zeros, with the kernel turned by 180 degrees and its channels swapped. */
export function convGradInput(memory: DeviceMemory, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  const [, kh, kw] = g.kernel;
  const [, oh, ow] = g.outSize;
  memory.work((work) => {
    const filter = work.transpose(work.load(weight, [g.outChannels, g.inChannels, kh, kw]), [2, 3, 0, 1]);
    const turned = kh * kw === 1 ? filter : work.call('Reverse', { x: filter }, { dims: [0, 1] });
    const image = work.transpose(work.load(dy, [g.batch, g.outChannels, oh, ow]), toNHWC);
    const dx = forward(work, 'FusedConv2D', image, turned, null, {
      strides: [1, 1],
      dilations: [g.dilation[1], g.dilation[2]],
      height: framePadding(g, 1),
      width: framePadding(g, 2),
    });
    work.store(work.transpose(dx, toNCHW), out);
  });
}

/** dw is the convolution of x by dy, with batch and channels in each other's place (`filterGradPlane`). */
export function convGradWeight(
  memory: DeviceMemory,
  x: TensorRef,
  dy: TensorRef,
  g: ConvGeometry,
  accumulate: boolean,
  out: TensorRef,
): void {
  const [, height, width] = g.inSize;
  const [, oh, ow] = g.outSize;
  const [, kh, kw] = g.kernel;
  memory.work((work) => {
    const images = work.transpose(work.load(x, [g.batch, g.inChannels, height, width]), [1, 2, 3, 0]);
    const filter = work.transpose(work.load(dy, [g.batch, g.outChannels, oh, ow]), [2, 3, 0, 1]);
    const dw = forward(work, 'FusedConv2D', images, filter, null, filterGradPlane(g));
    const ours = work.slice(dw, [0, 0, 0, 0], [g.inChannels, kh, kw, g.outChannels]);
    work.store(work.transpose(ours, [3, 0, 1, 2]), out, accumulate);
  });
}
