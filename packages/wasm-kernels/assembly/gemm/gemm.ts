import { scratch } from '../scratch';
import { lines } from '../simd';
import { block, TILE_BYTES } from './block';
import { packColumns4, packColumns8, packRows4, packRows8 } from './pack';
import { ACCUMULATE, BIAS_COLUMN, MR, NR, RELU } from './tile';

/** Rows of A that stay in the second-level cache while a block of B passes by. */
const ROW_BLOCK: i32 = 128;

/**
 * Packs A[m, k] (`transposed`: stored [k, m]) for `gemm`, `batch` matrices `stride` floats apart: blocks of `kBlock`
 * columns of A one after the other, each as panels [m / 4][kBlock][4]. An item is a panel of one matrix.
 */
export function gemm_pack_a(
  a: usize,
  m: i32,
  k: i32,
  ld: i32,
  transposed: i32,
  stride: i32,
  kBlock: i32,
  to: usize,
  begin: i32,
  end: i32,
): void {
  const panels = (m + MR - 1) / MR;
  const rowBytes = (<usize>ld) << 2;
  const matrixBytes = (<usize>(panels * MR) * <usize>k) << 2;
  for (let item = begin; item < end; item++) {
    const matrix = item / panels;
    const row = (item - matrix * panels) * MR;
    const rows = min(MR, m - row);
    const from = a + ((<usize>matrix * <usize>stride) << 2);
    const out = to + <usize>matrix * matrixBytes;
    for (let k0 = 0; k0 < k; k0 += kBlock) {
      const kc = min(kBlock, k - k0);
      const panel = out + ((<usize>k0 * <usize>(panels * MR) + <usize>row * <usize>kc) << 2);
      if (transposed) packColumns4(kc, rows, from + <usize>k0 * rowBytes + ((<usize>row) << 2), rowBytes, panel);
      else packRows4(kc, rows, from + <usize>row * rowBytes + ((<usize>k0) << 2), rowBytes, panel);
    }
  }
}

/**
 * C[m, n] = A B + bias[n], then max(0, ·) where `relu`: A packed by `gemm_pack_a`, B[k, n] (`transposed`: stored [n, k]),
 * `bias` 0 for none. Matrices of a batch are `strideA` (of the packed A), `strideB` and `strideC` floats apart, 0 where all
 * share one. An item is a block of `nBlock` columns of one matrix; K is cut into `kBlock`s, whatever the items.
 * Scratch: 128 + 4 * kBlock * (nBlock + 8) bytes.
 */
export function gemm(
  a: usize,
  strideA: i32,
  b: usize,
  ldb: i32,
  transposed: i32,
  strideB: i32,
  c: usize,
  strideC: i32,
  m: i32,
  n: i32,
  k: i32,
  bias: usize,
  accumulate: i32,
  relu: i32,
  kBlock: i32,
  nBlock: i32,
  begin: i32,
  end: i32,
): void {
  const blocks = (n + nBlock - 1) / nBlock;
  const panelRows = (m + MR - 1) & ~(MR - 1);
  const ldbBytes = (<usize>ldb) << 2;
  const ldc = (<usize>n) << 2;
  const tile = scratch;
  const packed = lines(scratch + TILE_BYTES);
  for (let item = begin; item < end; item++) {
    const matrix = item / blocks;
    const j0 = (item - matrix * blocks) * nBlock;
    const nc = min(nBlock, n - j0);
    const left = a + ((<usize>matrix * <usize>strideA) << 2);
    const right = b + ((<usize>matrix * <usize>strideB) << 2);
    const out = c + ((<usize>matrix * <usize>strideC + <usize>j0) << 2);
    for (let k0 = 0; k0 < k; k0 += kBlock) {
      const kc = min(kBlock, k - k0);
      for (let j = 0; j < nc; j += NR) {
        const panel = packed + ((<usize>j * <usize>kc) << 2);
        if (transposed) packRows8(kc, min(NR, nc - j), right + <usize>(j0 + j) * ldbBytes + ((<usize>k0) << 2), ldbBytes, panel);
        else packColumns8(kc, right + <usize>k0 * ldbBytes + ((<usize>(j0 + j)) << 2), ldbBytes, panel);
      }
      let mode = accumulate || k0 > 0 ? ACCUMULATE : 0;
      if (k0 == 0 && bias) mode |= BIAS_COLUMN;
      if (relu && k0 + kc == k) mode |= RELU;
      for (let i = 0; i < m; i += ROW_BLOCK) {
        const mc = min(ROW_BLOCK, m - i);
        const rows = left + ((<usize>k0 * <usize>panelRows + <usize>i * <usize>kc) << 2);
        block(mc, nc, kc, rows, packed, out + <usize>i * ldc, ldc, mode, bias + ((<usize>j0) << 2), tile);
      }
    }
  }
}
