import { scratch } from '../scratch';
import { endTap, every, firstTap, rowsOf, triple } from './windows';

/** The greatest of one window [x0, x1) of `count` rows: the first of equals, the first NaN of all. */
function window(x: usize, rows: usize, count: i32, x0: i32, x1: i32, dilation: i32, out: usize, at: usize): void {
  let best: f32 = -Infinity;
  let where = load<i32>(rows) + x0;
  for (let r = 0; r < count; r++) {
    const row = load<i32>(rows + (<usize>r << 2));
    for (let i = row + x0; i < row + x1; i += dilation) {
      const v = load<f32>(x + (<usize>i << 2));
      if (!(v <= best) && best == best) {
        best = v;
        where = i;
      }
    }
  }
  store<f32>(out, best);
  store<i32>(at, where);
}

/** As `window`, four of them: from x0, x0 + stride, ..., each of `taps` columns. */
// @ts-ignore: decorator
@inline
function windows4(x: usize, rows: usize, count: i32, x0: i32, taps: i32, dilation: i32, stride: i32, out: usize, at: usize): void {
  const lanes = i32x4.mul(i32x4.splat(stride), i32x4(0, 1, 2, 3));
  let best = f32x4.splat(-Infinity);
  let where = i32x4.add(i32x4.splat(load<i32>(rows) + x0), lanes);
  for (let r = 0; r < count; r++) {
    let i = load<i32>(rows + (<usize>r << 2)) + x0;
    for (let tap = 0; tap < taps; tap++, i += dilation) {
      const v = every(stride, x + (<usize>i << 2));
      const better = v128.andnot(f32x4.eq(best, best), f32x4.le(v, best));
      best = v128.bitselect(v, best, better);
      where = v128.bitselect(i32x4.add(i32x4.splat(i), lanes), where, better);
    }
  }
  v128.store(out, best);
  v128.store(at, where);
}

/**
 * Maxima of x [planes, *inSize] and their positions within the plane (`indices`, i32). Windows: see windows.ts; taps are
 * `dilation` apart, `taps` of them in a row, windows of a row are `stride` apart, and those of [left, right) lie inside
 * the input's width. An item is a plane. Scratch: 4 bytes for each row of a window.
 */
export function max_pool(
  x: usize,
  out: usize,
  indices: usize,
  table: usize,
  inDepth: i32,
  inHeight: i32,
  inWidth: i32,
  outDepth: i32,
  outHeight: i32,
  outWidth: i32,
  dilationZ: i32,
  dilationY: i32,
  dilationX: i32,
  taps: i32,
  stride: i32,
  left: i32,
  right: i32,
  begin: i32,
  end: i32,
): void {
  const heights = triple(table, outDepth);
  const widths = triple(heights, outHeight);
  const rows = scratch;
  const inPlane = <usize>inDepth * <usize>inHeight * <usize>inWidth;
  const outPlane = <usize>outDepth * <usize>outHeight * <usize>outWidth;
  // Fewer than four are left to the scalar loop: the last vector of a row begins where it ends with the row.
  const vectors = right - left >= 4;
  for (let item = begin; item < end; item++) {
    const plane = x + ((<usize>item * inPlane) << 2);
    let at = (<usize>item * outPlane) << 2;
    for (let z = 0; z < outDepth; z++) {
      for (let y = 0; y < outHeight; y++) {
        const count = rowsOf(triple(table, z), triple(heights, y), dilationZ, dilationY, inHeight, inWidth, rows);
        for (let i = 0; i < outWidth; i++) {
          const to = at + (<usize>i << 2);
          const column = triple(widths, i);
          if (vectors && i == left) {
            for (let j = left; ; j = min(j + 4, right - 4)) {
              const four = at + (<usize>j << 2);
              windows4(plane, rows, count, firstTap(triple(widths, j)), taps, dilationX, stride, out + four, indices + four);
              if (j + 4 == right) break;
            }
            i = right - 1;
          } else window(plane, rows, count, firstTap(column), endTap(column), dilationX, out + to, indices + to);
        }
        at += <usize>outWidth << 2;
      }
    }
  }
}

/**
 * dx [planes, inPlane] = dy [planes, outPlane] added up at its `indices`; an index outside of the plane adds nothing.
 * An item is a plane.
 */
export function max_pool_grad(dy: usize, indices: usize, dx: usize, inPlane: i32, outPlane: i32, begin: i32, end: i32): void {
  for (let item = begin; item < end; item++) {
    const to = dx + ((<usize>item * <usize>inPlane) << 2);
    const first = (<usize>item * <usize>outPlane) << 2;
    memory.fill(to, 0, <usize>inPlane << 2);
    for (let i: usize = first, last = first + (<usize>outPlane << 2); i != last; i += 4) {
      const index = load<u32>(indices + i);
      if (index >= <u32>inPlane) continue;
      const at = to + (<usize>index << 2);
      store<f32>(at, load<f32>(at) + load<f32>(dy + i));
    }
  }
}
