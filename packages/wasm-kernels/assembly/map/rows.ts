// Rows of elements of 1 or 4 bytes (`shift` 0 or 2), one after the other or `step` bytes apart.

/** n elements of `bits`, of 1 or 4 bytes. */
export function fillRow(to: usize, bits: i32, shift: i32, n: i32): void {
  if (shift == 0) {
    memory.fill(to, <u8>bits, n);
    return;
  }
  const v = i32x4.splat(bits);
  const end = to + (<usize>(n >> 2) << 4);
  for (; to != end; to += 16) v128.store(to, v);
  for (let i = 0; i < (n & 3); i++) store<i32>(to + (<usize>i << 2), bits);
}

/** A call of the engine's own copy costs as much as some dozens of vectors. */
// @ts-ignore: decorator
@inline
function copyBytes(to: usize, x: usize, bytes: i32): void {
  if (bytes >= 1024) {
    memory.copy(to, x, bytes);
    return;
  }
  for (; bytes >= 16; bytes -= 16, x += 16, to += 16) v128.store(to, v128.load(x));
  for (; bytes >= 4; bytes -= 4, x += 4, to += 4) store<i32>(to, load<i32>(x));
  for (; bytes > 0; bytes--, x++, to++) store<u8>(to, load<u8>(x));
}

/** n elements of 1 or 4 bytes from `x` by steps of `sx` bytes to `to` by steps of `st`. */
export function copyRow(x: usize, sx: i32, to: usize, st: i32, shift: i32, n: i32): void {
  const size = 1 << shift;
  if (st == size) {
    if (sx == size) {
      copyBytes(to, x, n << shift);
      return;
    }
    if (sx == 0) {
      fillRow(to, shift == 0 ? <i32>load<u8>(x) : load<i32>(x), shift, n);
      return;
    }
  }
  if (shift == 0) {
    for (; n > 0; n--, x += sx, to += st) store<u8>(to, load<u8>(x));
  } else {
    for (; n > 0; n--, x += sx, to += st) store<i32>(to, load<i32>(x));
  }
}
