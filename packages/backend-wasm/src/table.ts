import type { DType } from '@konv/core-tensor';
import type { Walk } from './strided.js';

// Words of a table, as wasm-kernels/assembly/map/table.ts says.
const STEPS = 4;
const BYTES = 8;
const ROW = 9;
const BLOCK = 10;
const AXIS = 11;
const GROUP = 16;
const OUTER = 17;
const AXES = 18;
const AXIS_WORDS = 5;

/** Elements of a row that are one work item. */
const MOST = 32768;
/** Rows shorter than this come in groups; a group has no more elements than a kernel makes contiguous at a time. */
const SHORT_ROW = 256;
const GROUP_ELEMENTS = 512;

const asFloat = new Float32Array(1);
const asBits = new Int32Array(asFloat.buffer);

/** The 32 bits of a number in `dtype`: rounded to float32, wrapped to int32. */
export function bitsOf(x: number, dtype: DType): number {
  if (dtype === 'int32') return x | 0;
  if (dtype === 'bool') return x !== 0 ? 1 : 0;
  asFloat[0] = x;
  return asBits[0];
}

export function tableBytes(walk: Walk): number {
  return 4 * (AXES + AXIS_WORDS * Math.max(0, walk.sizes.length - 1));
}

/** Rows of a work item. */
function groupOf({ n, sizes }: Walk): number {
  if (n >= SHORT_ROW || sizes.length === 0) return 1;
  return Math.min(sizes[sizes.length - 1], Math.floor(GROUP_ELEMENTS / n));
}

/** Work items that have about so many elements. */
export function grainOfWalk(elements: number, walk: Walk): number {
  return Math.ceil(elements / Math.min(walk.n * groupOf(walk), MOST));
}

/**
 * Writes the table of a walk over operands whose elements have these sizes in bytes; returns its items. The last operand
 * is `out`, the fourth of the table, those before are the first ones.
 */
export function writeTable(
  words: Int32Array,
  table: number,
  walk: Walk,
  addresses: readonly number[],
  bytes: number,
  sizes: readonly number[],
): number {
  const { n, step } = walk;
  const group = groupOf(walk);
  const operands = addresses.length;
  const first = table / 4;
  const place = (p: number): number => (p === operands - 1 ? 3 : p);
  const writeAxis = (at: number, size: number, strides: readonly number[] | null): void => {
    words[at] = size;
    for (let p = 0; p < operands; p++) words[at + 1 + place(p)] = strides === null ? 0 : strides[p] * sizes[p];
  };
  for (let p = 0; p < operands; p++) {
    words[first + place(p)] = addresses[p];
    words[first + STEPS + place(p)] = step[p] * sizes[p];
  }
  words[first + BYTES] = bytes;
  words[first + ROW] = n;
  words[first + BLOCK] = Math.min(n, MOST);
  words[first + GROUP] = group;
  const last = walk.sizes.length - 1;
  const size = last < 0 ? 1 : walk.sizes[last];
  writeAxis(first + AXIS, size, last < 0 ? null : walk.strides[last]);
  words[first + OUTER] = Math.max(0, last);
  let items = Math.ceil(n / MOST) * Math.ceil(size / group);
  for (let axis = last - 1, at = first + AXES; axis >= 0; axis--, at += AXIS_WORDS) {
    writeAxis(at, walk.sizes[axis], walk.strides[axis]);
    items *= walk.sizes[axis];
  }
  return items;
}

/** What an operand that is not there has to look like, so that nothing is done about it. */
export function passAsContiguous(words: Int32Array, table: number, walk: Walk, operand: number, size: number): void {
  words[table / 4 + STEPS + operand] = size;
  words[table / 4 + AXIS + 1 + operand] = size * walk.n;
}
