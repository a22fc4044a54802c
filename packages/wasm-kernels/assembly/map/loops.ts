// Loops over contiguous elements. What a kind does to a vector is a class without fields; each loop is compiled once for
// each kind, as a function of its own: engines optimise what is hot function by function, and this keeps them small. Operands may be read up to 64 bytes beyond their end, which heap blocks allow; results are not written beyond.
import { scratch } from '../scratch';
import { prepareExp } from './math';

/** Of scratch: 16 bytes for the tail of a row, then constants, up to byte 512. */
// @ts-ignore: decorator
@inline const CONSTANTS: usize = 16;

/** Elements of 4 bytes, n of them (1 to 3), from the first lanes. */
// @ts-ignore: decorator
@inline
export function storePart(out: usize, v: v128, n: i32): void {
  if (n & 2) {
    v128.store64_lane(out, v, 0);
    if (n & 1) v128.store32_lane(out, v, 2, 8);
  } else v128.store32_lane(out, v, 0);
}

/** The first n (1 to 15) bytes. */
// @ts-ignore: decorator
@inline
export function storeBytes(out: usize, v: v128, n: i32): void {
  v128.store(scratch, v);
  memory.copy(out, scratch, n);
}

export function loop1<K>(x: usize, out: usize, n: i32): void {
  const kind = changetype<K>(0);
  const end = out + (<usize>(n >> 2) << 4);
  while (out != end) {
    v128.store(out, kind.of(v128.load(x)));
    x += 16;
    out += 16;
  }
  if (n & 3) storePart(out, kind.of(v128.load(x)), n & 3);
}

/** As `loop1`, for kinds with the constants of `prepareExp`. */
export function expLoop<K>(x: usize, out: usize, n: i32): void {
  const kind = changetype<K>(0);
  const k = scratch + CONSTANTS;
  prepareExp(k);
  const end = out + (<usize>(n >> 2) << 4);
  // Two at a time share the loads of constants.
  const end2 = out + (<usize>(n >> 3) << 5);
  while (out != end2) {
    const y0 = kind.of(v128.load(x), k);
    const y1 = kind.of(v128.load(x, 16), k);
    v128.store(out, y0);
    v128.store(out, y1, 16);
    x += 32;
    out += 32;
  }
  while (out != end) {
    v128.store(out, kind.of(v128.load(x), k));
    x += 16;
    out += 16;
  }
  if (n & 3) storePart(out, kind.of(v128.load(x), k), n & 3);
}

export function loop2<K>(a: usize, b: usize, out: usize, n: i32): void {
  const kind = changetype<K>(0);
  const end = out + (<usize>(n >> 2) << 4);
  while (out != end) {
    v128.store(out, kind.of(v128.load(a), v128.load(b)));
    a += 16;
    b += 16;
    out += 16;
  }
  if (n & 3) storePart(out, kind.of(v128.load(a), v128.load(b)), n & 3);
}

/** Four masks of four lanes become sixteen bytes of 0 and 1. */
// @ts-ignore: decorator
@inline
function truths(m0: v128, m1: v128, m2: v128, m3: v128): v128 {
  const bytes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(m0, m1), i16x8.narrow_i32x4_s(m2, m3));
  return v128.and(bytes, i8x16.splat(1));
}

// @ts-ignore: decorator
@inline
function compare16<K>(a: usize, b: usize): v128 {
  const kind = changetype<K>(0);
  return truths(
    kind.of(v128.load(a), v128.load(b)),
    kind.of(v128.load(a, 16), v128.load(b, 16)),
    kind.of(v128.load(a, 32), v128.load(b, 32)),
    kind.of(v128.load(a, 48), v128.load(b, 48)),
  );
}

/** Operands of 4 bytes, results of 1: `K` gives masks. */
export function compareLoop<K>(a: usize, b: usize, out: usize, n: i32): void {
  const end = out + (n & ~15);
  while (out != end) {
    v128.store(out, compare16<K>(a, b));
    a += 64;
    b += 64;
    out += 16;
  }
  if (n & 15) storeBytes(out, compare16<K>(a, b), n & 15);
}

/** Bytes of 0 and 1; of `K`'s results the last bit counts. */
export function byteLoop<K>(a: usize, b: usize, out: usize, n: i32): void {
  const kind = changetype<K>(0);
  const one = i8x16.splat(1);
  const end = out + (n & ~15);
  while (out != end) {
    v128.store(out, v128.and(kind.of(v128.load(a), v128.load(b)), one));
    a += 16;
    b += 16;
    out += 16;
  }
  if (n & 15) storeBytes(out, v128.and(kind.of(v128.load(a), v128.load(b)), one), n & 15);
}

/** out = condition ? a : b, in elements of 4 bytes. */
// @ts-ignore: decorator
@inline
function select4(condition: usize, a: usize, b: usize): v128 {
  const bits = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(condition)));
  return v128.bitselect(v128.load(a), v128.load(b), v128.ne<i32>(bits, i32x4.splat(0)));
}

export function whereLoop(condition: usize, a: usize, b: usize, out: usize, n: i32): void {
  const end = out + (<usize>(n >> 2) << 4);
  while (out != end) {
    v128.store(out, select4(condition, a, b));
    condition += 4;
    a += 16;
    b += 16;
    out += 16;
  }
  if (n & 3) storePart(out, select4(condition, a, b), n & 3);
}

// @ts-ignore: decorator
@inline
function select16(condition: usize, a: usize, b: usize): v128 {
  return v128.bitselect(v128.load(a), v128.load(b), v128.ne<i8>(v128.load(condition), i8x16.splat(0)));
}

export function whereBytes(condition: usize, a: usize, b: usize, out: usize, n: i32): void {
  const end = out + (n & ~15);
  while (out != end) {
    v128.store(out, select16(condition, a, b));
    condition += 16;
    a += 16;
    b += 16;
    out += 16;
  }
  if (n & 15) storeBytes(out, select16(condition, a, b), n & 15);
}
