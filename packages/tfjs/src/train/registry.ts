import {
  type GradConfig,
  getGradient,
  getKernel,
  type KernelConfig,
  registerGradient,
  registerKernel,
  unregisterGradient,
  unregisterKernel,
} from '@tensorflow/tfjs-core';

const BACKEND = 'wasm';

/**
 * Registrations of kernels and gradients that can be taken back: `undo` leaves what stood there before, by whomever it was.
 * What somebody else has registered over ours since then stays as it is.
 */
export class Registrations {
  readonly #undo: (() => void)[] = [];
  /** tfjs's names of what was registered. */
  readonly kernelNames: string[] = [];
  readonly gradientNames: string[] = [];

  kernel(config: KernelConfig): void {
    const { kernelName } = config;
    const before: KernelConfig | undefined = getKernel(kernelName, BACKEND);
    // Registering over a kernel makes tfjs warn.
    if (before) unregisterKernel(kernelName, BACKEND);
    registerKernel(config);
    this.kernelNames.push(kernelName);
    this.#undo.push(() => {
      if (getKernel(kernelName, BACKEND) !== config) return;
      unregisterKernel(kernelName, BACKEND);
      if (before) registerKernel(before);
    });
  }

  gradient(config: GradConfig): void {
    const { kernelName } = config;
    const before: GradConfig | undefined = getGradient(kernelName);
    if (before) unregisterGradient(kernelName);
    registerGradient(config);
    this.gradientNames.push(kernelName);
    this.#undo.push(() => {
      if (getGradient(kernelName) !== config) return;
      unregisterGradient(kernelName);
      if (before) registerGradient(before);
    });
  }

  undo(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }
}
