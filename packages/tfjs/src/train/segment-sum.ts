import { BackendError } from '@konv/core-tensor';
import { addressOf, fill } from '@konv/backend-wasm/families';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Call } from './call.js';
import type { KernelInputs, TrainingKernel } from './kernel.js';

/**
 * out[segmentIds[i], ...] += x[i, ...]: what `tf.gather`, and so an embedding, is trained by. tfjs-wasm has no kernel of it.
 *
 * x `[rows, ...rest]`; `segmentIds` int32 `[rows]`, or with more of x's axes, where each element of these has an id of its
 * own; out float32 `[numSegments, ...rest]`, summed in x's order. Ids that are no segment's add nothing, as on tfjs-cpu.
 *
 * Errors: `BackendError` where the ids' axes are not x's first ones.
 */
function run(call: Call, { inputs, attrs }: KernelInputs): TensorInfo {
  const x = inputs['x'] as TensorInfo;
  const segmentIds = inputs['segmentIds'] as TensorInfo;
  const count = attrs['numSegments'] as number;
  const axes = segmentIds.shape.length;
  if (axes < 1 || axes > x.shape.length || segmentIds.shape.some((size, i) => size !== x.shape[i]) || segmentIds.dtype !== 'int32') {
    throw new BackendError(
      'UnsortedSegmentSum',
      `expected int32 ids of x's first axes [${x.shape}], got ${segmentIds.dtype} [${segmentIds.shape}]; pass an id for each row of x`,
    );
  }
  const from = call.float32(x);
  const at = call.operand(segmentIds);
  const { info, ref } = call.output([count, ...x.shape.slice(1)]);
  fill(call.engine, 0, ref);
  const product = (shape: number[]): number => shape.reduce((n, size) => n * size, 1);
  const ids = product(segmentIds.shape);
  const width = product(x.shape.slice(axes));
  const idsInRow = product(segmentIds.shape.slice(1));
  const { f32, i32 } = call.engine.heap;
  const [source, target, id] = [addressOf(from) / 4, addressOf(ref) / 4, addressOf(at) / 4];
  for (let i = 0; i < ids; i++) {
    const segment = i32[id + i];
    if (segment < 0 || segment >= count) continue;
    const to = target + (segment * idsInRow + (i % idsInRow)) * width;
    const row = source + i * width;
    for (let j = 0; j < width; j++) f32[to + j] += f32[row + j];
  }
  return info;
}

export const segmentKernels: readonly TrainingKernel[] = [{ name: 'UnsortedSegmentSum', run }];
