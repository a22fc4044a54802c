import { type NamedAttrMap, getKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Call } from '../call.js';
import { epilogueOf, finish } from '../epilogue.js';
import type { KernelInputs } from '../kernel.js';
import { fitsXnnpack } from './xnnpack.js';

/** The inputs of `FusedConv2D` and `FusedDepthwiseConv2D`. */
interface FusedInputs {
  readonly x: TensorInfo;
  readonly filter: TensorInfo;
  readonly bias?: TensorInfo;
  readonly preluActivationWeights?: TensorInfo;
}

const inputsOf = ({ inputs }: KernelInputs): FusedInputs => inputs as unknown as FusedInputs;

/** Whether tfjs's own fused kernel does it: channels last, and a bias or slopes for each channel. It refuses the rest, or writes out of bounds. */
export function isPlainFused(given: KernelInputs, depthwise: boolean): boolean {
  const { filter, bias, preluActivationWeights } = inputsOf(given);
  const channels = depthwise ? filter.shape[2] * filter.shape[3] : filter.shape[3];
  const ofChannels = (x: TensorInfo | undefined | null): boolean => !x || (x.shape.length === 1 && x.shape[0] === channels);
  const plain = given.attrs['dataFormat'] !== 'NCHW' && ofChannels(bias) && ofChannels(preluActivationWeights);
  return plain && fitsXnnpack(given, depthwise);
}

/** The convolution by the kernel that is registered for it, then bias and activation of any shape, in place. */
export function runFused(call: Call, given: KernelInputs, depthwise: boolean): TensorInfo {
  const { x, filter } = inputsOf(given);
  const { attrs } = given;
  const out = call.adopted(convolve(call, depthwise ? 'DepthwiseConv2dNative' : 'Conv2D', { x, filter }, attrs));
  finish(call, out.ref, epilogueOf(given), attrs['dataFormat'] === 'NCHW' ? 1 : 3);
  return out.info;
}

function convolve(call: Call, name: string, inputs: { x: TensorInfo; filter: TensorInfo }, attrs: NamedAttrMap): TensorInfo {
  const { strides, pad, dataFormat, dilations, dimRoundingMode } = attrs;
  const own = { strides, pad, dataFormat, dilations, dimRoundingMode };
  return getKernel(name, 'wasm').kernelFunc({ inputs, backend: call.backend, attrs: own }) as TensorInfo;
}
