import { scratch } from '../scratch';
import { binary } from './binary';
import { MapKind } from './kinds';
import { unary } from './unary';

/** Elements of an operand that are made contiguous at a time. */
// @ts-ignore: decorator
@inline const CHUNK: i32 = 512;
/** Bytes of scratch for them, and the tail of a row before: what a loop may read beyond its end is scratch, too. */
// @ts-ignore: decorator
@inline const STAGE: usize = 2176;
// @ts-ignore: decorator
@inline const TAIL: usize = 128;

// @ts-ignore: decorator
@inline
function apply(kind: i32, a: usize, b: usize, c: usize, out: usize, n: i32): void {
  if (kind < MapKind.f32_add) unary(kind, a, out, n);
  else binary(kind, a, b, c, out, n);
}

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

/** n elements of 1 or 4 bytes from `x` by steps of `sx` bytes to `to` by steps of `st`. */
export function copyRow(x: usize, sx: i32, to: usize, st: i32, shift: i32, n: i32): void {
  const size = 1 << shift;
  if (st == size) {
    if (sx == size) {
      memory.copy(to, x, <usize>n << shift);
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

/** An operand of a contiguous map as a row of n elements: itself, or n times its one value in `stage`. */
// @ts-ignore: decorator
@inline
function spread(x: usize, mode: i32, shift: i32, n: i32, stage: usize): usize {
  if (mode == 0) return x;
  fillRow(stage, mode == 1 ? <i32>x : shift == 0 ? <i32>load<u8>(x) : load<i32>(x), shift, n);
  return stage;
}

/**
 * out[i] = f(a[i], b[i], c[i]) for the function `kind` (a `MapKind`) over contiguous elements; operands that the function
 * does not have are 0. An item is an element.
 * `layout`, from bit 0 on: two bits for each of a, b, c: 0 an array; 1 the number itself, its bits in place of an address;
 * 2 the address of one element that stands for all. From bit 8 on: a bit for each of a, b, c, out: elements are bytes.
 * Scratch: 8192 bytes.
 */
export function map(kind: i32, a: usize, b: usize, c: usize, out: usize, layout: i32, begin: i32, end: i32): void {
  const shiftA = (layout >> 8) & 1 ? 0 : 2;
  const shiftB = (layout >> 9) & 1 ? 0 : 2;
  const shiftC = (layout >> 10) & 1 ? 0 : 2;
  const shiftOut = (layout >> 11) & 1 ? 0 : 2;
  const n = end - begin;
  out += <usize>begin << shiftOut;
  if ((layout & 63) == 0) {
    apply(kind, a + (<usize>begin << shiftA), b + (<usize>begin << shiftB), c + (<usize>begin << shiftC), out, n);
    return;
  }
  const stage = scratch + TAIL;
  const most = min(n, CHUNK);
  let x = spread(a, layout & 3, shiftA, most, stage);
  let y = spread(b, (layout >> 2) & 3, shiftB, most, stage + STAGE);
  let z = spread(c, (layout >> 4) & 3, shiftC, most, stage + 2 * STAGE);
  const stepA: usize = layout & 3 ? 0 : <usize>CHUNK << shiftA;
  const stepB: usize = layout & 12 ? 0 : <usize>CHUNK << shiftB;
  const stepC: usize = layout & 48 ? 0 : <usize>CHUNK << shiftC;
  if (stepA) x += <usize>begin << shiftA;
  if (stepB) y += <usize>begin << shiftB;
  if (stepC) z += <usize>begin << shiftC;
  for (let i = 0; i < n; i += CHUNK) {
    apply(kind, x, y, z, out, min(CHUNK, n - i));
    x += stepA;
    y += stepB;
    z += stepC;
    out += <usize>CHUNK << shiftOut;
  }
}

// A table describes operands of any strides, in words of 4 bytes: the operands' addresses (a, b, c, out), their steps along
// a row in bytes, a bit for each whose elements are bytes, elements of a row, elements of a block (an item), the number of
// axes besides the row; for each of these, innermost first, its size and the operands' steps.
// @ts-ignore: decorator
@inline const AXES: usize = 48;
// @ts-ignore: decorator
@inline const AXIS: usize = 20;

/** Bytes from an operand's address to where its row number `row` begins. */
// @ts-ignore: decorator
@inline
function rowAt(table: usize, operand: usize, row: i32): usize {
  let at = load<usize>(table + operand);
  let axis = table + AXES;
  for (let left = load<i32>(table, 44); left > 0; left--, axis += AXIS) {
    const size = load<i32>(axis);
    const next = row / size;
    at += <usize>(row - next * size) * load<usize>(axis + operand, 4);
    row = next;
  }
  return at;
}

// @ts-ignore: decorator
@inline
function staged(x: usize, step: i32, shift: i32, n: i32, stage: usize, first: bool): usize {
  if (step == 1 << shift) return x;
  if (step != 0 || first) copyRow(x, step, stage, 1 << shift, shift, n);
  return stage;
}

/**
 * As `map`, for operands of any strides: see the table above. Elements that are not contiguous are gathered and scattered
 * a chunk at a time. An item is a block of a row. Scratch: 9216 bytes.
 */
export function map_strided(kind: i32, table: usize, begin: i32, end: i32): void {
  const stepA = load<i32>(table, 16);
  const stepB = load<i32>(table, 20);
  const stepC = load<i32>(table, 24);
  const stepOut = load<i32>(table, 28);
  const bytes = load<i32>(table, 32);
  const n = load<i32>(table, 36);
  const block = load<i32>(table, 40);
  const shiftA = bytes & 1 ? 0 : 2;
  const shiftB = bytes & 2 ? 0 : 2;
  const shiftC = bytes & 4 ? 0 : 2;
  const shiftOut = bytes & 8 ? 0 : 2;
  const direct = stepA == 1 << shiftA && stepB == 1 << shiftB && stepC == 1 << shiftC && stepOut == 1 << shiftOut;
  const chunk = direct ? block : min(block, CHUNK);
  const blocks = (n + block - 1) / block;
  const stage = scratch + TAIL;
  for (let item = begin; item < end; item++) {
    const row = item / blocks;
    const first = (item - row * blocks) * block;
    const last = min(n, first + block);
    let a = rowAt(table, 0, row) + <usize>(first * stepA);
    let b = rowAt(table, 4, row) + <usize>(first * stepB);
    let c = rowAt(table, 8, row) + <usize>(first * stepC);
    let out = rowAt(table, 12, row) + <usize>(first * stepOut);
    for (let i = first; i < last; i += chunk) {
      const m = min(chunk, last - i);
      const x = staged(a, stepA, shiftA, m, stage, i == first);
      const y = staged(b, stepB, shiftB, m, stage + STAGE, i == first);
      const z = staged(c, stepC, shiftC, m, stage + 2 * STAGE, i == first);
      if (stepOut == 1 << shiftOut) apply(kind, x, y, z, out, m);
      else {
        apply(kind, x, y, z, stage + 3 * STAGE, m);
        copyRow(stage + 3 * STAGE, 1 << shiftOut, out, stepOut, shiftOut, m);
      }
      a += <usize>(chunk * stepA);
      b += <usize>(chunk * stepB);
      c += <usize>(chunk * stepC);
      out += <usize>(chunk * stepOut);
    }
  }
}

/** out = a, of any strides and the same size of elements: see the table above. An item is a block of a row. */
export function copy_strided(table: usize, begin: i32, end: i32): void {
  const step = load<i32>(table, 16);
  const stepOut = load<i32>(table, 28);
  const shift = load<i32>(table, 32) & 1 ? 0 : 2;
  const n = load<i32>(table, 36);
  const block = load<i32>(table, 40);
  const blocks = (n + block - 1) / block;
  for (let item = begin; item < end; item++) {
    const row = item / blocks;
    const first = (item - row * blocks) * block;
    copyRow(
      rowAt(table, 0, row) + <usize>(first * step),
      step,
      rowAt(table, 12, row) + <usize>(first * stepOut),
      stepOut,
      shift,
      min(block, n - first),
    );
  }
}
