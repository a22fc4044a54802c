/**
 * Free blocks by size, in the two levels of TLSF: a power of two, and 32 linear steps within it. Two bitmaps find the
 * smallest class that has a block in a handful of instructions, however many blocks there are.
 * Masmano, Ripoll, Crespo, Real: TLSF, a new dynamic memory allocator for real-time systems (ECRTS 2004).
 *
 * Sizes are in granules and below 2^27, so that all arithmetic stays in int32.
 */
const STEP_BITS = 5;
const STEPS = 1 << STEP_BITS;
/** Row 0 holds the sizes below 32, one each; row r the sizes from 2^(r + 4) up to twice that. */
const ROWS = 27 - STEP_BITS + 1;

export const CLASSES: number = ROWS * STEPS;

/** The class that a free block of this size is kept in: its blocks are at least as large as the class's least size. */
export function classOf(size: number): number {
  if (size < STEPS) return size;
  const log = 31 - Math.clz32(size);
  return ((log - STEP_BITS) << STEP_BITS) + (size >>> (log - STEP_BITS));
}

/** The first class all of whose blocks hold `size`: the size's own class, if the size is the least of it. */
export function roomyClassOf(size: number): number {
  if (size < STEPS) return size;
  const log = 31 - Math.clz32(size);
  return classOf(size + (1 << (log - STEP_BITS)) - 1);
}

/** Which classes have a free block. */
export class ClassMap {
  #rows = 0;
  readonly #steps = new Int32Array(ROWS + 1);

  add(index: number): void {
    const row = index >>> STEP_BITS;
    this.#steps[row] |= 1 << (index & (STEPS - 1));
    this.#rows |= 1 << row;
  }

  remove(index: number): void {
    const row = index >>> STEP_BITS;
    if ((this.#steps[row] &= ~(1 << (index & (STEPS - 1)))) === 0) this.#rows &= ~(1 << row);
  }

  /** The first class from `index` on that has a block; -1: none. */
  firstFrom(index: number): number {
    const row = index >>> STEP_BITS;
    const here = this.#steps[row] & (-1 << (index & (STEPS - 1)));
    if (here !== 0) return (row << STEP_BITS) + lowestBit(here);
    const above = this.#rows & (-1 << (row + 1));
    if (above === 0) return -1;
    const next = lowestBit(above);
    return (next << STEP_BITS) + lowestBit(this.#steps[next]);
  }
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
