import { engine, type NamedAttrMap, type Tensor } from '@tensorflow/tfjs-core';

/**
 * The gradients of a convolution with tfjs's attributes, each computed when it is asked for. The kernels that they run are
 * this package's: tfjs's functions of these names do not pass dilations on.
 */
export function convGradients(
  dy: Tensor,
  x: Tensor,
  filter: Tensor,
  attrs: NamedAttrMap,
  depthwise: boolean,
): { dx: () => Tensor; dfilter: () => Tensor } {
  const { strides, pad, dataFormat, dilations, dimRoundingMode } = attrs;
  const prefix = depthwise ? 'DepthwiseConv2dNative' : 'Conv2D';
  const common = { strides, pad, dimRoundingMode, dilations: dilations ?? 1, ...(depthwise ? {} : { dataFormat }) };
  return {
    dx: () => engine().runKernel(`${prefix}BackpropInput`, { dy, filter }, { ...common, inputShape: x.shape }),
    dfilter: () => engine().runKernel(`${prefix}BackpropFilter`, { x, dy }, { ...common, filterShape: filter.shape }),
  };
}
