import { sizeOf } from '@konv/core-tensor';
import type { HostArray, TensorRef } from '@konv/core-tensor';
import { dataOf } from './memory.js';

export function writeHost(data: HostArray, out: TensorRef): void {
  const size = sizeOf(out.shape);
  dataOf(out).set(data.length === size ? data : data.subarray(0, size), out.offset);
}

/** A copy: later writes to the buffer do not reach it. */
export function readHost(x: TensorRef): HostArray {
  return dataOf(x).slice(x.offset, x.offset + sizeOf(x.shape));
}
