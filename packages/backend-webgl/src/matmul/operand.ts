import type { TensorRef } from '@konv/core-tensor';
import type { Engine, Input } from '../engine.js';
import { define } from '../gl/define.js';
import type { Texture } from '../gl/texture.js';

/** A matrix, or a batch of them, as the product reads it: elements from `at`, `row` to a row, `perBatch` to a matrix. */
export interface Operand {
  readonly input: Input;
  readonly at: number;
  readonly row: number;
  /** 0: one for all. */
  readonly perBatch: number;
}

const ceil4 = (n: number): number => Math.ceil(n / 4) * 4;

/** Where it stands. */
export function inPlace(x: TensorRef, rows: number, columns: number): Operand {
  const many = x.shape.length === 3 && x.shape[0] > 1;
  return { input: x, at: x.offset, row: columns, perBatch: many ? rows * columns : 0 };
}

/** Whether rows begin with a texel and four k never reach behind the last: rows or columns of x are k. */
export function isAligned(x: TensorRef, columns: number, k: number): boolean {
  return x.offset % 4 === 0 && columns % 4 === 0 && k % 4 === 0;
}

export const padKernel = () =>
  define('matmul pad', () => ({
    inputs: { x: 'float32' },
    output: 'float32',
    uniforms: { rows: 'int', columns: 'int', rowTexels: 'int', paddedRows: 'int' },
    body: `void compute(int t) {
  int q = t / rowTexels;
  int column = (t - q * rowTexels) << 2;
  int g = q / paddedRows;
  int row = q - g * paddedRows;
  out0 = vec4(0.0);
  if (row >= rows) return;
  vec4 v = x_four(x_at + (g * rows + row) * columns + column);
  out0 = mix(vec4(0.0), v, lessThan(ivec4(column, column + 1, column + 2, column + 3), ivec4(columns)));
}`,
  }));

/** A copy with zeros up to multiples of four in both directions; its texture goes to `keep`. */
export function padded(
  engine: Engine,
  keep: (texture: Texture) => Texture,
  x: TensorRef,
  rows: number,
  columns: number,
  k: number,
): Operand {
  if (isAligned(x, columns, k)) return inPlace(x, rows, columns);
  const batch = x.shape.length === 3 ? x.shape[0] : 1;
  const [paddedRows, row] = [ceil4(rows), ceil4(columns)];
  const texture = engine.draw(padKernel(), (batch * paddedRows * row) / 4, {
    inputs: { x },
    uniforms: { rows, columns, rowTexels: row / 4, paddedRows },
  });
  return { input: keep(texture), at: 0, row, perBatch: batch > 1 ? paddedRows * row : 0 };
}
