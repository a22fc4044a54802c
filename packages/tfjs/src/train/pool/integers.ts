import { addressOf } from '@konv/backend-wasm/families';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Call } from '../call.js';
import type { PoolCase } from './geometry.js';

/** Where a pool's integers lie on the heap, as indices of 32-bit elements. */
interface Places {
  readonly from: number;
  readonly maxima: number;
}

/**
 * Maxima of int32 images `[batch, *inSize, channels]`, exact: float32, which the kernels compute in, rounds above 2^24. 0 where
 * a window holds no number, which is what tfjs-cpu's -infinity is as int32. `table` is that of `PoolCase`.
 */
export function integerMaxima(call: Call, x: TensorInfo, c: PoolCase): TensorInfo {
  const from = addressOf(call.operand(x)) / 4;
  const { info, ref } = call.output(c.outShape, 'int32');
  sweep(call.engine.heap.i32, c, { from, maxima: addressOf(ref) / 4 });
  return info;
}

function sweep(i32: Int32Array, c: PoolCase, { from, maxima }: Places): void {
  const { batch, channels, table } = c;
  const [inDepth, inHeight, inWidth] = c.inSize;
  const [outDepth, outHeight, outWidth] = c.outSize;
  const [depths, heights, widths] = [0, 3 * outDepth, 3 * (outDepth + outHeight)];
  let to = maxima;
  for (let n = 0; n < batch; n++)
    for (let d = depths; d < heights; d += 3)
      for (let h = heights; h < widths; h += 3)
        for (let w = widths; w < widths + 3 * outWidth; w += 3)
          for (let channel = 0; channel < channels; channel++) {
            let most = Number.NEGATIVE_INFINITY;
            for (let z = table[d]; z < table[d + 1]; z++)
              for (let y = table[h]; y < table[h + 1]; y++) {
                let at = from + (((n * inDepth + z) * inHeight + y) * inWidth + table[w]) * channels + channel;
                for (let tap = table[w]; tap < table[w + 1]; tap++, at += channels) if (i32[at] > most) most = i32[at];
              }
            i32[to++] = most;
          }
}
