import { type Shape, sizeOf, type TensorRef } from '@konv/core-tensor';
import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { SharedDType } from '../dtypes.js';
import type { Memory } from './memory.js';

/** One kernel of konv on tfjs's kernels: what it borrows and makes in between, all given back at its end. */
export class Work {
  private readonly lent: TensorInfo[] = [];
  /** Results in between, by their blocks. */
  private readonly made = new Map<object, TensorInfo>();

  constructor(private readonly memory: Memory) {}

  /** A contiguous ref, in any shape of as many elements. */
  lend(ref: TensorRef, shape: Shape = ref.shape): TensorInfo {
    const info = this.memory.lend(ref, shape);
    this.lent.push(info);
    return info;
  }

  call(kernel: string, inputs: NamedTensorInfoMap, attrs: NamedAttrMap = {}): TensorInfo {
    const info = this.memory.engine.call(kernel, inputs, attrs);
    this.made.set(info.dataId, info);
    return info;
  }

  /** A tensor that the host writes: `fill` gets its elements, uninitialised. */
  scratch(dtype: SharedDType, shape: Shape, fill: (values: ReturnType<Work['values']>) => void): TensorInfo {
    const dataId = this.memory.engine.allocate(dtype, sizeOf(shape));
    const info: TensorInfo = { dataId, dtype, shape: [...shape] };
    this.made.set(dataId, info);
    fill(this.values(info));
    return info;
  }

  /** The elements of a result in between. */
  values(info: TensorInfo): ReturnType<Memory['values']> {
    return this.memory.engine.values(info.dataId, info.dtype as SharedDType, sizeOf(info.shape));
  }

  /** x with its axes in the order `perm`. Where that moves nothing, x itself under another shape: tfjs would copy the handle. */
  transpose(x: TensorInfo, perm: readonly number[]): TensorInfo {
    const shape = perm.map((axis) => x.shape[axis]);
    const moved = perm.filter((axis) => x.shape[axis] !== 1);
    if (moved.every((axis, i) => i === 0 || moved[i - 1] < axis)) return { ...x, shape };
    return this.call('Transpose', { x }, { perm: [...perm] });
  }

  /** Writes a result into the contiguous `out`, or adds it to what is there. */
  store(result: TensorInfo, out: TensorRef, accumulate = false): void {
    if (!accumulate && this.memory.isWhole(out) && this.made.delete(result.dataId)) {
      this.memory.replace(out, result.dataId);
      return;
    }
    const to = this.memory.values(out);
    const from = this.values(result);
    if (!accumulate) to.set(from, out.offset);
    else for (let i = 0; i < from.length; i++) to[out.offset + i] += from[i];
  }

  end(): void {
    for (const info of this.lent) this.memory.engine.giveBack(info);
    for (const dataId of this.made.keys()) this.memory.engine.free(dataId);
  }
}
