import { madd } from '../simd';

// How a tile is written: bits of `mode`.
/** Add to what is there, instead of overwriting it. */
export const ACCUMULATE: i32 = 1;
/** max(0, value), after everything else. */
export const RELU: i32 = 2;
/** Add bias[row]: it points to this tile's first row. */
export const BIAS_ROW: i32 = 4;
/** Add bias[column]: it points to this tile's first column. */
export const BIAS_COLUMN: i32 = 8;

/** Rows of a tile, as packed by `packRows`. */
export const MR: i32 = 4;
/** Columns of a tile, as packed by `packColumns`. */
export const NR: i32 = 8;

// @ts-ignore: decorator
@inline
function finish(c: usize, at: usize, value: v128, mode: i32, bias: v128): void {
  let v = f32x4.add(value, bias);
  if (mode & ACCUMULATE) v = f32x4.add(v, v128.load(c + at));
  if (mode & RELU) v = f32x4.max(v, f32x4.splat(0));
  v128.store(c + at, v);
}

/**
 * C[4, 8] = A[4, k] B[k, 8]: A packed [k][4], B packed [k][8], rows of C `ldc` bytes apart.
 *
 * 8 accumulators, 2 of B, 1 of A and 1 product are 12 registers of the 15 that V8 has: 6x8 and 4x12 spill. On engines
 * without fused multiply-add, V8 11 hoists all loads of a basic block above its arithmetic and spills, unless a block holds
 * one step only: the comparison between two steps is never true and keeps them apart.
 */
export function tile4x8(k: i32, a: usize, b: usize, c: usize, ldc: usize, mode: i32, bias: usize): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);

  const pairs = ASC_FEATURE_RELAXED_SIMD ? 0 : k >> 1;
  let end = b + (<usize>pairs << 6);
  while (b != end) {
    {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      const a0 = v128.load32_splat(a);
      c00 = madd(c00, a0, b0);
      c01 = madd(c01, a0, b1);
      const a1 = v128.load32_splat(a, 4);
      c10 = madd(c10, a1, b0);
      c11 = madd(c11, a1, b1);
      const a2 = v128.load32_splat(a, 8);
      c20 = madd(c20, a2, b0);
      c21 = madd(c21, a2, b1);
      const a3 = v128.load32_splat(a, 12);
      c30 = madd(c30, a3, b0);
      c31 = madd(c31, a3, b1);
    }
    if (end == 1) break;
    {
      const b0 = v128.load(b, 32);
      const b1 = v128.load(b, 48);
      const a0 = v128.load32_splat(a, 16);
      c00 = madd(c00, a0, b0);
      c01 = madd(c01, a0, b1);
      const a1 = v128.load32_splat(a, 20);
      c10 = madd(c10, a1, b0);
      c11 = madd(c11, a1, b1);
      const a2 = v128.load32_splat(a, 24);
      c20 = madd(c20, a2, b0);
      c21 = madd(c21, a2, b1);
      const a3 = v128.load32_splat(a, 28);
      c30 = madd(c30, a3, b0);
      c31 = madd(c31, a3, b1);
    }
    a += 32;
    b += 64;
  }
  end = b + (<usize>(k - (pairs << 1)) << 5);
  while (b != end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    c00 = madd(c00, a0, b0);
    c01 = madd(c01, a0, b1);
    const a1 = v128.load32_splat(a, 4);
    c10 = madd(c10, a1, b0);
    c11 = madd(c11, a1, b1);
    const a2 = v128.load32_splat(a, 8);
    c20 = madd(c20, a2, b0);
    c21 = madd(c21, a2, b1);
    const a3 = v128.load32_splat(a, 12);
    c30 = madd(c30, a3, b0);
    c31 = madd(c31, a3, b1);
    a += 16;
    b += 32;
  }

  if (mode == 0) {
    v128.store(c, c00);
    v128.store(c, c01, 16);
    c += ldc;
    v128.store(c, c10);
    v128.store(c, c11, 16);
    c += ldc;
    v128.store(c, c20);
    v128.store(c, c21, 16);
    c += ldc;
    v128.store(c, c30);
    v128.store(c, c31, 16);
    return;
  }
  let p = f32x4.splat(0);
  let q = f32x4.splat(0);
  if (mode & BIAS_COLUMN) {
    p = v128.load(bias);
    q = v128.load(bias, 16);
  }
  const byRow = mode & BIAS_ROW;
  if (byRow) p = q = v128.load32_splat(bias);
  finish(c, 0, c00, mode, p);
  finish(c, 16, c01, mode, q);
  c += ldc;
  if (byRow) p = q = v128.load32_splat(bias, 4);
  finish(c, 0, c10, mode, p);
  finish(c, 16, c11, mode, q);
  c += ldc;
  if (byRow) p = q = v128.load32_splat(bias, 8);
  finish(c, 0, c20, mode, p);
  finish(c, 16, c21, mode, q);
  c += ldc;
  if (byRow) p = q = v128.load32_splat(bias, 12);
  finish(c, 0, c30, mode, p);
  finish(c, 16, c31, mode, q);
}
