import { BackendError, type ConvGeometry, internConv, type Shape } from '@konv/core-tensor';
import { backend_util, type NamedAttrMap, type TensorInfo } from '@tensorflow/tfjs-core';

type Attrs4 = [number, number, number, number];
type Pad = Parameters<typeof backend_util.computeConv2DInfo>[4];
type Rounding = Parameters<typeof backend_util.computeConv2DInfo>[5];

/** A convolution as tfjs describes it. */
export interface ConvCase {
  readonly geometry: ConvGeometry;
  /** Channels behind the pixels, `[batch, height, width, channels]`, tfjs's default, or before them. */
  readonly channelsLast: boolean;
  readonly inShape: Shape;
  /** `[kernelHeight, kernelWidth, inChannels, outChannels]`, depthwise `[.., .., inChannels, multiplier]`. */
  readonly filterShape: Shape;
}

/**
 * The geometry of a 2-D convolution with tfjs's attributes: `strides`, `pad` ('same', 'valid', a number, or explicit),
 * `dataFormat`, `dimRoundingMode`, and, beyond what tfjs passes to its gradients, `dilations`.
 *
 * The output's size is that of `outShape`, where it is known: gradients in tfjs's core forget `dimRoundingMode`.
 */
export function convCase(inShape: Shape, filterShape: Shape, attrs: NamedAttrMap, depthwise: boolean, outShape?: Shape): ConvCase {
  const format = (attrs['dataFormat'] as 'NHWC' | 'NCHW' | undefined) ?? 'NHWC';
  const info = backend_util.computeConv2DInfo(
    inShape as Attrs4,
    filterShape as Attrs4,
    attrs['strides'] as number,
    (attrs['dilations'] as number | undefined) ?? 1,
    attrs['pad'] as Pad,
    attrs['dimRoundingMode'] as Rounding,
    depthwise,
    backend_util.convertConv2DDataFormat(format),
  );
  const channelsLast = format === 'NHWC';
  const [outHeight, outWidth] = outShape ? sizeOfImage(outShape, channelsLast) : [info.outHeight, info.outWidth];
  const { top, left, bottom, right } = info.padInfo;
  const geometry = internConv({
    rank: 2,
    batch: info.batchSize,
    inChannels: info.inChannels,
    outChannels: info.outChannels,
    groups: depthwise ? info.inChannels : 1,
    inSize: [1, info.inHeight, info.inWidth],
    outSize: [1, outHeight, outWidth],
    kernel: [1, info.filterHeight, info.filterWidth],
    stride: [1, info.strideHeight, info.strideWidth],
    dilation: [1, info.dilationHeight, info.dilationWidth],
    padLow: [0, top, left],
    padHigh: [0, bottom, right],
  });
  return { geometry, channelsLast, inShape, filterShape };
}

function sizeOfImage(shape: Shape, channelsLast: boolean): [number, number] {
  return channelsLast ? [shape[1], shape[2]] : [shape[2], shape[3]];
}

/** Errors: `BackendError` where dy's batch or channels are not the convolution's. */
export function checkGradient(kernel: string, dy: TensorInfo, { geometry: g, channelsLast }: ConvCase): void {
  const channels = dy.shape[channelsLast ? 3 : 1];
  if (dy.shape.length === 4 && dy.shape[0] === g.batch && channels === g.outChannels) return;
  throw new BackendError(
    kernel,
    `expected dy of 4 axes with batch ${g.batch} and ${g.outChannels} channels, got [${dy.shape}]; pass the gradient of this convolution's output`,
  );
}

/** Whether a convolution has nothing to sum over, so that its gradients are zeros or empty. */
export function isEmpty(g: ConvGeometry): boolean {
  return g.batch * g.inChannels * g.outChannels * g.kernel[1] * g.kernel[2] * area(g.inSize) * area(g.outSize) === 0;
}

export function area(size: ConvGeometry['inSize']): number {
  return size[1] * size[2];
}
