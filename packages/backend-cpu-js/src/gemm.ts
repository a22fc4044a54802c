/**
 * Matrix products by packing and a register tile.
 *
 * Both operands are first packed into *panels*: 4 (or 3) rows side by side, element (k, r) at `k * width + r`, so that
 * the innermost loop reads both operands front to back. Panels hold doubles whatever the dtype of the tensors: the
 * tile's arithmetic is in doubles in any case (JavaScript has no other), loads need no conversion, and the hot loop
 * sees one array type only. Results are rounded once, when the tile is stored.
 *
 * The tile is 4 x 3: its 12 sums, 3 values of one panel and 1 of the other use the 15 registers that V8 has for
 * doubles. Measured on Node 20 (V8 11.3) with panels in L2: 4x3 5.5 GFLOP/s, 6x2 5.5, 3x3 4.9, 4x2 4.4, 4x4 4.1 (its
 * 16 sums live in memory), the same 4x3 over Float32Array panels 4.8.
 *
 * Results go through two tables of offsets: the element of wide row i and narrow row j is `c[wideAt[i] + narrowAt[j]]`.
 * A product into a matrix, its transpose, an image in which windows overlap: all are a choice of tables.
 */
export interface Panels {
  /** Rows `[first + p * width, ...)` stand in panel p, at `p * width * k`. Missing rows of the last panel are 0. */
  data: Float64Array;
  /** Rows that count. */
  rows: number;
  /** The row that panel 0 begins with. */
  first: number;
}

export const WIDE = 4;
export const NARROW = 3;

/** How many doubles `rows` rows of length k take in panels of `width`. */
export function panelSize(rows: number, width: number, k: number): number {
  return Math.ceil(rows / width) * width * k;
}

/** Whether a product of m x n wastes less of its edge tiles when the m rows are packed 4 wide rather than 3. */
export function wideFirst(m: number, n: number): boolean {
  const tiles = Math.ceil(m / WIDE) * Math.ceil(n / NARROW);
  const turned = Math.ceil(m / NARROW) * Math.ceil(n / WIDE);
  return tiles <= turned;
}

const edge = new Float64Array(WIDE * NARROW);
const edgeWide = Int32Array.of(0, 3, 6, 9);
const edgeNarrow = Int32Array.of(0, 1, 2);

/**
 * c[wideAt[i] + narrowAt[j]] (+)= sum over k of wide[i][k] * narrow[j][k], for all rows of both.
 * `origin` is added to every offset. Where offsets coincide, `accumulate` adds each of them.
 */
export function multiplyPanels(
  k: number,
  wide: Panels,
  narrow: Panels,
  c: Float32Array | Float64Array,
  origin: number,
  wideAt: Int32Array,
  narrowAt: Int32Array,
  accumulate: boolean,
): void {
  for (let j = 0; j < narrow.rows; j += NARROW) {
    const fullNarrow = j + NARROW <= narrow.rows;
    for (let i = 0; i < wide.rows; i += WIDE) {
      const wi = wide.first + i;
      const nj = narrow.first + j;
      if (fullNarrow && i + WIDE <= wide.rows) {
        tile4x3(k, wide.data, i * k, narrow.data, j * k, c, origin, wideAt, wi, narrowAt, nj, accumulate);
        continue;
      }
      tile4x3(k, wide.data, i * k, narrow.data, j * k, edge, 0, edgeWide, 0, edgeNarrow, 0, false);
      const wideEnd = Math.min(WIDE, wide.rows - i);
      const narrowEnd = Math.min(NARROW, narrow.rows - j);
      for (let r = 0; r < wideEnd; r++) {
        for (let s = 0; s < narrowEnd; s++) {
          const at = origin + wideAt[wi + r] + narrowAt[nj + s];
          c[at] = accumulate ? c[at] + edge[r * NARROW + s] : edge[r * NARROW + s];
        }
      }
    }
  }
}

/** The order of loads matters: three of `b`, then one of `a` before its three products. */
function tile4x3(
  k: number,
  a: Float64Array,
  pa: number,
  b: Float64Array,
  pb: number,
  c: Float32Array | Float64Array,
  origin: number,
  wideAt: Int32Array,
  wi: number,
  narrowAt: Int32Array,
  nj: number,
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
  let c30 = 0;
  let c31 = 0;
  let c32 = 0;
  const end = pa + k * 4;
  while (pa < end) {
    const b0 = b[pb];
    const b1 = b[pb + 1];
    const b2 = b[pb + 2];
    const a0 = a[pa];
    c00 += a0 * b0;
    c01 += a0 * b1;
    c02 += a0 * b2;
    const a1 = a[pa + 1];
    c10 += a1 * b0;
    c11 += a1 * b1;
    c12 += a1 * b2;
    const a2 = a[pa + 2];
    c20 += a2 * b0;
    c21 += a2 * b1;
    c22 += a2 * b2;
    const a3 = a[pa + 3];
    c30 += a3 * b0;
    c31 += a3 * b1;
    c32 += a3 * b2;
    pa += 4;
    pb += 3;
  }
  const n0 = narrowAt[nj];
  const n1 = narrowAt[nj + 1];
  const n2 = narrowAt[nj + 2];
  const w0 = origin + wideAt[wi];
  const w1 = origin + wideAt[wi + 1];
  const w2 = origin + wideAt[wi + 2];
  const w3 = origin + wideAt[wi + 3];
  if (accumulate) {
    c[w0 + n0] += c00;
    c[w0 + n1] += c01;
    c[w0 + n2] += c02;
    c[w1 + n0] += c10;
    c[w1 + n1] += c11;
    c[w1 + n2] += c12;
    c[w2 + n0] += c20;
    c[w2 + n1] += c21;
    c[w2 + n2] += c22;
    c[w3 + n0] += c30;
    c[w3 + n1] += c31;
    c[w3 + n2] += c32;
  } else {
    c[w0 + n0] = c00;
    c[w0 + n1] = c01;
    c[w0 + n2] = c02;
    c[w1 + n0] = c10;
    c[w1 + n1] = c11;
    c[w1 + n2] = c12;
    c[w2 + n0] = c20;
    c[w2 + n1] = c21;
    c[w2 + n2] = c22;
    c[w3 + n0] = c30;
    c[w3 + n1] = c31;
    c[w3 + n2] = c32;
  }
}
