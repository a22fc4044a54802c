import type { Shape } from '@konv/core-tensor';
import { addressOf, fill } from '@konv/backend-wasm/families';
import type { NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { Call } from './call.js';
import type { KernelInputs, TrainingKernel } from './kernel.js';

/** The input position that each output position reads, as tfjs's forward kernel has it. */
function positions(inSize: number, outSize: number, attrs: NamedAttrMap): Int32Array {
  const corners = attrs['alignCorners'] === true;
  const half = attrs['halfPixelCenters'] === true ? 0.5 : 0;
  const step = corners && outSize > 1 ? (inSize - 1) / (outSize - 1) : inSize / outSize;
  return Int32Array.from({ length: outSize }, (_, i) => {
    const at = step * (i + half);
    return Math.max(0, Math.min(inSize - 1, corners ? Math.round(at) : Math.floor(at)));
  });
}

/**
 * The adjoint of nearest neighbours: each element of dy `[batch, outHeight, outWidth, channels]` is added where it was read
 * in images `[batch, height, width, channels]`. tfjs-wasm's own kernel overlooks `halfPixelCenters`. (tfjs-cpu's is wrong at
 * most sizes: it is no reference for tests.)
 */
function run(call: Call, { inputs, attrs }: KernelInputs): TensorInfo {
  const images = inputs['images'] as TensorInfo;
  const dy = call.float32(inputs['dy'] as TensorInfo);
  const { info, ref } = call.output(images.shape);
  fill(call.engine, 0, ref);
  const [batch, height, width, channels] = images.shape as Shape;
  const [, outHeight, outWidth] = dy.shape;
  const rows = positions(height, outHeight, attrs);
  const columns = positions(width, outWidth, attrs);
  const { f32 } = call.engine.heap;
  const to = addressOf(ref) / 4;
  let from = addressOf(dy) / 4;
  for (let n = 0; n < batch; n++)
    for (let y = 0; y < outHeight; y++)
      for (let x = 0; x < outWidth; x++) {
        const at = to + ((n * height + rows[y]) * width + columns[x]) * channels;
        for (let c = 0; c < channels; c++) f32[at + c] += f32[from++];
      }
  return info;
}

export const resizeKernels: readonly TrainingKernel[] = [
  { name: 'ResizeNearestNeighborGrad', run, leaves: ({ attrs }) => attrs['halfPixelCenters'] !== true },
];
