import { WIDE } from './gemm.js';
import type { FloatArray } from './memory.js';

/**
 * Rows `first .. first + rows` of a strided matrix into panels of `width`: element (row, k) of the source stands at
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
  width: number,
  dst: Float64Array,
): void {
  for (let row = 0; row < rows; row += width) {
    const panel = row * kTotal;
    const filled = Math.min(width, rows - row);
    if (rowStride === 1 && filled === width) {
      packAcross(src, offset + first + row, kStride, k, dst, panel, width);
      continue;
    }
    for (let r = 0; r < filled; r++) {
      packRow(src, offset + (first + row + r) * rowStride, kStride, k, dst, panel + r, width);
    }
    for (let r = filled; r < width; r++) clearRow(dst, panel + r, width, kTotal);
  }
}

function packRow(src: FloatArray, at: number, step: number, k: number, dst: Float64Array, to: number, width: number): void {
  for (const end = to + k * width; to < end; to += width, at += step) dst[to] = src[at];
}

/** A full panel of neighbouring rows: reads them together at each k, so that a cache line is fetched once. */
function packAcross(src: FloatArray, at: number, step: number, k: number, dst: Float64Array, to: number, width: number): void {
  for (let i = 0; i < k; i++, at += step) for (let r = 0; r < width; r++) dst[to++] = src[at + r];
}

function clearRow(dst: Float64Array, to: number, width: number, k: number): void {
  for (const end = to + k * width; to < end; to += width) dst[to] = 0;
}

/** One more element, at index k, for each of `rows` rows; `value` absent: 1. Missing rows stay 0. */
export function packLast(
  dst: Float64Array,
  rows: number,
  k: number,
  width: number,
  value: FloatArray | null,
  valueAt: number,
): void {
  const kTotal = k + 1;
  for (let row = 0; row < rows; row++) {
    const r = row % width;
    dst[(row - r) * kTotal + k * width + r] = value ? value[valueAt + row] : 1;
  }
}

/**
 * Im2col straight into panels of `width`: element (row, k) is `image[rowAt[first + row] + kAt[kFirst + k]]`.
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
  width: number,
  dst: Float64Array,
): void {
  const panel = width === WIDE ? packWindows4 : packWindows3;
  const full = rows - (rows % width);
  for (let row = 0; row < full; row += width) panel(image, rowAt, first + row, kAt, kFirst, k, dst, row * kTotal);
  if (full === rows) return;
  for (let r = 0; r < width; r++) {
    const row = full + r;
    if (row < rows) packWindowRow(image, rowAt[first + row], kAt, kFirst, k, dst, full * kTotal + r, width);
    else clearRow(dst, full * kTotal + r, width, kTotal);
  }
}

function packWindows3(
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

function packWindows4(
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
  const r3 = rowAt[row + 3];
  for (let i = kFirst, end = kFirst + k; i < end; i++, to += 4) {
    const at = kAt[i];
    dst[to] = image[r0 + at];
    dst[to + 1] = image[r1 + at];
    dst[to + 2] = image[r2 + at];
    dst[to + 3] = image[r3 + at];
  }
}

function packWindowRow(
  image: Float64Array,
  base: number,
  kAt: Int32Array,
  kFirst: number,
  k: number,
  dst: Float64Array,
  to: number,
  width: number,
): void {
  for (let i = kFirst, end = kFirst + k; i < end; i++, to += width) dst[to] = image[base + kAt[i]];
}
