/**
 * Matrix products by packing and a register tile.
 *
 * Both operands are first packed into *panels*: 3 rows side by side, element (k, r) at `3 k + r`, so that the
 * innermost loop reads both front to back. Panels hold doubles whatever the dtype of the tensors: the tile's
 * arithmetic is in doubles in any case (JavaScript has no other), loads need no conversion, and the hot loop sees one
 * array type only. Results are rounded once, when the tile is stored.
 *
 * Results go through two tables of offsets: the product of row i and column j goes to `c[rowAt[i] + columnAt[j]]`.
 * A product into a matrix, into its transpose, into an image in which windows overlap: all are a choice of tables.
 */
import type { FloatArray } from './memory.js';

export interface Panels {
  /** Rows `[first + 3 p, first + 3 p + 3)` stand in panel p, at `3 p k`. Missing rows of the last panel are 0. */
  readonly data: Float64Array;
  /** Rows that count. */
  readonly rows: number;
  /** The row that panel 0 begins with. */
  readonly first: number;
}

/**
 * Rows of a panel, and so both sides of the tile: 9 sums, 3 values of one panel and 1 of the other. V8 has 15
 * registers for doubles, but spills sooner: on Node 20 (V8 11.3) 3x3 reaches 4.4 GFLOP/s, 4x2 4.3, 4x3 3.9, 4x4 3.6.
 *
 * Hot loops say 3 and not WIDTH: V8 does not fold an exported constant, but loads it and checks its tag in every
 * iteration (-20 %).
 */
export const WIDTH = 3;

/** How many doubles `rows` rows of length k take. */
export function panelSize(rows: number, k: number): number {
  return Math.ceil(rows / WIDTH) * WIDTH * k;
}

/** Rows whose panels fill at most `doubles`: a whole number of panels, at least one. */
export function rowsWithin(doubles: number, k: number): number {
  return WIDTH * Math.max(1, Math.floor(doubles / (WIDTH * k)));
}

/** A tile at the edge comes here first, and what counts of it is taken from here. */
const edge = new Float64Array(WIDTH * WIDTH);
const edgeRowAt = Int32Array.of(0, 3, 6);
const edgeColumnAt = Int32Array.of(0, 1, 2);

/**
 * c[rowAt[i] + columnAt[j]] (+)= sum over k of a[i][k] * b[j][k], for all rows of both; `origin` is added to every
 * offset. Where offsets coincide, `accumulate` adds each of them.
 */
export function multiplyPanels(
  k: number,
  a: Panels,
  b: Panels,
  c: FloatArray,
  origin: number,
  rowAt: Int32Array,
  columnAt: Int32Array,
  accumulate: boolean,
): void {
  for (let j = 0; j < b.rows; j += WIDTH) {
    const columns = Math.min(WIDTH, b.rows - j);
    for (let i = 0; i < a.rows; i += WIDTH) {
      const rows = Math.min(WIDTH, a.rows - i);
      if (rows === WIDTH && columns === WIDTH) {
        tile3x3(k, a.data, i * k, b.data, j * k, c, origin, rowAt, a.first + i, columnAt, b.first + j, accumulate);
        continue;
      }
      tile3x3(k, a.data, i * k, b.data, j * k, edge, 0, edgeRowAt, 0, edgeColumnAt, 0, false);
      for (let r = 0; r < rows; r++) {
        for (let s = 0; s < columns; s++) {
          const at = origin + rowAt[a.first + i + r] + columnAt[b.first + j + s];
          c[at] = accumulate ? c[at] + edge[r * WIDTH + s] : edge[r * WIDTH + s];
        }
      }
    }
  }
}

function tile3x3(
  k: number,
  a: Float64Array,
  ia: number,
  b: Float64Array,
  ib: number,
  c: FloatArray,
  origin: number,
  rowAt: Int32Array,
  row: number,
  columnAt: Int32Array,
  column: number,
  accumulate: boolean,
): void {
  let c00 = 0;
  let c01 = 0;
  let c02 = 0;
  let c10 = 0;
  let c11 = 0;
  let c12 = 0;
  let c20 = 0;
  let c21 = 0;
  let c22 = 0;
  const end = ia + k * 3;
  while (ia < end) {
    // Changes nothing, but says that both are small and not negative: without it V8 checks each addition for overflow
    // and extends each sign (-8 %).
    ia &= 0x3fffffff;
    ib &= 0x3fffffff;
    const b0 = b[ib];
    const b1 = b[ib + 1];
    const b2 = b[ib + 2];
    const a0 = a[ia];
    c00 += a0 * b0;
    c01 += a0 * b1;
    c02 += a0 * b2;
    const a1 = a[ia + 1];
    c10 += a1 * b0;
    c11 += a1 * b1;
    c12 += a1 * b2;
    const a2 = a[ia + 2];
    c20 += a2 * b0;
    c21 += a2 * b1;
    c22 += a2 * b2;
    ia += 3;
    ib += 3;
  }
  const r0 = origin + rowAt[row];
  const r1 = origin + rowAt[row + 1];
  const r2 = origin + rowAt[row + 2];
  const s0 = columnAt[column];
  const s1 = columnAt[column + 1];
  const s2 = columnAt[column + 2];
  if (accumulate) {
    c[r0 + s0] += c00;
    c[r0 + s1] += c01;
    c[r0 + s2] += c02;
    c[r1 + s0] += c10;
    c[r1 + s1] += c11;
    c[r1 + s2] += c12;
    c[r2 + s0] += c20;
    c[r2 + s1] += c21;
    c[r2 + s2] += c22;
  } else {
    c[r0 + s0] = c00;
    c[r0 + s1] = c01;
    c[r0 + s2] = c02;
    c[r1 + s0] = c10;
    c[r1 + s1] = c11;
    c[r1 + s2] = c12;
    c[r2 + s0] = c20;
    c[r2 + s1] = c21;
    c[r2 + s2] = c22;
  }
}
