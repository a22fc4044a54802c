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

/**
 * As `window`, four of them: from x0, x0 + stride, ..., each of `taps` columns. Returns whether one of them met a NaN: then
 * what is written is not their result.
 */
// @ts-ignore: decorator
@inline
function windows4(stride: i32, x: usize, rows: usize, count: i32, x0: i32, taps: i32, dilation: i32, out: usize, at: usize): bool {
  const lanes = i32x4.mul(i32x4.splat(stride), i32x4(0, 1, 2, 3));
  const next = i32x4.splat(dilation);
  let best = f32x4.splat(-Infinity);
  let where = i32x4.add(i32x4.splat(load<i32>(rows) + x0), lanes);
  let unordered = f32x4.splat(0);
  for (let r = 0; r < count; r++) {
    const first = load<i32>(rows + (<usize>r << 2)) + x0;
    let from = x + (<usize>first << 2);
    let position = i32x4.add(i32x4.splat(first), lanes);
    for (let tap = 0; tap < taps; tap++) {
      const v = every(stride, from);
      where = v128.bitselect(position, where, f32x4.gt(v, best));
      best = f32x4.pmax(best, v);
      unordered = v128.or(unordered, f32x4.ne(v, v));
      position = i32x4.add(position, next);
      from += <usize>dilation << 2;
    }
  }
  v128.store(out, best);
  v128.store(at, where);
  return v128.any_true(unordered);
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
              const x0 = firstTap(triple(widths, j));
              // A loop for each stride that is common: it is the loads that differ.
              let nan: bool;
              if (stride == 1) nan = windows4(1, plane, rows, count, x0, taps, dilationX, out + four, indices + four);
              else if (stride == 2) nan = windows4(2, plane, rows, count, x0, taps, dilationX, out + four, indices + four);
              else nan = windows4(stride, plane, rows, count, x0, taps, dilationX, out + four, indices + four);
              for (let k = j; nan && k < j + 4; k++) {
                const one = at + (<usize>k << 2);
                const column = triple(widths, k);
                window(plane, rows, count, firstTap(column), endTap(column), dilationX, out + one, indices + one);
              }
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
