import { BackendError, type Shape } from '@konv/core-tensor';
import { fill } from '@konv/backend-wasm/families';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Call } from '../call.js';
import { input, type KernelInputs, type TrainingKernel } from '../kernel.js';
import { gradFilter, gradInput } from './choose.js';
import { checkGradient, type ConvCase, conv3DCase, convCase, imageShape, isEmpty } from './geometry.js';
import { forwardPlanar } from './planar.js';
import { fitsXnnpack, forwardCase } from './xnnpack.js';

type Kind = 'dense' | 'depthwise' | '3-D';

function caseOf(kind: Kind, inShape: Shape, filterShape: Shape, dy: TensorInfo, { attrs }: KernelInputs): ConvCase {
  return kind === '3-D'
    ? conv3DCase(inShape, filterShape, attrs, dy.shape)
    : convCase(inShape, filterShape, attrs, kind === 'depthwise', dy.shape);
}

/** dfilter of x and dy: the sum over all windows. */
function gradFilterKernel(name: string, kind: Kind): TrainingKernel {
  const run = (call: Call, given: KernelInputs): TensorInfo => {
    const [x, dy] = [input(given, 'x'), input(given, 'dy')];
    const filterShape = given.attrs['filterShape'] as Shape;
    const c = caseOf(kind, x.shape, filterShape, dy, given);
    checkGradient(name, dy, c);
    const { info, ref } = call.output(filterShape);
    if (isEmpty(c.geometry)) fill(call.engine, 0, ref);
    else gradFilter(c)(call, call.float32(x), call.float32(dy), c, ref);
    return info;
  };
  return { name, run };
}

/** dx of dy and the filter. */
function gradInputKernel(name: string, kind: Kind): TrainingKernel {
  const run = (call: Call, given: KernelInputs): TensorInfo => {
    const [dy, filter] = [input(given, 'dy'), input(given, 'filter')];
    const inShape = given.attrs['inputShape'] as Shape;
    const c = caseOf(kind, inShape, filter.shape, dy, given);
    checkGradient(name, dy, c);
    const { info, ref } = call.output(inShape);
    if (isEmpty(c.geometry)) fill(call.engine, 0, ref);
    else gradInput(c)(call, call.float32(dy), call.float32(filter), c, ref);
    return info;
  };
  return { name, run };
}

/**
 * Whether dy has another size than this convolution's output, rounded either way. `tf.conv2dTranspose` takes such a one
 * with an `outputShape` that does not belong to it; tfjs's own kernel computes something of it.
 */
function isForeign(given: KernelInputs): boolean {
  const { shape } = input(given, 'dy');
  const filterShape = input(given, 'filter').shape;
  const inShape = given.attrs['inputShape'] as Shape;
  const sizeOf = (dimRoundingMode: string): Shape => {
    const c = convCase(inShape, filterShape, { ...given.attrs, dimRoundingMode }, false);
    return imageShape(c, c.geometry.outSize, c.geometry.outChannels);
  };
  const [low, high] = [sizeOf('floor'), sizeOf('ceil')];
  const own = given.attrs['dataFormat'] === 'NCHW' ? [2, 3] : [1, 2];
  return shape.length === 4 && own.some((axis) => shape[axis] !== low[axis] && shape[axis] !== high[axis]);
}

/** y of what tfjs's own kernel refuses, which is channels that stand first, or would write out of bounds for. */
function forwardKernel(name: string, depthwise: boolean): TrainingKernel {
  const run = (call: Call, given: KernelInputs): TensorInfo => {
    const [x, filter] = [input(given, 'x'), input(given, 'filter')];
    const c = forwardCase(given, depthwise);
    const { geometry: g } = c;
    const shape = imageShape(c, g.outSize, g.outChannels);
    if (shape.some((size) => size < 0)) {
      throw new BackendError(name, `expected images at least as large as the filter, got an output of [${shape}]; pad them`);
    }
    const { info, ref } = call.output(shape);
    if (isEmpty(g)) fill(call.engine, 0, ref);
    else forwardPlanar(call, call.float32(x), call.float32(filter), c, ref);
    return info;
  };
  return { name, run, leaves: (given) => fitsXnnpack(given, depthwise) };
}

export const convKernels: readonly TrainingKernel[] = [
  gradFilterKernel('Conv2DBackpropFilter', 'dense'),
  { ...gradInputKernel('Conv2DBackpropInput', 'dense'), leaves: isForeign },
  gradFilterKernel('DepthwiseConv2dNativeBackpropFilter', 'depthwise'),
  gradInputKernel('DepthwiseConv2dNativeBackpropInput', 'depthwise'),
  // tfjs-wasm's own of these are wrong, the one by the input always, the other at a stride.
  gradFilterKernel('Conv3DBackpropFilterV2', '3-D'),
  gradInputKernel('Conv3DBackpropInputV2', '3-D'),
  forwardKernel('Conv2D', false),
  forwardKernel('DepthwiseConv2dNative', true),
];
