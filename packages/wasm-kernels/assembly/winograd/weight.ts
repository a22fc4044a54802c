import { MR } from '../gemm/tile';
import { scratch } from '../scratch';
import { PRODUCTS, ROOT_HALF, ROOT_TWO } from './matrices';

/** Stores G times the column (g0, g1, g2), `step` bytes between its six elements. */
// @ts-ignore: decorator
@inline
function timesG(g0: v128, g1: v128, g2: v128, to: usize, step: usize): void {
  const sixth = f32x4.splat(1.0 / 6.0);
  const twoThirds = f32x4.splat(-2.0 / 3.0);
  // [1, p, p²] / f'(p): f' is -3/2 at ±√½ and 6 at ±√2.
  const even1 = f32x4.mul(twoThirds, f32x4.add(g0, f32x4.mul(f32x4.splat(0.5), g2)));
  const odd1 = f32x4.mul(twoThirds, f32x4.mul(f32x4.splat(ROOT_HALF), g1));
  const even2 = f32x4.mul(sixth, f32x4.add(g0, f32x4.add(g2, g2)));
  const odd2 = f32x4.mul(sixth, f32x4.mul(f32x4.splat(ROOT_TWO), g1));
  v128.store(to, g0);
  v128.store(to + step, f32x4.add(even1, odd1));
  v128.store(to + 2 * step, f32x4.sub(even1, odd1));
  v128.store(to + 3 * step, f32x4.add(even2, odd2));
  v128.store(to + 4 * step, f32x4.sub(even2, odd2));
  v128.store(to + 5 * step, g2);
}

/**
 * G g G^T of every 3x3 kernel, as 36 matrices [rows, k] that are packed as `gemm_pack_a` does, one block of K; matrices are
 * 4 * ceil(rows / 4) * k floats apart. The kernel of (row, kk) begins `row * rowStep + kk * kStep` floats into its group's
 * weight, groups are `groupStep` floats apart; `flip` turns it by 180 degrees (input gradients).
 * An item is a panel of 4 rows of one group. Scratch: 1024 bytes.
 */
export function winograd_weight(
  weight: usize,
  rows: i32,
  k: i32,
  rowStep: i32,
  kStep: i32,
  groupStep: i32,
  flip: i32,
  to: usize,
  begin: i32,
  end: i32,
): void {
  const panels = (rows + MR - 1) / MR;
  const matrix = <usize>(panels * MR) * <usize>k << 2;
  const nine = scratch;
  const half = scratch + 9 * 16;
  for (let item = begin; item < end; item++) {
    const group = item / panels;
    const row = (item - group * panels) * MR;
    const left = min(MR, rows - row);
    const from = weight + ((<usize>group * <usize>groupStep + <usize>row * <usize>rowStep) << 2);
    let panel = to + <usize>group * <usize>PRODUCTS * matrix + (<usize>row * <usize>k << 2);
    for (let i = 0; i < k; i++, panel += 16) {
      // Lanes are rows.
      for (let r = 0; r < MR; r++) {
        const at = from + ((<usize>r * <usize>rowStep + <usize>i * <usize>kStep) << 2);
        const lane = nine + (<usize>r << 2);
        for (let q = 0; q < 9; q++) store<f32>(lane + (<usize>(flip ? 8 - q : q) << 4), r < left ? load<f32>(at + (<usize>q << 2)) : 0);
      }
      for (let j: usize = 0; j < 3; j++) {
        timesG(v128.load(nine + (j << 4)), v128.load(nine + ((3 + j) << 4)), v128.load(nine + ((6 + j) << 4)), half + (j << 4), 48);
      }
      for (let a: usize = 0; a < 6; a++) {
        const at = half + a * 48;
        timesG(v128.load(at), v128.load(at, 16), v128.load(at, 32), panel + a * 6 * matrix, matrix);
      }
    }
  }
}
