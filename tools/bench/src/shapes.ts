import { type ConvGeometry, internConv } from '@konv/core-tensor';

/** A 2-D convolution with square kernels and images. */
export interface ConvShape {
  name: string;
  batch: number;
  inChannels: number;
  size: number;
  outChannels: number;
  kernel: number;
  stride: number;
  padding: number;
  groups: number;
}

const shape = (
  name: string,
  batch: number,
  inChannels: number,
  size: number,
  outChannels: number,
  kernel: number,
  stride = 1,
  padding = 0,
  groups = 1,
): ConvShape => ({ name, batch, inChannels, size, outChannels, kernel, stride, padding, groups });

export const convShapes: readonly ConvShape[] = [
  shape('LeNet conv1', 64, 1, 28, 6, 5, 1, 2),
  shape('LeNet conv2', 64, 6, 14, 16, 5),
  shape('3x3, 64 ch, 56^2', 8, 64, 56, 64, 3, 1, 1),
  shape('3x3, 128 ch, 28^2', 8, 128, 28, 128, 3, 1, 1),
  shape('1x1, 256 to 64', 8, 256, 28, 64, 1),
  shape('3x3 stride 2', 8, 64, 56, 128, 3, 2, 1),
  shape('7x7 stride 2, 224^2', 8, 3, 224, 64, 7, 2, 3),
  shape('depthwise 3x3', 8, 96, 28, 96, 3, 1, 1, 96),
];

export function outSize(s: ConvShape): number {
  return Math.floor((s.size + 2 * s.padding - s.kernel) / s.stride) + 1;
}

/** Multiplications and additions of one forward pass (each gradient takes as many), in 10^9. */
export function gigaflop(s: ConvShape): number {
  return (2 * s.batch * s.outChannels * outSize(s) ** 2 * (s.inChannels / s.groups) * s.kernel ** 2) / 1e9;
}

export function geometry(s: ConvShape): ConvGeometry {
  const out = outSize(s);
  return internConv({
    rank: 2,
    batch: s.batch,
    inChannels: s.inChannels,
    outChannels: s.outChannels,
    groups: s.groups,
    inSize: [1, s.size, s.size],
    outSize: [1, out, out],
    kernel: [1, s.kernel, s.kernel],
    stride: [1, s.stride, s.stride],
    dilation: [1, 1, 1],
    padLow: [0, s.padding, s.padding],
    padHigh: [0, s.padding, s.padding],
  });
}
