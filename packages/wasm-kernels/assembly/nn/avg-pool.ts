import { sumOf } from '../double';
import { storeFirst } from '../lanes';
import { scratch } from '../scratch';
import { endTap, every, extent, firstTap, rowsOf, triple } from './windows';

/** The sum over one window [x0, x1) of `count` rows. */
function window(x: usize, rows: usize, count: i32, x0: i32, x1: i32): f64 {
  let sum: f64 = 0;
  for (let r = 0; r < count; r++) {
    const row = x + (<usize>(load<i32>(rows + (<usize>r << 2)) + x0) << 2);
    if (x1 - x0 >= 4) sum += sumOf(x1 - x0, row);
    else for (let i = 0; i < x1 - x0; i++) sum += load<f32>(row + (<usize>i << 2));
  }
  return sum;
}

/** As `window`, four of them: from x0, x0 + stride, ..., each of `taps` columns. */
// @ts-ignore: decorator
@inline
function windows4(stride: i32, x: usize, rows: usize, count: i32, x0: i32, taps: i32): v128 {
  let sum = f32x4.splat(0);
  for (let r = 0; r < count; r++) {
    let from = x + (<usize>(load<i32>(rows + (<usize>r << 2)) + x0) << 2);
    // A sum for each row keeps the rounding of great windows small.
    let row = every(stride, from);
    for (let tap = 1; tap < taps; tap++) {
      from += 4;
      row = f32x4.add(row, every(stride, from));
    }
    sum = f32x4.add(sum, row);
  }
  return sum;
}

/**
 * Averages of x [planes, *inSize]: sums over the windows by their extents, those of the window clipped to the input or,
 * where `countPadding`, to the padded input. Windows, `taps`, `stride`, [left, right), scratch: as `max_pool`, without
 * dilation. An item is a plane.
 */
export function avg_pool(
  x: usize,
  out: usize,
  table: usize,
  inDepth: i32,
  inHeight: i32,
  inWidth: i32,
  outDepth: i32,
  outHeight: i32,
  outWidth: i32,
  countPadding: i32,
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
  const vectors = right - left >= 4;
  for (let item = begin; item < end; item++) {
    const plane = x + ((<usize>item * inPlane) << 2);
    let to = out + ((<usize>item * outPlane) << 2);
    for (let z = 0; z < outDepth; z++) {
      for (let y = 0; y < outHeight; y++) {
        const depth = triple(table, z);
        const height = triple(heights, y);
        const count = rowsOf(depth, height, 1, 1, inHeight, inWidth, rows);
        const area = extent(depth, countPadding) * extent(height, countPadding);
        for (let i = 0; i < outWidth; i++) {
          const column = triple(widths, i);
          if (vectors && i == left) {
            const divisor = f32x4.splat(<f32>(area * taps));
            for (let j = left; ; j = min(j + 4, right - 4)) {
              const x0 = firstTap(triple(widths, j));
              // A loop for each stride that is common: it is the loads that differ.
              let sum: v128;
              if (stride == 1) sum = windows4(1, plane, rows, count, x0, taps);
              else if (stride == 2) sum = windows4(2, plane, rows, count, x0, taps);
              else sum = windows4(stride, plane, rows, count, x0, taps);
              v128.store(to + (<usize>j << 2), f32x4.div(sum, divisor));
              if (j + 4 == right) break;
            }
            i = right - 1;
          } else {
            const sum = window(plane, rows, count, firstTap(column), endTap(column));
            store<f32>(to + (<usize>i << 2), <f32>(sum / <f64>(area * extent(column, countPadding))));
          }
        }
        to += <usize>outWidth << 2;
      }
    }
  }
}

/**
 * dx [planes, *inSize] of `avg_pool`: each window's dy, divided as there, is added to all of its elements. An item is a
 * plane. Scratch: 64 + 4 * (rows of a window + inWidth) bytes.
 */
export function avg_pool_grad(
  dy: usize,
  dx: usize,
  table: usize,
  inDepth: i32,
  inHeight: i32,
  inWidth: i32,
  outDepth: i32,
  outHeight: i32,
  outWidth: i32,
  countPadding: i32,
  begin: i32,
  end: i32,
): void {
  const heights = triple(table, outDepth);
  const widths = triple(heights, outHeight);
  const inPlane = <usize>inDepth * <usize>inHeight * <usize>inWidth;
  const outPlane = <usize>outDepth * <usize>outHeight * <usize>outWidth;
  // What a row of windows adds is the same for all of its input rows.
  const line = scratch;
  const rows = scratch + ((<usize>inWidth + 4) << 2);
  for (let item = begin; item < end; item++) {
    const plane = dx + ((<usize>item * inPlane) << 2);
    let from = dy + ((<usize>item * outPlane) << 2);
    memory.fill(plane, 0, inPlane << 2);
    for (let z = 0; z < outDepth; z++) {
      for (let y = 0; y < outHeight; y++) {
        const depth = triple(table, z);
        const height = triple(heights, y);
        const area = extent(depth, countPadding) * extent(height, countPadding);
        memory.fill(line, 0, <usize>inWidth << 2);
        for (let i = 0; i < outWidth; i++, from += 4) {
          const column = triple(widths, i);
          const share = load<f32>(from) / <f32>(area * extent(column, countPadding));
          const last = line + (<usize>endTap(column) << 2);
          for (let to = line + (<usize>firstTap(column) << 2); to < last; to += 4) store<f32>(to, load<f32>(to) + share);
        }
        const count = rowsOf(depth, height, 1, 1, inHeight, inWidth, rows);
        for (let r = 0; r < count; r++) {
          const to = plane + (<usize>load<i32>(rows + (<usize>r << 2)) << 2);
          for (let i = 0; i < inWidth; i += 4) {
            const at = <usize>i << 2;
            storeFirst(to + at, f32x4.add(v128.load(to + at), v128.load(line + at)), inWidth - i);
          }
        }
      }
    }
  }
}
