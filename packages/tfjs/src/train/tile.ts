import { contiguousStrides, sizeOf } from '@konv/core-tensor';
import { copyStrided } from '@konv/backend-wasm/families';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { isSharedDType } from '../dtypes.js';
import type { Call } from './call.js';
import type { KernelInputs, TrainingKernel } from './kernel.js';

/**
 * x `[...d]` repeated: y `[...d * reps]`. The gradient of batch normalization tiles a channel's numbers over all pixels, which
 * was a fifth of a training step of a small network by tfjs-wasm's own kernel: it goes element by element.
 */
function run(call: Call, { inputs, attrs }: KernelInputs): TensorInfo {
  const x = call.operand(inputs['x'] as TensorInfo);
  const reps = attrs['reps'] as number[];
  const { info, ref } = call.output(
    x.shape.map((d, axis) => d * reps[axis]),
    x.dtype as 'float32',
  );
  if (sizeOf(ref.shape) === 0) return info;
  // Each axis as two, repetition and position: where it repeats it stands still.
  const shape = x.shape.flatMap((d, axis) => [reps[axis], d]);
  const from = { ...x, shape, strides: x.strides.flatMap((step) => [0, step]) };
  copyStrided(call.engine, from, { ...ref, shape, strides: contiguousStrides(shape) });
  return info;
}

export const tileKernels: readonly TrainingKernel[] = [
  { name: 'Tile', run, leaves: ({ inputs }) => !isSharedDType(inputs['x']?.dtype as string) },
];
