import { BackendError, sizeOf } from '@konv/core-tensor';
import { addressOf, fill } from '@konv/backend-wasm/families';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Call } from './call.js';
import type { KernelInputs, TrainingKernel } from './kernel.js';

/**
 * out[segmentIds[i], ...] += x[i, ...]: what `tf.gather`, and so an embedding, is trained by. tfjs-wasm has no kernel of it.
 *
 * x `[rows, ...rest]`; `segmentIds` int32 `[rows]`; out float32 `[numSegments, ...rest]`, summed in x's order. Ids that are no
 * segment's add nothing, as on tfjs-cpu. NaN stays in its segment; on tfjs-cpu, which multiplies by 0, it is in all.
 *
 * Errors: `BackendError` where there is not one id for each row.
 */
function run(call: Call, { inputs, attrs }: KernelInputs): TensorInfo {
  const x = inputs['x'] as TensorInfo;
  const segmentIds = inputs['segmentIds'] as TensorInfo;
  const count = attrs['numSegments'] as number;
  if (x.shape.length < 1 || segmentIds.shape.length !== 1 || segmentIds.shape[0] !== x.shape[0] || segmentIds.dtype !== 'int32') {
    throw new BackendError(
      'UnsortedSegmentSum',
      `expected int32 ids [${x.shape[0]}] of x's rows, got ${segmentIds.dtype} [${segmentIds.shape}]; pass an id for each row`,
    );
  }
  const from = call.float32(x);
  const at = call.operand(segmentIds);
  const rest = x.shape.slice(1);
  const { info, ref } = call.output([count, ...rest]);
  fill(call.engine, 0, ref);
  const width = sizeOf(rest);
  const { f32, i32 } = call.engine.heap;
  const [source, target, id] = [addressOf(from) / 4, addressOf(ref) / 4, addressOf(at) / 4];
  for (let i = 0; i < x.shape[0]; i++) {
    const segment = i32[id + i];
    if (segment < 0 || segment >= count) continue;
    const to = target + segment * width;
    const row = source + i * width;
    for (let j = 0; j < width; j++) f32[to + j] += f32[row + j];
  }
  return info;
}

export const segmentKernels: readonly TrainingKernel[] = [{ name: 'UnsortedSegmentSum', run }];
