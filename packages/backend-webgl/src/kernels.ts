import type { Kernel } from './gl/kernel.js';

const kernels = new Map<string, Kernel>();

/** The kernel of that name; made the first time. */
export function cached(name: string, make: (name: string) => Kernel): Kernel {
  let kernel = kernels.get(name);
  if (!kernel) kernels.set(name, (kernel = make(name)));
  return kernel;
}
