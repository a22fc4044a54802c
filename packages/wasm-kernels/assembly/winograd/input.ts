import { transpose4 } from '../gemm/pack';
import { ROOT_HALF, ROOT_TWO } from './matrices';

/** Stores B^T times the column (d0 ... d5), `step` bytes between its six elements. */
// @ts-ignore: decorator
@inline
function timesB(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, step: usize, half: v128, two: v128): void {
  const mid = f32x4.splat(2.5);
  const even1 = f32x4.sub(d4, f32x4.add(d2, d2));
  const odd1 = f32x4.sub(f32x4.mul(half, d3), f32x4.mul(two, d1));
  const even2 = f32x4.sub(d4, f32x4.mul(f32x4.splat(0.5), d2));
  const odd2 = f32x4.sub(f32x4.mul(two, d3), f32x4.mul(half, d1));
  v128.store(to, f32x4.sub(f32x4.add(d0, d4), f32x4.mul(mid, d2)));
  v128.store(to + step, f32x4.add(even1, odd1));
  v128.store(to + 2 * step, f32x4.sub(even1, odd1));
  v128.store(to + 3 * step, f32x4.add(even2, odd2));
  v128.store(to + 4 * step, f32x4.sub(even2, odd2));
  v128.store(to + 5 * step, f32x4.sub(f32x4.add(d1, d5), f32x4.mul(mid, d3)));
}

/**
 * B^T d B of four tiles of one channel, whose 6x6 inputs begin at p0 ... p3 in rows `row` bytes apart. The 36 results, four
 * tiles each, go to `to`, `step` bytes apart. `work`: 720 bytes.
 */
export function transformInput(p0: usize, p1: usize, p2: usize, p3: usize, row: usize, to: usize, step: usize, work: usize): void {
  const half = f32x4.splat(ROOT_HALF);
  const two = f32x4.splat(ROOT_TWO);
  const line = work;
  const rows = work + 6 * 16;
  // Along each row: lanes become tiles.
  for (let i: usize = 0; i < 6; i++) {
    transpose4(v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), line, 16);
    const r01 = v128.shuffle<i32>(v128.load64_zero(p0, 16), v128.load64_zero(p1, 16), 0, 4, 1, 5);
    const r23 = v128.shuffle<i32>(v128.load64_zero(p2, 16), v128.load64_zero(p3, 16), 0, 4, 1, 5);
    timesB(
      v128.load(line),
      v128.load(line, 16),
      v128.load(line, 32),
      v128.load(line, 48),
      v128.shuffle<i64>(r01, r23, 0, 2),
      v128.shuffle<i64>(r01, r23, 1, 3),
      rows + i * 96,
      16,
      half,
      two,
    );
    p0 += row;
    p1 += row;
    p2 += row;
    p3 += row;
  }
  // Along each column.
  for (let j: usize = 0; j < 6; j++) {
    const at = rows + (j << 4);
    timesB(
      v128.load(at),
      v128.load(at, 96),
      v128.load(at, 192),
      v128.load(at, 288),
      v128.load(at, 384),
      v128.load(at, 480),
      to + j * step,
      6 * step,
      half,
      two,
    );
  }
}
