import { scratch } from '../scratch';
import { extremeOf, extremeRows, Max, Min, sumOf, sumRows } from './fold';

// Kinds: 0 sum, 1 max, 2 min. A table holds two lists of axes, kept ones and reduced ones: their numbers, then for each axis,
// innermost first, its size and its step in bytes. The innermost axis of all is in neither: it is a contiguous run.
// Results of a part of the reduced elements are doubles, parts [part][result]; those of all of them are floats.

// @ts-ignore: decorator
@inline const COLUMNS: i32 = 256;

/** Bytes to position number `index` of `count` axes. */
function position(axis: usize, count: i32, index: i32): usize {
  let at: usize = 0;
  for (; count > 0; count--, axis += 8) {
    const size = load<i32>(axis);
    const next = index / size;
    at += <usize>(index - next * size) * load<usize>(axis, 4);
    index = next;
  }
  return at;
}

// @ts-ignore: decorator
@inline
function fold(kind: i32, value: f64, x: usize, n: i32): f64 {
  if (kind == 0) return value + sumOf(x, n);
  if (kind == 1) return max<f64>(value, extremeOf<Max>(x, n));
  return min<f64>(value, extremeOf<Min>(x, n));
}

// @ts-ignore: decorator
@inline
function start(kind: i32): f64 {
  return kind == 0 ? 0 : kind == 1 ? -f64.MAX_VALUE * 2 : f64.MAX_VALUE * 2;
}

/** A result of one part of `parts`: see above. */
// @ts-ignore: decorator
@inline
function put(out: usize, at: i32, value: f64, parts: i32): void {
  if (parts == 1) store<f32>(out + (<usize>at << 2), <f32>value);
  else store<f64>(out + (<usize>at << 3), value);
}

/**
 * Reduces runs of `run` floats, and those to one another: of a result's reduced elements, `length` in all, a part takes
 * `share`. `results` is the number of results. An item is a part of a result, parts of one result following each other.
 */
export function reduce_runs(
  kind: i32,
  x: usize,
  out: usize,
  run: i32,
  length: i32,
  share: i32,
  results: i32,
  table: usize,
  begin: i32,
  end: i32,
): void {
  const kept = load<i32>(table);
  const reduced = load<i32>(table, 4);
  const parts = (length + share - 1) / share;
  for (let item = begin; item < end; item++) {
    const result = item / parts;
    const part = item - result * parts;
    const from = x + position(table + 8, kept, result);
    const last = min(length, (part + 1) * share);
    let value = start(kind);
    for (let i = part * share; i < last; ) {
      const row = i / run;
      const column = i - row * run;
      const n = min(run - column, last - i);
      value = fold(kind, value, from + position(table + 8 + (<usize>kept << 3), reduced, row) + (<usize>column << 2), n);
      i += n;
    }
    put(out, part * results + result, value, parts);
  }
}

/**
 * Reduces rows to one: results [kept, columns] of `rows` rows each, of which a part takes `share`. An item is a part of a
 * block of 256 columns, parts of one block following each other. Scratch: 2112 bytes.
 */
export function reduce_rows(
  kind: i32,
  x: usize,
  out: usize,
  columns: i32,
  rows: i32,
  share: i32,
  results: i32,
  table: usize,
  begin: i32,
  end: i32,
): void {
  const kept = load<i32>(table);
  const reduced = load<i32>(table, 4);
  const axes = table + 8 + (<usize>kept << 3);
  // Rows of the innermost reduced axis follow each other at one distance.
  const together = load<i32>(axes);
  const step = load<usize>(axes, 4);
  const parts = (rows + share - 1) / share;
  const blocks = (columns + COLUMNS - 1) / COLUMNS;
  for (let item = begin; item < end; item++) {
    const part = item % parts;
    const at = item / parts;
    const block = at % blocks;
    const outer = at / blocks;
    const first = block * COLUMNS;
    const n = min(COLUMNS, columns - first);
    const from = x + position(table + 8, kept, outer) + (<usize>first << 2);
    const last = min(rows, (part + 1) * share);
    const sums = scratch;
    if (kind == 0) memory.fill(sums, 0, (<usize>n << 3) + 32);
    else for (let j = 0; j < n + 4; j++) store<f32>(sums + (<usize>j << 2), <f32>start(kind));
    for (let i = part * share; i < last; ) {
      const offset = i % together;
      const m = min(together - offset, last - i);
      const row = from + position(axes, reduced, i);
      if (kind == 0) sumRows(sums, row, step, m, n);
      else if (kind == 1) extremeRows<Max>(sums, row, step, m, n);
      else extremeRows<Min>(sums, row, step, m, n);
      i += m;
    }
    const to = part * results + outer * columns + first;
    for (let j = 0; j < n; j++) {
      put(out, to + j, kind == 0 ? load<f64>(sums + (<usize>j << 3)) : <f64>load<f32>(sums + (<usize>j << 2)), parts);
    }
  }
}

/** out[i] = parts[0, i] + parts[1, i] + ... (or their maximum, minimum), in this order; an item is a result. */
export function reduce_parts(kind: i32, parts: usize, count: i32, results: i32, out: usize, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    let value = start(kind);
    for (let p = 0; p < count; p++) {
      const part = load<f64>(parts + (<usize>(p * results + i) << 3));
      value = kind == 0 ? value + part : kind == 1 ? max<f64>(value, part) : min<f64>(value, part);
    }
    store<f32>(out + (<usize>i << 2), <f32>value);
  }
}
