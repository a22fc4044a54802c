import { BackendError, type ConvGeometry, fromSpatial, internConv, type Shape, toSpatial } from '@konv/core-tensor';
import { backend_util, type NamedAttrMap, type TensorInfo } from '@tensorflow/tfjs-core';

type Info2 = Parameters<typeof backend_util.computeConv2DInfo>;
type Info3 = Parameters<typeof backend_util.computeConv3DInfo>;

/** A convolution as tfjs describes it. */
export interface ConvCase {
  readonly geometry: ConvGeometry;
  /** Channels behind the pixels, `[batch, height, width, channels]`, tfjs's default, or before them. */
  readonly channelsLast: boolean;
}

/**
 * The geometry of a convolution in two dimensions with tfjs's attributes: `strides`, `pad` ('same', 'valid', a number, or
 * explicit), `dataFormat`, `dimRoundingMode`, and, beyond what tfjs passes to its gradients, `dilations`.
 *
 * The output's size is that of `outShape`, where it is known: gradients in tfjs's core forget `dimRoundingMode`.
 *
 * @param filterShape `[kernelHeight, kernelWidth, inChannels, outChannels]`, depthwise `[.., .., inChannels, multiplier]`
 */
export function convCase(inShape: Shape, filterShape: Shape, attrs: NamedAttrMap, depthwise: boolean, outShape?: Shape): ConvCase {
  const format = (attrs['dataFormat'] as 'NHWC' | 'NCHW' | undefined) ?? 'NHWC';
  const info = backend_util.computeConv2DInfo(
    inShape as Info2[0],
    filterShape as Info2[1],
    attrs['strides'] as Info2[2],
    (attrs['dilations'] as Info2[3] | undefined) ?? 1,
    attrs['pad'] as Info2[4],
    attrs['dimRoundingMode'] as Info2[5],
    depthwise,
    backend_util.convertConv2DDataFormat(format),
  );
  const channelsLast = format === 'NHWC';
  const { top, left, bottom, right } = info.padInfo;
  const outSize = outShape ? spatialOf(outShape, channelsLast) : [info.outHeight, info.outWidth].map((size) => size || 0); // -0
  const geometry = internConv({
    rank: 2,
    batch: info.batchSize,
    inChannels: info.inChannels,
    outChannels: info.outChannels,
    groups: depthwise ? info.inChannels : 1,
    inSize: toSpatial([info.inHeight, info.inWidth], 1),
    outSize: toSpatial(outSize, 1),
    kernel: toSpatial([info.filterHeight, info.filterWidth], 1),
    stride: toSpatial([info.strideHeight, info.strideWidth], 1),
    dilation: toSpatial([info.dilationHeight, info.dilationWidth], 1),
    padLow: toSpatial([top, left], 0),
    padHigh: toSpatial([bottom, right], 0),
  });
  return { geometry, channelsLast };
}

/** As `convCase`, in three dimensions: `[batch, depth, height, width, channels]`, with `strides` and `pad`. */
export function conv3DCase(inShape: Shape, filterShape: Shape, attrs: NamedAttrMap, outShape: Shape): ConvCase {
  const info = backend_util.computeConv3DInfo(
    inShape as Info3[0],
    filterShape as Info3[1],
    attrs['strides'] as Info3[2],
    (attrs['dilations'] as Info3[3] | undefined) ?? 1,
    attrs['pad'] as Info3[4],
  );
  const { front, top, left, back, bottom, right } = info.padInfo;
  const geometry = internConv({
    rank: 3,
    batch: info.batchSize,
    inChannels: info.inChannels,
    outChannels: info.outChannels,
    groups: 1,
    inSize: [info.inDepth, info.inHeight, info.inWidth],
    outSize: toSpatial(spatialOf(outShape, true), 1),
    kernel: [info.filterDepth, info.filterHeight, info.filterWidth],
    stride: [info.strideDepth, info.strideHeight, info.strideWidth],
    dilation: [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    padLow: [front, top, left],
    padHigh: [back, bottom, right],
  });
  return { geometry, channelsLast: true };
}

/** The sizes of an image's own axes. */
function spatialOf(shape: Shape, channelsLast: boolean): Shape {
  return channelsLast ? shape.slice(1, -1) : shape.slice(2);
}

/** The shape of a convolution's images of `channels` channels. */
export function imageShape({ geometry: g, channelsLast }: ConvCase, size: ConvGeometry['inSize'], channels: number): Shape {
  const own = fromSpatial(size, g.rank);
  return channelsLast ? [g.batch, ...own, channels] : [g.batch, channels, ...own];
}

/** Errors: `BackendError` where dy's batch or channels are not the convolution's. */
export function checkGradient(kernel: string, dy: TensorInfo, { geometry: g, channelsLast }: ConvCase): void {
  const channels = dy.shape[channelsLast ? g.rank + 1 : 1];
  if (dy.shape.length === g.rank + 2 && dy.shape[0] === g.batch && channels === g.outChannels) return;
  throw new BackendError(
    kernel,
    `expected dy of ${g.rank + 2} axes with batch ${g.batch} and ${g.outChannels} channels, got [${dy.shape}]; pass the gradient of this convolution's output`,
  );
}

/** Whether a convolution has nothing to sum over, so that its gradients are zeros or empty. */
export function isEmpty(g: ConvGeometry): boolean {
  return g.batch * g.inChannels * g.outChannels * volume(g.kernel) * volume(g.inSize) * volume(g.outSize) === 0;
}

export function volume(size: ConvGeometry['inSize']): number {
  return size[0] * size[1] * size[2];
}
