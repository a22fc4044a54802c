// How kernels find operands of any strides: a table of words of 4 bytes, written by the caller. Offsets are bytes:

/** Addresses of the operands: a, b, c, out. */
export const ADDRESS: usize = 0;
/** Their steps along a row, in bytes. */
export const STEP: usize = 16;
/** A bit for each whose elements are bytes. */
export const BYTES: usize = 32;
/** Elements of a row. */
export const ROW: usize = 36;
/** Elements of a block: a longer row is several items. */
export const BLOCK: usize = 40;
/** The axis around the row: its size, and the operands' steps along it in bytes. */
export const AXIS_SIZE: usize = 44;
export const AXIS_STEP: usize = 48;
/** Rows along it that are one item; more than one only of rows that are one block. */
export const GROUP: usize = 64;
/** Further axes: their number; of each, innermost first, the size and the operands' steps. */
export const OUTER: usize = 68;
const AXES: usize = 72;
const AXIS: usize = 20;

/** Where an operand begins at position number `index` of the further axes; `operand` is 0, 4, 8 or 12. */
// @ts-ignore: decorator
@inline
export function base(table: usize, operand: usize, index: i32): usize {
  let at = load<usize>(table + operand);
  let axis = table + AXES;
  for (let left = load<i32>(table, OUTER); left > 0; left--, axis += AXIS) {
    const size = load<i32>(axis);
    const next = index / size;
    at += <usize>(index - next * size) * load<usize>(axis + operand, 4);
    index = next;
  }
  return at;
}
