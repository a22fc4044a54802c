import { BackendError, type Shape } from '@konv/core-tensor';
import { backend_util, type NamedAttrMap } from '@tensorflow/tfjs-core';

type Info2 = Parameters<typeof backend_util.computePool2DInfo>;
type Info3 = Parameters<typeof backend_util.computePool3DInfo>;

/** Sizes of depth, height and width; in two dimensions the depth is 1. */
type Sizes = readonly [number, number, number];

/** A pool as tfjs describes it, of images `[batch, *inSize, channels]`. */
export interface PoolCase {
  readonly batch: number;
  readonly channels: number;
  readonly inSize: Sizes;
  readonly outSize: Sizes;
  readonly outShape: Shape;
  /** The windows, for the kernels: see assembly/nn/windows.ts. */
  readonly table: Int32Array;
  /** Elements of a window. */
  readonly window: number;
  /** Windows of one element that leave the shape as it is: tfjs takes the result for the input itself, whatever the stride. */
  readonly isIdentity: boolean;
}

/** What tfjs's infos of two and of three dimensions have in common; a missing axis is one element long. */
interface Axes {
  readonly inSize: Sizes;
  readonly outSize: Sizes;
  readonly kernel: Sizes;
  readonly stride: Sizes;
  readonly padLow: Sizes;
}

/**
 * The windows of a pool in `rank` dimensions with tfjs's attributes: `filterSize`, `strides`, `pad` ('same', 'valid', a
 * number, or explicit), `dimRoundingMode`. The output's size is that of `outShape`, where it is known: gradients in tfjs's core
 * forget `dimRoundingMode`.
 *
 * Errors: `BackendError` for images whose channels do not stand last.
 */
export function poolCase(kernel: string, rank: 2 | 3, inShape: Shape, attrs: NamedAttrMap, outShape?: Shape): PoolCase {
  const format = attrs['dataFormat'];
  if (inShape.length !== rank + 2 || (typeof format === 'string' && !format.endsWith('C'))) {
    throw new BackendError(
      kernel,
      `expected images of ${rank + 2} axes whose channels stand last, got [${inShape}] as ${format ?? 'NHWC'}; transpose them first`,
    );
  }
  const { axes, shape } = rank === 2 ? axes2(inShape, attrs) : axes3(inShape, attrs);
  const own = outShape ?? shape;
  const outSize = [rank === 2 ? 1 : own[1], own[rank - 1], own[rank]] as const;
  return {
    batch: inShape[0],
    channels: inShape[rank + 1],
    inSize: axes.inSize,
    outSize,
    outShape: own,
    table: Int32Array.from(([0, 1, 2] as const).flatMap((axis) => windowsOf({ ...axes, outSize }, axis))),
    window: axes.kernel[0] * axes.kernel[1] * axes.kernel[2],
    isIdentity: axes.kernel.every((k) => k === 1) && shape.every((size, i) => size === inShape[i]),
  };
}

function axes2(inShape: Shape, attrs: NamedAttrMap): { axes: Axes; shape: Shape } {
  const info = backend_util.computePool2DInfo(
    inShape as Info2[0],
    attrs['filterSize'] as Info2[1],
    attrs['strides'] as Info2[2],
    1,
    attrs['pad'] as Info2[4],
    attrs['dimRoundingMode'] as Info2[5],
  );
  const axes: Axes = {
    inSize: [1, info.inHeight, info.inWidth],
    outSize: [1, info.outHeight, info.outWidth],
    kernel: [1, info.filterHeight, info.filterWidth],
    stride: [1, info.strideHeight, info.strideWidth],
    padLow: [0, info.padInfo.top, info.padInfo.left],
  };
  return { axes, shape: info.outShape };
}

function axes3(inShape: Shape, attrs: NamedAttrMap): { axes: Axes; shape: Shape } {
  const info = backend_util.computePool3DInfo(
    inShape as Info3[0],
    attrs['filterSize'] as Info3[1],
    attrs['strides'] as Info3[2],
    1,
    attrs['pad'] as Info3[4],
    attrs['dimRoundingMode'] as Info3[5],
  );
  const axes: Axes = {
    inSize: [info.inDepth, info.inHeight, info.inWidth],
    outSize: [info.outDepth, info.outHeight, info.outWidth],
    kernel: [info.filterDepth, info.filterHeight, info.filterWidth],
    stride: [info.strideDepth, info.strideHeight, info.strideWidth],
    padLow: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
  };
  return { axes, shape: info.outShape };
}

/** For each output position of an axis: first tap inside of the input, end of the taps, and their number. */
function windowsOf(g: Axes, axis: 0 | 1 | 2): number[] {
  return Array.from({ length: g.outSize[axis] }, (_, i) => {
    const low = i * g.stride[axis] - g.padLow[axis];
    const first = Math.min(Math.max(0, low), g.inSize[axis]);
    const end = Math.max(first, Math.min(low + g.kernel[axis], g.inSize[axis]));
    return [first, end, end - first];
  }).flat();
}
