import { BackendError, byteSize, type HostArray, hostArray, type Shape, sizeOf } from '@konv/core-tensor';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { KernelBackend, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { SharedDType } from '../dtypes.js';

/** TensorFlow.js's core, as `import()` gives it. */
export type Core = typeof import('@tensorflow/tfjs-core');

/** A block of a tfjs backend's memory, by tfjs's own handle (`dataId`). */
export type Block = object;

/**
 * What this backend needs of tfjs's: kernels by name, and memory that the host can read and write in place.
 *
 * Kernels take their operands by `lend`: a window of a block under an id of its own, for one call. tfjs caches packed
 * weights by id and does not hear of writes in place, so an id that lived longer would bring back stale values.
 */
export interface Engine {
  has(kernel: string): boolean;
  /** Runs a kernel; the result is a block of its own, the caller's to `free`. */
  call(kernel: string, inputs: NamedTensorInfoMap, attrs: NamedAttrMap): TensorInfo;
  /** Uninitialised. */
  allocate(dtype: SharedDType, size: number): Block;
  free(block: Block): void;
  /** The block's elements, to read and to write. Stale after the next allocation, which may move the memory: ask again. */
  values(block: Block, dtype: SharedDType, size: number): HostArray;
  /** `shape` elements of a block from `offset`, as an operand. */
  lend(block: Block, dtype: SharedDType, shape: Shape, offset: number): TensorInfo;
  giveBack(lent: TensorInfo): void;
}

/** A tfjs backend and its kernels. */
export abstract class TfjsEngine<B extends KernelBackend> {
  constructor(
    private readonly core: Core,
    private readonly name: string,
    protected readonly backend: B,
  ) {}

  has(kernel: string): boolean {
    return this.core.getKernel(kernel, this.name) !== undefined;
  }

  call(kernel: string, inputs: NamedTensorInfoMap, attrs: NamedAttrMap): TensorInfo {
    const { kernelFunc } = this.core.getKernel(kernel, this.name);
    return kernelFunc({ inputs, attrs, backend: this.backend }) as TensorInfo;
  }

  free(block: Block): void {
    this.backend.disposeData(block);
  }
}

/** WebAssembly: blocks lie in one heap, so a window of one is an address. */
export class WasmEngine extends TfjsEngine<BackendWasm> implements Engine {
  override call(kernel: string, inputs: NamedTensorInfoMap, attrs: NamedAttrMap): TensorInfo {
    const made = super.call(kernel, inputs, attrs);
    this.checkRoom(made.dataId);
    return made;
  }

  allocate(dtype: SharedDType, size: number): Block {
    const block = this.backend.write(null, [size], dtype);
    this.checkRoom(block);
    return block;
  }

  values(block: Block, dtype: SharedDType, size: number): HostArray {
    return this.backend.typedArrayFromHeap({ dataId: block, dtype, shape: [size] }) as HostArray;
  }

  lend(block: Block, dtype: SharedDType, shape: Shape, offset: number): TensorInfo {
    return this.backend.makeOutput([...shape], dtype, this.backend.getMemoryOffset(block) + offset * byteSize[dtype]);
  }

  /** As tfjs's `disposeData`, without freeing the memory: that is the block's. */
  giveBack({ dataId }: TensorInfo): void {
    this.backend.wasm.tfjs.disposeData(this.backend.dataIdMap.get(dataId).id);
    this.backend.dataIdMap.delete(dataId);
  }

  /** tfjs takes what `malloc` returns unseen, also the 0 of a full heap. */
  private checkRoom(block: Block): void {
    if (this.backend.getMemoryOffset(block) !== 0) return;
    this.backend.dataIdMap.delete(block);
    throw new BackendError(
      'alloc',
      "expected room on tfjs's heap, got none (4 GiB are in use); dispose tensors, run steps inside scope(), or use smaller batches",
    );
  }
}

/** What tfjs's backends in plain JavaScript have. */
export interface HostKernelBackend extends KernelBackend {
  readonly data: { get(dataId: Block): { values: unknown } };
  makeTensorInfo(shape: number[], dtype: SharedDType, values: HostArray): TensorInfo;
}

/** Plain JavaScript: blocks are typed arrays, and a window of one is a subarray. */
export class HostEngine extends TfjsEngine<HostKernelBackend> implements Engine {
  allocate(dtype: SharedDType, size: number): Block {
    return this.backend.write(hostArray(dtype, size), [size], dtype);
  }

  values(block: Block): HostArray {
    return this.backend.data.get(block).values as HostArray;
  }

  lend(block: Block, dtype: SharedDType, shape: Shape, offset: number): TensorInfo {
    const size = sizeOf(shape);
    return this.backend.makeTensorInfo([...shape], dtype, this.values(block).subarray(offset, offset + size));
  }

  giveBack({ dataId }: TensorInfo): void {
    this.backend.disposeData(dataId);
  }
}
