import type { Shape } from '@konv/core-tensor';
import { conv, fill } from '@konv/backend-wasm/families';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Call } from '../call.js';
import type { KernelInputs, TrainingKernel } from '../kernel.js';
import { gradFilter, gradInput } from './choose.js';
import { checkGradient, type ConvCase, convCase, isEmpty } from './geometry.js';
import { weightOf } from './planar.js';

const input = ({ inputs }: KernelInputs, name: string): TensorInfo => inputs[name] as TensorInfo;

/** dfilter of x and dy: the sum over all windows. */
function runGradFilter(call: Call, given: KernelInputs, depthwise: boolean): TensorInfo {
  const [x, dy] = [input(given, 'x'), input(given, 'dy')];
  const filterShape = given.attrs['filterShape'] as Shape;
  const c = convCase(x.shape, filterShape, given.attrs, depthwise, dy.shape);
  checkGradient(call.kernel, dy, c);
  const { info, ref } = call.output(filterShape);
  if (isEmpty(c.geometry)) fill(call.engine, 0, ref);
  else gradFilter(c)(call, call.float32(x), call.float32(dy), c, ref);
  return info;
}

/** dx of dy and the filter. */
function runGradInput(call: Call, given: KernelInputs, depthwise: boolean): TensorInfo {
  const [dy, filter] = [input(given, 'dy'), input(given, 'filter')];
  const inShape = given.attrs['inputShape'] as Shape;
  const c = convCase(inShape, filter.shape, given.attrs, depthwise, dy.shape);
  checkGradient(call.kernel, dy, c);
  const { info, ref } = call.output(inShape);
  if (isEmpty(c.geometry)) fill(call.engine, 0, ref);
  else gradInput(c)(call, call.float32(dy), call.float32(filter), c, ref);
  return info;
}

/** y of images `[batch, channels, height, width]`, an order that tfjs's own kernel refuses. */
function runForward(call: Call, given: KernelInputs): TensorInfo {
  const [x, filter] = [input(given, 'x'), input(given, 'filter')];
  const c = convCase(x.shape, filter.shape, given.attrs, false);
  const { info, ref } = call.output(outShapeOf(c));
  if (isEmpty(c.geometry)) fill(call.engine, 0, ref);
  else conv(call.engine, call.float32(x), weightOf(call, call.float32(filter), c.geometry), null, c.geometry, null, ref);
  return info;
}

function outShapeOf({ geometry: g }: ConvCase): Shape {
  return [g.batch, g.outChannels, g.outSize[1], g.outSize[2]];
}

export const convKernels: readonly TrainingKernel[] = [
  { name: 'Conv2DBackpropFilter', run: (call, given) => runGradFilter(call, given, false) },
  { name: 'Conv2DBackpropInput', run: (call, given) => runGradInput(call, given, false) },
  { name: 'DepthwiseConv2dNativeBackpropFilter', run: (call, given) => runGradFilter(call, given, true) },
  { name: 'DepthwiseConv2dNativeBackpropInput', run: (call, given) => runGradInput(call, given, true) },
  { name: 'Conv2D', run: runForward, leaves: ({ attrs }) => attrs['dataFormat'] !== 'NCHW' },
];
