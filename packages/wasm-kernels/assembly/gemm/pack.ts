// Packing: rows of a matrix into panels [k][R] that a tile reads one after the other. `R` is 4 (A) or 8 (B).

/** Four vectors of four rows become four of four columns, `step` bytes apart. */
// @ts-ignore: decorator
@inline
export function transpose4(r0: v128, r1: v128, r2: v128, r3: v128, to: usize, step: usize): void {
  const x0 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
  const x1 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const x2 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const x3 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(x0, x2, 0, 2));
  v128.store(to + step, v128.shuffle<i64>(x0, x2, 1, 3));
  v128.store(to + 2 * step, v128.shuffle<i64>(x1, x3, 0, 2));
  v128.store(to + 3 * step, v128.shuffle<i64>(x1, x3, 1, 3));
}

/** to[k][4] = from[row][k]: `rows` (1 to 4) rows, `ld` bytes apart; missing rows become 0. */
export function packRows4(k: i32, rows: i32, from: usize, ld: usize, to: usize): void {
  let s0 = from;
  let s1 = rows > 1 ? from + ld : from;
  let s2 = rows > 2 ? from + 2 * ld : from;
  let s3 = rows > 3 ? from + 3 * ld : from;
  const end4 = to + (<usize>(k >> 2) << 6);
  const end = to + (<usize>k << 4);
  const start = to;
  while (to != end4) {
    transpose4(v128.load(s0), v128.load(s1), v128.load(s2), v128.load(s3), to, 16);
    s0 += 16;
    s1 += 16;
    s2 += 16;
    s3 += 16;
    to += 64;
  }
  while (to != end) {
    store<f32>(to, load<f32>(s0));
    store<f32>(to, load<f32>(s1), 4);
    store<f32>(to, load<f32>(s2), 8);
    store<f32>(to, load<f32>(s3), 12);
    s0 += 4;
    s1 += 4;
    s2 += 4;
    s3 += 4;
    to += 16;
  }
  if (rows == 4) return;
  // Zeros, not copies: a tile's unused rows must not meet infinities that slow nothing but confuse a reader of dumps.
  for (let at = start; at != end; at += 16) for (let i = rows; i < 4; i++) store<f32>(at + (<usize>i << 2), 0);
}

/** to[k][4] = from[k][column]: `columns` (1 to 4) of rows `ld` bytes apart; missing columns become 0. */
export function packColumns4(k: i32, columns: i32, from: usize, ld: usize, to: usize): void {
  const end = to + (<usize>k << 4);
  if (columns == 4) {
    for (; to != end; to += 16, from += ld) v128.store(to, v128.load(from));
    return;
  }
  for (; to != end; to += 16, from += ld) {
    v128.store(to, f32x4.splat(0));
    for (let j = 0; j < columns; j++) store<f32>(to + (<usize>j << 2), load<f32>(from + (<usize>j << 2)));
  }
}

/** to[k][8] = from[row][k]: `rows` (1 to 8) rows, `ld` bytes apart; the panel's missing columns repeat the first row. */
export function packRows8(k: i32, rows: i32, from: usize, ld: usize, to: usize): void {
  let s0 = from;
  let s1 = rows > 1 ? from + ld : from;
  let s2 = rows > 2 ? from + 2 * ld : from;
  let s3 = rows > 3 ? from + 3 * ld : from;
  let s4 = rows > 4 ? from + 4 * ld : from;
  let s5 = rows > 5 ? from + 5 * ld : from;
  let s6 = rows > 6 ? from + 6 * ld : from;
  let s7 = rows > 7 ? from + 7 * ld : from;
  const end4 = to + (<usize>(k >> 2) << 7);
  const end = to + (<usize>k << 5);
  while (to != end4) {
    transpose4(v128.load(s0), v128.load(s1), v128.load(s2), v128.load(s3), to, 32);
    transpose4(v128.load(s4), v128.load(s5), v128.load(s6), v128.load(s7), to + 16, 32);
    s0 += 16;
    s1 += 16;
    s2 += 16;
    s3 += 16;
    s4 += 16;
    s5 += 16;
    s6 += 16;
    s7 += 16;
    to += 128;
  }
  while (to != end) {
    store<f32>(to, load<f32>(s0));
    store<f32>(to, load<f32>(s1), 4);
    store<f32>(to, load<f32>(s2), 8);
    store<f32>(to, load<f32>(s3), 12);
    store<f32>(to, load<f32>(s4), 16);
    store<f32>(to, load<f32>(s5), 20);
    store<f32>(to, load<f32>(s6), 24);
    store<f32>(to, load<f32>(s7), 28);
    s0 += 4;
    s1 += 4;
    s2 += 4;
    s3 += 4;
    s4 += 4;
    s5 += 4;
    s6 += 4;
    s7 += 4;
    to += 32;
  }
}

/**
 * to[k][8] = from[k][column]: the next 8 columns of rows `ld` bytes apart. Where fewer are left it reads on, into what
 * follows: every buffer has room behind it, and a tile's unused columns may hold anything.
 */
export function packColumns8(k: i32, from: usize, ld: usize, to: usize): void {
  const end = to + (<usize>k << 5);
  for (; to != end; to += 32, from += ld) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
  }
}
