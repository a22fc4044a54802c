import { transpose4 } from '../gemm/pack';
import { CUBE_HALF, CUBE_TWO, ROOT_HALF, ROOT_TWO } from './matrices';

/** Stores A^T times the column (m0 ... m5), `step` bytes between its four elements. */
// @ts-ignore: decorator
@inline
function timesA(m0: v128, m1: v128, m2: v128, m3: v128, m4: v128, m5: v128, to: usize, step: usize): void {
  const s1 = f32x4.add(m1, m2);
  const d1 = f32x4.sub(m1, m2);
  const s2 = f32x4.add(m3, m4);
  const d2 = f32x4.sub(m3, m4);
  v128.store(to, f32x4.add(m0, f32x4.add(s1, s2)));
  v128.store(to + step, f32x4.add(f32x4.mul(f32x4.splat(ROOT_HALF), d1), f32x4.mul(f32x4.splat(ROOT_TWO), d2)));
  v128.store(to + 2 * step, f32x4.add(f32x4.mul(f32x4.splat(0.5), s1), f32x4.add(s2, s2)));
  v128.store(
    to + 3 * step,
    f32x4.add(m5, f32x4.add(f32x4.mul(f32x4.splat(CUBE_HALF), d1), f32x4.mul(f32x4.splat(CUBE_TWO), d2))),
  );
}

/**
 * A^T M A of four tiles of one output channel: the 36 products, four tiles each, stand `step` bytes apart from `from`.
 * to[row][tile] gets vectors of 4 neighbouring outputs, plus `bias`, at least 0 where `relu`. `work`: 448 bytes.
 */
export function transformOutput(from: usize, step: usize, bias: f32, relu: i32, to: usize, work: usize): void {
  const line = work + 24 * 16;
  for (let j: usize = 0; j < 6; j++) {
    const at = from + j * step;
    const down: usize = 6 * step;
    timesA(
      v128.load(at),
      v128.load(at + down),
      v128.load(at + 2 * down),
      v128.load(at + 3 * down),
      v128.load(at + 4 * down),
      v128.load(at + 5 * down),
      work + (j << 4),
      96,
    );
  }
  const add = f32x4.splat(bias);
  const zero = f32x4.splat(0);
  for (let i: usize = 0; i < 4; i++) {
    const at = work + i * 96;
    timesA(v128.load(at), v128.load(at, 16), v128.load(at, 32), v128.load(at, 48), v128.load(at, 64), v128.load(at, 80), line, 16);
    let y0 = f32x4.add(v128.load(line), add);
    let y1 = f32x4.add(v128.load(line, 16), add);
    let y2 = f32x4.add(v128.load(line, 32), add);
    let y3 = f32x4.add(v128.load(line, 48), add);
    if (relu) {
      y0 = f32x4.max(y0, zero);
      y1 = f32x4.max(y1, zero);
      y2 = f32x4.max(y2, zero);
      y3 = f32x4.max(y3, zero);
    }
    transpose4(y0, y1, y2, y3, to + (i << 6), 16);
  }
}
