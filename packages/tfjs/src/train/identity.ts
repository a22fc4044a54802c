import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Call } from './call.js';
import type { TrainingKernel } from './kernel.js';

/** x's own memory under another handle, counted: tfjs writes into no tensor, and frees memory with its last handle. */
export function shared(call: Call, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  call.backend.incRef(dataId);
  return { dataId, shape, dtype };
}

/**
 * `tf.clone`, which tfjs's tape calls for every tensor that a gradient will need. tfjs-wasm copies; and its check for leaks,
 * which specs switch on, takes such a copy for one.
 */
export const identityKernels: readonly TrainingKernel[] = [
  {
    name: 'Identity',
    run: (call, { inputs }) => shared(call, inputs['x'] as TensorInfo),
    // Strings are not on the heap.
    leaves: ({ inputs }) => (inputs['x'] as TensorInfo).dtype === 'string',
  },
];
