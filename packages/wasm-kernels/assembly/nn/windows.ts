// The windows of a pool, as the host describes them: one i32 triple for each output position of each axis, depth first, then
// height, then width: the first tap inside the input; the end, behind the last; what an average that counts padding
// divides by.

const TRIPLE: usize = 12;

/** The triple of position i, of an axis whose triples begin at `axis`. */
// @ts-ignore: decorator
@inline
export function triple(axis: usize, i: i32): usize {
  return axis + <usize>i * TRIPLE;
}
// @ts-ignore: decorator
@inline
export function firstTap(triple: usize): i32 {
  return load<i32>(triple);
}
// @ts-ignore: decorator
@inline
export function endTap(triple: usize): i32 {
  return load<i32>(triple, 4);
}

/** What an average divides by along this axis. */
// @ts-ignore: decorator
@inline
export function extent(triple: usize, countPadding: i32): i32 {
  return countPadding ? load<i32>(triple, 8) : endTap(triple) - firstTap(triple);
}

/**
 * Writes to `rows` where in the plane the input rows of a row of windows begin, and returns how many they are; where there
 * are none the first is written all the same.
 */
export function rowsOf(z: usize, y: usize, dilationZ: i32, dilationY: i32, height: i32, width: i32, rows: usize): i32 {
  const y0 = firstTap(y);
  const y1 = endTap(y);
  let count = 0;
  store<i32>(rows, (firstTap(z) * height + y0) * width);
  for (let i = firstTap(z), last = endTap(z); i < last; i += dilationZ) {
    for (let j = y0; j < y1; j += dilationY, count++) store<i32>(rows + (<usize>count << 2), (i * height + j) * width);
  }
  return count;
}

/** Four floats, `stride` apart. */
// @ts-ignore: decorator
@inline
export function every(stride: i32, x: usize): v128 {
  if (stride == 1) return v128.load(x);
  if (stride == 2) return v128.shuffle<i32>(v128.load(x), v128.load(x, 16), 0, 2, 4, 6);
  const step = <usize>stride << 2;
  let v = v128.load32_splat(x);
  v = v128.load_lane<i32>(x + step, v, 1);
  v = v128.load_lane<i32>(x + 2 * step, v, 2);
  return v128.load_lane<i32>(x + 3 * step, v, 3);
}
