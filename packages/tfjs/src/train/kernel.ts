import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { Call } from './call.js';

/** What a kernel is called with. */
export interface KernelInputs {
  readonly inputs: NamedTensorInfoMap;
  readonly attrs: NamedAttrMap;
}

/** An input that the kernel always has. */
export const input = ({ inputs }: KernelInputs, name: string): TensorInfo => inputs[name] as TensorInfo;

/** A kernel of tfjs's, computed by konv's, or watched. */
export interface TrainingKernel {
  /** tfjs's name of it. */
  readonly name: string;
  /** Computes it; default: tfjs's own kernel does. */
  run?(call: Call, given: KernelInputs): TensorInfo | TensorInfo[];
  /** Calls that tfjs's own kernel serves better, where it has one; default: none. */
  leaves?(given: KernelInputs): boolean;
  /** Called after each call that has succeeded. */
  after?(given: KernelInputs): void;
}
