import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { type DataId, getKernelsForBackend, KernelBackend, registerBackend, registerKernel } from '@tensorflow/tfjs-core';

type Write = MathBackendCPU['write'];

/**
 * tfjs's plain JavaScript backend as a device is: nothing but kernels reaches its memory, and what is read comes later.
 * References are counted as on others, so that what is left behind, or freed too early, shows.
 */
export class DeviceLike extends KernelBackend {
  readonly inner = new MathBackendCPU();

  override write(...args: Parameters<Write>): DataId {
    return this.inner.write(...args);
  }

  override async read(dataId: DataId) {
    const info = this.inner.readSync(dataId).slice();
    await Promise.resolve();
    return info as Awaited<ReturnType<MathBackendCPU['read']>>;
  }

  override readSync(): never {
    throw new Error('a device is not read at once');
  }

  override incRef(dataId: DataId): void {
    this.inner.incRef(dataId);
  }

  override disposeData(dataId: DataId, force?: boolean): boolean {
    if (!this.inner.data.has(dataId)) throw new Error('disposed twice');
    return this.inner.disposeData(dataId, force);
  }

  override numDataIds(): number {
    return this.inner.numDataIds();
  }
}

/** Registers it with all kernels of `cpu` but those named. */
export function registerDeviceLike(name: string, without: readonly string[] = []): DeviceLike {
  const device = new DeviceLike();
  registerBackend(name, () => device);
  for (const kernel of getKernelsForBackend('cpu')) {
    if (without.includes(kernel.kernelName)) continue;
    const kernelFunc: typeof kernel.kernelFunc = (args) => kernel.kernelFunc({ ...args, backend: device.inner });
    registerKernel({ ...kernel, backendName: name, kernelFunc, setupFunc: undefined, disposeFunc: undefined });
  }
  return device;
}
