import { type HostArray, type HostArrays, hostArray, type Shape, sizeOf } from '@konv/core-tensor';
import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';
import type { SharedDType } from '../../dtypes.js';
import { type Core, TfjsEngine } from '../engine.js';

/** Powers of two from 2^-LOWEST_POWER to 2^LOWEST_POWER, as one tensor: scaling by one of them is exact. */
export const LOWEST_POWER = 126;

/**
 * A tfjs backend whose memory the host cannot write to: tensors are uploaded, computed by kernels and read later, and never
 * change.
 *
 * Every `TensorInfo` that a kernel returns is one reference to its data, which results may share with operands (`Reshape`,
 * `Identity`, `Cast`); `release` gives one reference back.
 */
export class DeviceEngine extends TfjsEngine<KernelBackend> {
  /** Kernels that tfjs has wrong on some backend, and not on this one (`probe.ts`). */
  sound: ReadonlySet<string> = new Set();
  maxExactInt = 2 ** 24;
  private table: TensorInfo | null = null;

  constructor(core: Core, name: string, backend: KernelBackend) {
    super(core, name, backend);
  }

  /** `values` may be changed afterwards. */
  upload(values: HostArray, shape: Shape, dtype: SharedDType): TensorInfo {
    const dataId = this.backend.write(values.slice() as HostArrays[SharedDType], [...shape], dtype);
    return { dataId, shape: [...shape], dtype };
  }

  /** The values as of now, though read later; the caller's own. */
  async read({ dataId, dtype, shape }: TensorInfo): Promise<HostArray> {
    const values = (await this.backend.read(dataId)) as ArrayLike<number>;
    const own = hostArray(dtype as SharedDType, sizeOf(shape));
    own.set(values);
    return own;
  }

  /** Another reference to the same data. */
  retain(info: TensorInfo): TensorInfo {
    this.backend.incRef(info.dataId);
    return { ...info };
  }

  release({ dataId }: TensorInfo): void {
    this.backend.disposeData(dataId);
  }

  /** 2^k at position k + LOWEST_POWER. */
  get powersOfTwo(): TensorInfo {
    const size = 2 * LOWEST_POWER + 1;
    return (this.table ??= this.upload(
      Float32Array.from({ length: size }, (_, i) => 2 ** (i - LOWEST_POWER)),
      [size],
      'float32',
    ));
  }

  dispose(): void {
    if (this.table !== null) this.release(this.table);
    this.table = null;
  }
}
