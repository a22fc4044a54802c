import { edgeKernel } from '../../model/edges.js';
import type { Values } from '../../model/protocol.js';

export interface Preset {
  readonly name: string;
  readonly kernel: Values;
}

const square = (...rows: number[][]): Values => ({ shape: [rows.length, rows[0].length], data: Float32Array.from(rows.flat()) });
const line = (...numbers: number[]): Values => ({ shape: [numbers.length], data: Float32Array.from(numbers) });

export const LARGEST_SIDE = 5;

export const kernels2d: readonly Preset[] = [
  { name: 'Vertical edges [1, −1]', kernel: edgeKernel },
  { name: 'Horizontal edges', kernel: square([1], [-1]) },
  { name: 'Sobel', kernel: square([1, 0, -1], [2, 0, -2], [1, 0, -1]) },
  { name: 'Blur', kernel: square(...Array.from({ length: 3 }, () => [1 / 9, 1 / 9, 1 / 9])) },
  { name: 'Sharpen', kernel: square([0, -1, 0], [-1, 5, -1], [0, -1, 0]) },
  { name: 'Emboss', kernel: square([-2, -1, 0], [-1, 1, 1], [0, 1, 2]) },
  { name: 'Identity', kernel: square([0, 0, 0], [0, 1, 0], [0, 0, 0]) },
];

export const LENGTHS = { least: 3, most: 9 } as const;

export const kernels1d: readonly Preset[] = [
  { name: 'Difference', kernel: line(-1, 0, 1) },
  { name: 'Moving average', kernel: line(...Array.from({ length: 5 }, () => 1 / 5)) },
  { name: 'Smooth', kernel: line(1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16) },
];

/** Whether two kernels are the same. */
export const same = (a: Values, b: Values): boolean => String(a.shape) === String(b.shape) && a.data.every((v, i) => v === b.data[i]);
