import { scratch } from '../scratch';
import { binary } from './binary';
import { MapKind } from './kinds';
import { copyRow, fillRow } from './rows';
import { base, AXIS_SIZE, AXIS_STEP, BLOCK, BYTES, GROUP, ROW, STEP } from './table';
import { unary } from './unary';

/** Elements of an operand that are made contiguous at a time. */
// @ts-ignore: decorator
@inline const CHUNK: i32 = 512;
/** Bytes of scratch for them, and those of loops.ts before: what a loop may read beyond its end is scratch, too. */
// @ts-ignore: decorator
@inline const STAGE: usize = 2176;
// @ts-ignore: decorator
@inline const TAIL: usize = 512;

// @ts-ignore: decorator
@inline
function apply(kind: i32, a: usize, b: usize, c: usize, out: usize, n: i32): void {
  if (kind < MapKind.f32_add) unary(kind, a, out, n);
  else binary(kind, a, b, c, out, n);
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
  const stage = scratch + TAIL;
  // A number's chunk serves all of the row; without one, the row is a chunk.
  const most = layout & 63 ? min(n, CHUNK) : n;
  let x = spread(a, layout & 3, shiftA, most, stage);
  let y = spread(b, (layout >> 2) & 3, shiftB, most, stage + STAGE);
  let z = spread(c, (layout >> 4) & 3, shiftC, most, stage + 2 * STAGE);
  const stepA: usize = layout & 3 ? 0 : <usize>most << shiftA;
  const stepB: usize = layout & 12 ? 0 : <usize>most << shiftB;
  const stepC: usize = layout & 48 ? 0 : <usize>most << shiftC;
  if (stepA) x += <usize>begin << shiftA;
  if (stepB) y += <usize>begin << shiftB;
  if (stepC) z += <usize>begin << shiftC;
  for (let i = 0; i < n; i += most) {
    apply(kind, x, y, z, out, min(most, n - i));
    x += stepA;
    y += stepB;
    z += stepC;
    out += <usize>most << shiftOut;
  }
}

/** `rows` rows of n elements as one contiguous row: themselves, or a copy in `stage`; `same`: what is there already. */
// @ts-ignore: decorator
@inline
function staged(x: usize, step: i32, rowStep: i32, shift: i32, rows: i32, n: i32, stage: usize, same: bool): usize {
  if (step == 1 << shift && (rows == 1 || rowStep == n << shift)) return x;
  if (same) return stage;
  let to = stage;
  for (let r = 0; r < rows; r++, x += rowStep, to += n << shift) copyRow(x, step, to, 1 << shift, shift, n);
  return stage;
}

/**
 * As `map`, for operands of any strides: see table.ts. What is not contiguous is gathered and scattered, a chunk of a long
 * row or several short rows at a time. An item is a block of a row or a group of rows. Scratch: 9216 bytes.
 */
export function map_strided(kind: i32, table: usize, begin: i32, end: i32): void {
  const stepA = load<i32>(table, STEP);
  const stepB = load<i32>(table, STEP + 4);
  const stepC = load<i32>(table, STEP + 8);
  const stepOut = load<i32>(table, STEP + 12);
  const rowA = load<i32>(table, AXIS_STEP);
  const rowB = load<i32>(table, AXIS_STEP + 4);
  const rowC = load<i32>(table, AXIS_STEP + 8);
  const rowOut = load<i32>(table, AXIS_STEP + 12);
  const bytes = load<i32>(table, BYTES);
  const n = load<i32>(table, ROW);
  const block = load<i32>(table, BLOCK);
  const size = load<i32>(table, AXIS_SIZE);
  const group = load<i32>(table, GROUP);
  const shiftA = bytes & 1 ? 0 : 2;
  const shiftB = bytes & 2 ? 0 : 2;
  const shiftC = bytes & 4 ? 0 : 2;
  const shiftOut = bytes & 8 ? 0 : 2;
  const direct = stepA == 1 << shiftA && stepB == 1 << shiftB && stepC == 1 << shiftC && stepOut == 1 << shiftOut;
  const chunk = direct ? block : min(block, CHUNK);
  const blocks = (n + block - 1) / block;
  const groups = (size + group - 1) / group;
  const stage = scratch + TAIL;
  for (let item = begin; item < end; item++) {
    const at = item / blocks;
    const first = (item - at * blocks) * block;
    const last = min(n, first + block);
    const outer = at / groups;
    const row = (at - outer * groups) * group;
    const rows = min(group, size - row);
    let a = base(table, 0, outer) + <usize>(row * rowA + first * stepA);
    let b = base(table, 4, outer) + <usize>(row * rowB + first * stepB);
    let c = base(table, 8, outer) + <usize>(row * rowC + first * stepC);
    let out = base(table, 12, outer) + <usize>(row * rowOut + first * stepOut);
    // Groups of short rows: an operand that is the same for all rows is still in its stage from the group before.
    const again = group > 1 && row > 0 && item > begin;
    for (let i = first; i < last; i += chunk) {
      const m = min(chunk, last - i);
      const inRow = i > first;
      const x = staged(a, stepA, rowA, shiftA, rows, m, stage, inRow ? stepA == 0 : again && rowA == 0);
      const y = staged(b, stepB, rowB, shiftB, rows, m, stage + STAGE, inRow ? stepB == 0 : again && rowB == 0);
      const z = staged(c, stepC, rowC, shiftC, rows, m, stage + 2 * STAGE, inRow ? stepC == 0 : again && rowC == 0);
      const inPlace = stepOut == 1 << shiftOut && (rows == 1 || rowOut == n << shiftOut);
      let to = inPlace ? out : stage + 3 * STAGE;
      apply(kind, x, y, z, to, rows * m);
      if (!inPlace) {
        for (let r = 0; r < rows; r++, to += m << shiftOut) copyRow(to, 1 << shiftOut, out + <usize>(r * rowOut), stepOut, shiftOut, m);
      }
      a += <usize>(chunk * stepA);
      b += <usize>(chunk * stepB);
      c += <usize>(chunk * stepC);
      out += <usize>(chunk * stepOut);
    }
  }
}
