import { hostArray, type Shape } from '@konv/core-tensor';
import type { HostTensor } from '../host-tensor.js';

/** For each row (or column) of the result the row of the image that it shows; `OUTSIDE` is none, to be filled. */
export type Line = Int32Array;
export const OUTSIDE = -1;

/** Every row of an image, as it is. */
export function identity(n: number): Line {
  return Int32Array.from({ length: n }, (_, i) => i);
}

/**
 * The image whose rows and columns are those that the lines say, in every plane `[height, width]` of `[..., height, width]`;
 * `fill` where a line says `OUTSIDE`.
 */
export function select(x: HostTensor, rows: Line, columns: Line, fill: number): HostTensor {
  const { dtype, shape, data } = x;
  const width = shape[shape.length - 1];
  const plane = shape[shape.length - 2] * width;
  const planes = shape.slice(0, -2).reduce((n, d) => n * d, 1);
  const size: Shape = [...shape.slice(0, -2), rows.length, columns.length];
  const out = hostArray(dtype, planes * rows.length * columns.length);
  let at = 0;
  for (let p = 0; p < planes; p++) {
    for (const row of rows) {
      if (row === OUTSIDE) {
        out.fill(fill, at, (at += columns.length));
        continue;
      }
      const from = p * plane + row * width;
      for (const column of columns) out[at++] = column === OUTSIDE ? fill : data[from + column];
    }
  }
  return { dtype, shape: size, data: out };
}
