import type { Values } from './protocol.js';

/** The article's image [6, 8]: white, with a black bar in columns 2 ... 5. */
export function edgeImage(): Values {
  return { shape: [6, 8], data: Float32Array.from({ length: 48 }, (_, i) => (i % 8 >= 2 && i % 8 < 6 ? 0 : 1)) };
}

/** [1, -1]: 1 from white to black, -1 back, 0 where neighbours are equal. */
export const edgeKernel: Values = { shape: [1, 2], data: Float32Array.of(1, -1) };

/** [height, width] -> [width, height]. */
export function transposed({ shape: [h, w], data }: Values): Values {
  return { shape: [w, h], data: Float32Array.from({ length: h * w }, (_, i) => data[(i % h) * w + Math.floor(i / h)]) };
}
