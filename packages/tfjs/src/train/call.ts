import { BackendError, byteSize, type Shape, sizeOf, type TensorRef } from '@konv/core-tensor';
import { addressOf, cast, copyStrided, isContiguous, operandAt } from '@konv/backend-wasm/families';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { isSharedDType, type SharedDType } from '../dtypes.js';
import type { TrainingEngine } from './engines.js';

/** A result: tfjs's handle, and where kernels write it. */
export interface Output {
  readonly info: TensorInfo;
  readonly ref: TensorRef;
}

/**
 * One call of a kernel: tfjs's tensors as operands of konv's families, and memory in between, which is given back when the
 * call ends, however it ends. An output outlives it, but for a call that throws.
 */
export class Call {
  readonly #blocks: number[] = [];
  readonly #outputs: TensorInfo[] = [];

  constructor(
    /** The kernel's name, for errors. */
    readonly kernel: string,
    readonly engine: TrainingEngine,
    readonly backend: BackendWasm,
  ) {}

  /** Runs `use` in a call of its own. */
  static run<T>(kernel: string, engine: TrainingEngine, backend: BackendWasm, use: (call: Call) => T): T {
    const call = new Call(kernel, engine, backend);
    let done = false;
    try {
      const result = use(call);
      done = true;
      return result;
    } finally {
      call.#end(done);
    }
  }

  /**
   * A tensor where it lies, row-major. One at the very end of the memory is copied: kernels read on behind their operands,
   * and there is nothing behind that one.
   */
  operand(x: TensorInfo): TensorRef {
    const { dtype, shape } = x;
    if (!isSharedDType(dtype)) {
      throw new BackendError(this.kernel, `expected float32, int32 or bool, got a tensor of dtype ${dtype}; cast it first`);
    }
    const address = this.backend.getMemoryOffset(x.dataId) >>> 0;
    const ref = operandAt(address, dtype, shape);
    if (this.engine.heap.readsSafely(address + sizeOf(shape) * byteSize[dtype])) return ref;
    const copy = this.temporary(dtype, shape);
    copyStrided(this.engine, ref, copy);
    return copy;
  }

  /** As `operand`, with int32 and bool made float32. */
  float32(x: TensorInfo): TensorRef {
    const ref = this.operand(x);
    if (ref.dtype === 'float32') return ref;
    const copy = this.temporary('float32', x.shape);
    cast(this.engine, ref, copy);
    return copy;
  }

  /** A new tensor, uninitialised. */
  output(shape: Shape, dtype: SharedDType = 'float32'): Output {
    const info = this.backend.makeOutput([...shape], dtype);
    const address = this.backend.getMemoryOffset(info.dataId) >>> 0;
    this.#outputs.push(info);
    // tfjs takes what `malloc` returns unseen, also the 0 of a full heap.
    if (address === 0) throw this.engine.heap.full(sizeOf(shape) * byteSize[dtype]);
    return { info, ref: operandAt(address, dtype, shape) };
  }

  /** What another kernel has computed, as an output of this one. */
  adopted(info: TensorInfo): Output {
    this.#outputs.push(info);
    return { info, ref: operandAt(this.backend.getMemoryOffset(info.dataId) >>> 0, info.dtype as SharedDType, info.shape) };
  }

  /** Memory until the call ends, uninitialised, row-major. */
  temporary(dtype: SharedDType, shape: Shape): TensorRef {
    const address = this.engine.heap.allocScratch(sizeOf(shape) * byteSize[dtype]);
    this.#blocks.push(address);
    return operandAt(address, dtype, shape);
  }

  /** Gives a temporary back before the call ends. */
  release(ref: TensorRef): void {
    const at = this.#blocks.indexOf(addressOf(ref));
    if (at >= 0) this.engine.heap.free(this.#blocks.splice(at, 1)[0]);
  }

  /** x with its axes in the order `axes`, row-major: a copy, or x itself where nothing moves. */
  transposed(x: TensorRef, axes: readonly number[]): TensorRef {
    const view = turned(x, axes);
    if (isContiguous(view.shape, view.strides)) return { ...view, strides: operandAt(0, x.dtype, view.shape).strides };
    const copy = this.temporary(x.dtype as SharedDType, view.shape);
    copyStrided(this.engine, view, copy);
    return copy;
  }

  #end(done: boolean): void {
    for (const address of this.#blocks) this.engine.heap.free(address);
    if (done) return;
    for (const { dataId } of this.#outputs) {
      if (this.backend.getMemoryOffset(dataId) === 0) this.backend.dataIdMap.delete(dataId);
      else this.backend.disposeData(dataId);
    }
  }
}

/** x with its axes in the order `axes`: the same elements, other strides. */
export function turned(x: TensorRef, axes: readonly number[]): TensorRef {
  return { ...x, shape: axes.map((a) => x.shape[a]), strides: axes.map((a) => x.strides[a]) };
}
