import { transpose4 } from '../gemm/pack';
import { scratch } from '../scratch';
import { copyRow } from './rows';
import { AXIS_SIZE, AXIS_STEP, base, BLOCK, BYTES, GROUP, ROW, STEP } from './table';

/** out = a, of any strides and one size of elements: see table.ts. An item is a block of a row or a group of rows. */
export function copy_strided(table: usize, begin: i32, end: i32): void {
  const step = load<i32>(table, STEP);
  const stepOut = load<i32>(table, STEP + 12);
  const rowStep = load<i32>(table, AXIS_STEP);
  const rowOut = load<i32>(table, AXIS_STEP + 12);
  const shift = load<i32>(table, BYTES) & 1 ? 0 : 2;
  const n = load<i32>(table, ROW);
  const block = load<i32>(table, BLOCK);
  const size = load<i32>(table, AXIS_SIZE);
  const group = load<i32>(table, GROUP);
  const blocks = (n + block - 1) / block;
  const groups = (size + group - 1) / group;
  for (let item = begin; item < end; item++) {
    const at = item / blocks;
    const first = (item - at * blocks) * block;
    const m = min(block, n - first);
    const outer = at / groups;
    const row = (at - outer * groups) * group;
    let x = base(table, 0, outer) + <usize>(row * rowStep + first * step);
    let out = base(table, 12, outer) + <usize>(row * rowOut + first * stepOut);
    for (let rows = min(group, size - row); rows > 0; rows--, x += rowStep, out += rowOut) copyRow(x, step, out, stepOut, shift, m);
  }
}

/** A block is as wide as a cache line both ways. */
// @ts-ignore: decorator
@inline const LINE: i32 = 16;

// @ts-ignore: decorator
@inline
function transposeScalars(x: usize, stepX: usize, out: usize, stepOut: usize, rows: i32, columns: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) store<i32>(out + <usize>i * stepOut + (<usize>j << 2), load<i32>(x + <usize>j * stepX + (<usize>i << 2)));
  }
}

/**
 * A block of 16 x 16 through `tile`: where rows are a power of two apart, the lines of a block would push each other out of
 * the cache; so each is read once and whole, and each line of the result is written at once.
 */
function transposeBlock(x: usize, stepX: usize, out: usize, stepOut: usize, tile: usize): void {
  let to = tile;
  for (let j = 0; j < LINE; j++, x += stepX, to += 64) {
    const v0 = v128.load(x);
    const v1 = v128.load(x, 16);
    const v2 = v128.load(x, 32);
    const v3 = v128.load(x, 48);
    v128.store(to, v0);
    v128.store(to, v1, 16);
    v128.store(to, v2, 32);
    v128.store(to, v3, 48);
  }
  for (let i = 0; i < LINE; i += 4, tile += 16, out += 4 * stepOut) {
    for (let j: usize = 0; j < 64; j += 16) {
      const from = tile + (j << 4);
      transpose4(v128.load(from), v128.load(from, 64), v128.load(from, 128), v128.load(from, 192), out + j, stepOut);
    }
  }
}

/** A block at the edge: fewer than 16 rows or columns. */
function transposeEdge(x: usize, stepX: usize, out: usize, stepOut: usize, rows: i32, columns: i32): void {
  for (; rows >= 4; rows -= 4, x += 16, out += 4 * stepOut) {
    let from = x;
    let j = 0;
    for (; j + 4 <= columns; j += 4, from += 4 * stepX) {
      transpose4(
        v128.load(from),
        v128.load(from + stepX),
        v128.load(from + 2 * stepX),
        v128.load(from + 3 * stepX),
        out + (<usize>j << 2),
        stepOut,
      );
    }
    transposeScalars(from, stepX, out + (<usize>j << 2), stepOut, 4, columns - j);
  }
  transposeScalars(x, stepX, out, stepOut, rows, columns);
}

/**
 * out[i][j] = a[j][i], elements of 4 bytes: a table in which the row is out's contiguous axis j and the axis around it is
 * a's contiguous axis i. An item is 16 of one axis and all of the other, at one position of the further axes: 16 rows i
 * where out's rows lie farther apart than a's, so that there are never more than 16 lines that do, else 16 columns j.
 * Scratch: 1024 bytes.
 */
export function copy_transposed(table: usize, begin: i32, end: i32): void {
  const stepX = load<usize>(table, STEP);
  const stepOut = load<usize>(table, AXIS_STEP + 12);
  const columns = load<i32>(table, ROW);
  const rows = load<i32>(table, AXIS_SIZE);
  const byRows = stepOut > stepX;
  const whole = byRows ? columns : rows;
  const blocks = ((byRows ? rows : columns) + LINE - 1) / LINE;
  for (let item = begin; item < end; item++) {
    const outer = item / blocks;
    const first = (item - outer * blocks) * LINE;
    const x = base(table, 0, outer);
    const out = base(table, 12, outer);
    for (let at = 0; at < whole; at += LINE) {
      const i = byRows ? first : at;
      const j = byRows ? at : first;
      const from = x + (<usize>i << 2) + <usize>j * stepX;
      const to = out + <usize>i * stepOut + (<usize>j << 2);
      if (i + LINE <= rows && j + LINE <= columns) transposeBlock(from, stepX, to, stepOut, scratch);
      else transposeEdge(from, stepX, to, stepOut, min(LINE, rows - i), min(LINE, columns - j));
    }
  }
}
