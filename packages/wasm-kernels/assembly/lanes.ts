// The last vector of a row, of which only some lanes are meant.

/** All bits set in the first `count` lanes (none for 0 or less, all for 4 or more). */
// @ts-ignore: decorator
@inline
export function firstLanes(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

/** Stores the first `count` lanes, all where it is 4 or more: nothing behind them is written. */
// @ts-ignore: decorator
@inline
export function storeFirst(to: usize, v: v128, count: i32): void {
  if (count >= 4) v128.store(to, v);
  else storeSome(to, v, count);
}

function storeSome(to: usize, v: v128, count: i32): void {
  if (count >= 2) {
    v128.store_lane<i64>(to, v, 0);
    if (count > 2) v128.store_lane<i32>(to, v, 2, 8);
  } else if (count == 1) v128.store_lane<i32>(to, v, 0);
}
