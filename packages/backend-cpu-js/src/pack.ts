// Hot loops say 3 for WIDTH: see there.
import { WIDTH } from './gemm.js';
import type { FloatArray } from './memory.js';

/**
 * Rows `first .. first + rows` of a strided matrix into panels: element (row, k) of the source stands at
 * `offset + row * rowStride + k * kStride`. The panels are laid out for `kTotal` elements a row, of which this writes
 * the first k; the caller fills what remains.
 */
export function packMatrix(
  src: FloatArray,
  offset: number,
  rowStride: number,
  kStride: number,
  first: number,
  rows: number,
  k: number,
  kTotal: number,
  dst: Float64Array,
): void {
  for (let row = 0; row < rows; row += WIDTH) {
    const panel = row * kTotal;
    const filled = Math.min(WIDTH, rows - row);
    if (rowStride === 1 && filled === WIDTH) {
      packAcross(src, offset + first + row, kStride, k, dst, panel);
      continue;
    }
    for (let r = 0; r < filled; r++) {
      packRow(src, offset + (first + row + r) * rowStride, kStride, k, dst, panel + r);
    }
    for (let r = filled; r < WIDTH; r++) clearRow(dst, panel + r, kTotal);
  }
}

function packRow(src: FloatArray, at: number, step: number, k: number, dst: Float64Array, to: number): void {
  for (const end = to + k * 3; to < end; to += 3, at += step) dst[to] = src[at];
}

/** A full panel of neighbouring rows: reads them together at each k, so that a cache line is fetched once. */
function packAcross(src: FloatArray, at: number, step: number, k: number, dst: Float64Array, to: number): void {
  for (let i = 0; i < k; i++, at += step, to += 3) {
    dst[to] = src[at];
    dst[to + 1] = src[at + 1];
    dst[to + 2] = src[at + 2];
  }
}

function clearRow(dst: Float64Array, to: number, k: number): void {
  for (const end = to + k * 3; to < end; to += 3) dst[to] = 0;
}

/** One more element, at index k, for each of `rows` rows; `value` absent: 1. Missing rows stay 0. */
export function packLast(dst: Float64Array, rows: number, k: number, value: FloatArray | null, valueAt: number): void {
  const kTotal = k + 1;
  for (let row = 0; row < rows; row++) {
    const r = row % WIDTH;
    dst[(row - r) * kTotal + k * WIDTH + r] = value ? value[valueAt + row] : 1;
  }
}

/**
 * Im2col straight into panels: element (row, k) is `image[rowAt[first + row] + kAt[kFirst + k]]`.
 * With pixels as rows and taps as k this feeds the forward pass, the other way round the weight gradient.
 * `kTotal` as in `packMatrix`.
 */
export function packWindows(
  image: Float64Array,
  rowAt: Int32Array,
  first: number,
  rows: number,
  kAt: Int32Array,
  kFirst: number,
  k: number,
  kTotal: number,
  dst: Float64Array,
): void {
  const full = rows - (rows % WIDTH);
  for (let row = 0; row < full; row += WIDTH) packPanel(image, rowAt, first + row, kAt, kFirst, k, dst, row * kTotal);
  if (full === rows) return;
  for (let r = 0; r < WIDTH; r++) {
    const row = full + r;
    if (row < rows) packWindowRow(image, rowAt[first + row], kAt, kFirst, k, dst, full * kTotal + r);
    else clearRow(dst, full * kTotal + r, kTotal);
  }
}

function packPanel(
  image: Float64Array,
  rowAt: Int32Array,
  row: number,
  kAt: Int32Array,
  kFirst: number,
  k: number,
  dst: Float64Array,
  to: number,
): void {
  const r0 = rowAt[row];
  const r1 = rowAt[row + 1];
  const r2 = rowAt[row + 2];
  for (let i = kFirst, end = kFirst + k; i < end; i++, to += 3) {
    const at = kAt[i];
    dst[to] = image[r0 + at];
    dst[to + 1] = image[r1 + at];
    dst[to + 2] = image[r2 + at];
  }
}

function packWindowRow(image: Float64Array, base: number, kAt: Int32Array, kFirst: number, k: number, dst: Float64Array, to: number): void {
  for (let i = kFirst, end = kFirst + k; i < end; i++, to += 3) dst[to] = image[base + kAt[i]];
}
