import type { Kernel } from './kernel.js';
import type { Texture } from './texture.js';

const kernels = new Map<string, Kernel>();

/** The kernel of that name, whose source is written once. */
export function define(name: string, write: () => Omit<Kernel, 'name'>): Kernel {
  let kernel = kernels.get(name);
  if (!kernel) {
    kernel = { name, ...write() };
    kernels.set(name, kernel);
  }
  return kernel;
}

/** Lines of GLSL, one for each of 0 to n - 1. */
export function repeat(n: number, line: (i: number) => string): string {
  return Array.from({ length: n }, (_, i) => line(i)).join('\n');
}

/** Calls `f` with a function that takes textures over; when `f` has returned or thrown, they are released. */
export function withScratch<T>(f: (keep: (texture: Texture) => Texture) => T): T {
  const held: Texture[] = [];
  try {
    return f((texture) => {
      held.push(texture);
      return texture;
    });
  } finally {
    for (const texture of held) texture.release();
  }
}
