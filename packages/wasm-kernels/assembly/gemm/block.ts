import { ACCUMULATE, BIAS_COLUMN, BIAS_ROW, MR, NR, RELU, tile4x8 } from './tile';

/** Bytes of scratch that `block` wants for tiles that stick out of C. */
export const TILE_BYTES: usize = 128;

/** Writes the part of a computed tile that lies inside of C. */
function finishEdge(rows: i32, columns: i32, tile: usize, c: usize, ldc: usize, mode: i32, bias: usize): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = c + ((<usize>j) << 2);
      let v = load<f32>(tile + ((<usize>(i * NR + j)) << 2));
      // Two sums, as `tile4x8` has them: an element is the same wherever the edge falls.
      if (mode & BIAS_ROW) v += load<f32>(bias + ((<usize>i) << 2));
      if (mode & BIAS_COLUMN) v += load<f32>(bias + ((<usize>j) << 2));
      if (mode & ACCUMULATE) v += load<f32>(at);
      if (mode & RELU) v = max<f32>(v, 0);
      store<f32>(at, v);
    }
    c += ldc;
  }
}

/**
 * C[m, n] = A[m, k] B[k, n] of packed panels: A as [m / 4][k][4], B as [n / 8][k][8]; the last panels are filled up, with
 * anything. A panel of B stays in the first-level cache while all of A passes by. `tile`: `TILE_BYTES` of scratch.
 */
export function block(m: i32, n: i32, k: i32, a: usize, b: usize, c: usize, ldc: usize, mode: i32, bias: usize, tile: usize): void {
  const rowStep: usize = mode & BIAS_ROW ? 4 : 0;
  const columnStep: usize = mode & BIAS_COLUMN ? 4 : 0;
  for (let j = 0; j < n; j += NR) {
    const panel = b + ((<usize>j * <usize>k) << 2);
    const columns = min(NR, n - j);
    for (let i = 0; i < m; i += MR) {
      const rows = min(MR, m - i);
      const at = c + <usize>i * ldc + ((<usize>j) << 2);
      const tileBias = bias + <usize>i * rowStep + <usize>j * columnStep;
      const left = a + ((<usize>i * <usize>k) << 2);
      if (rows == MR && columns == NR) {
        tile4x8(k, left, panel, at, ldc, mode, tileBias);
      } else {
        tile4x8(k, left, panel, tile, NR << 2, 0, 0);
        finishEdge(rows, columns, tile, at, ldc, mode, tileBias);
      }
    }
  }
}
