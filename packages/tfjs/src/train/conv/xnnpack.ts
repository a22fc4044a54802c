import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelInputs } from '../kernel.js';
import { type ConvCase, convCase, isEmpty } from './geometry.js';

/** The geometry of a call of `Conv2D` or `DepthwiseConv2dNative`, or of what is fused with them. */
export function forwardCase({ inputs, attrs }: KernelInputs, depthwise: boolean): ConvCase {
  const [x, filter] = [inputs['x'] as TensorInfo, inputs['filter'] as TensorInfo];
  // tfjs's depthwise kernels know one order of axes on every backend, whatever the attribute says.
  return convCase(x.shape, filter.shape, depthwise ? { ...attrs, dataFormat: 'NHWC' } : attrs, depthwise);
}

/**
 * Whether tfjs's own kernel writes exactly its output. XNNPACK computes floor((in + padLow + padHigh - reach) / stride) + 1
 * positions of an axis, reach = (kernel - 1) dilation + 1. tfjs makes room for another number where `dimRoundingMode` is 'ceil'
 * or 'round', and where `pad` is a number and the axes differ in kernel or stride: it takes those of the height for both. More
 * positions than room overwrite what lies behind, fewer leave the end unwritten. XNNPACK refuses sizes of 0, silently,
 * and likewise 'same' where the windows, at a stride beyond the filter, do not reach the end of the image.
 */
export function fitsXnnpack(given: KernelInputs, depthwise: boolean): boolean {
  const { geometry: g, channelsLast } = forwardCase(given, depthwise);
  if (!channelsLast || isEmpty(g)) return false;
  return g.inSize.every((size, axis) => {
    const room = size + g.padLow[axis] + g.padHigh[axis] - ((g.kernel[axis] - 1) * g.dilation[axis] + 1);
    const padded = g.padLow[axis] >= 0 && g.padHigh[axis] >= 0;
    const reaches = given.attrs['pad'] !== 'same' || room <= (g.outSize[axis] - 1) * g.stride[axis];
    return padded && reaches && room >= 0 && Math.floor(room / g.stride[axis]) + 1 === g.outSize[axis];
  });
}
