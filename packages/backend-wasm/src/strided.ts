import type { Shape } from '@konv/core-tensor';

/** Below this many elements an inner loop does not repay the call: a longer axis is walked innermost instead. */
const SHORT_ROW = 8;

/**
 * Walks several operands of one shape together, row by row.
 *
 * Axes that are adjacent in every operand are merged first, so contiguous operands (of any rank, with scalars among
 * them) are one row; a bias over `[N, C, H, W]` is N * C rows of H * W. Order of elements is free, so where the
 * innermost axis is short the longest one takes its place.
 *
 *     const walk = new Walk(shape, [x.strides, out.strides], [x.offset, out.offset]);
 *     do row(walk.n, x, walk.at[0], walk.step[0], out, walk.at[1], walk.step[1]); while (walk.next());
 */
export class Walk {
  /** Elements of a row. */
  n: number;
  /** Where each operand's row begins. */
  readonly at: number[];
  /** Each operand's stride along the row. */
  step: number[];
  /** The axes besides the row, outermost first: size, and each operand's stride. */
  sizes: number[];
  strides: number[][];
  private position: number[] | null = null;

  /** @param shortRow an innermost axis of fewer elements gives its place to the longest one */
  constructor(shape: Shape, strides: readonly (readonly number[])[], offsets: number[], shortRow = SHORT_ROW) {
    const operands = offsets.length;
    const sizes: number[] = [];
    const merged: number[][] = [];
    for (let axis = 0; axis < shape.length; axis++) {
      const size = shape[axis];
      if (size === 1) continue;
      const last = merged.length - 1;
      let joins = last >= 0;
      for (let p = 0; joins && p < operands; p++) joins = merged[last][p] === strides[p][axis] * size;
      if (joins) {
        sizes[last] *= size;
        for (let p = 0; p < operands; p++) merged[last][p] = strides[p][axis];
      } else {
        const own = new Array<number>(operands);
        for (let p = 0; p < operands; p++) own[p] = strides[p][axis];
        sizes.push(size);
        merged.push(own);
      }
    }
    let inner = sizes.length - 1;
    if (inner > 0 && sizes[inner] < shortRow) {
      for (let i = 0; i < sizes.length; i++) if (sizes[i] > sizes[inner]) inner = i;
    }
    this.at = offsets;
    this.n = inner < 0 ? 1 : sizes[inner];
    this.step = inner < 0 ? new Array<number>(operands).fill(0) : merged[inner];
    if (inner >= 0) {
      sizes.splice(inner, 1);
      merged.splice(inner, 1);
    }
    this.sizes = sizes;
    this.strides = merged;
  }

  /** Before the first step: axis number `row` becomes the row and number `around` the last of the others; the row now counts as the last. */
  reorder(around: number, row: number): void {
    const sizes = [...this.sizes, this.n];
    const strides = [...this.strides, this.step];
    const order = [...sizes.keys()].filter((i) => i !== row && i !== around);
    order.push(around);
    this.n = sizes[row];
    this.step = strides[row];
    this.sizes = order.map((i) => sizes[i]);
    this.strides = order.map((i) => strides[i]);
  }

  /** Moves to the next row; false after the last. */
  next(): boolean {
    const { at, sizes, strides } = this;
    this.position ??= new Array<number>(sizes.length).fill(0);
    const { position } = this;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const step = strides[axis];
      if (++position[axis] < sizes[axis]) {
        for (let p = 0; p < at.length; p++) at[p] += step[p];
        return true;
      }
      position[axis] = 0;
      for (let p = 0; p < at.length; p++) at[p] -= step[p] * (sizes[axis] - 1);
    }
    return false;
  }
}

/** Whether elements stand in row-major order without gaps. */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let n = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis];
    if (size === 1) continue;
    if (strides[axis] !== n) return false;
    n *= size;
  }
  return true;
}

/** Whether one element stands for all of them. */
export function isOneElement(shape: Shape, strides: readonly number[]): boolean {
  for (let axis = 0; axis < shape.length; axis++) if (strides[axis] !== 0 && shape[axis] !== 1) return false;
  return true;
}

/** Elements before, along and after an axis of a contiguous tensor. */
export function aroundAxis(shape: Shape, axis: number): { outer: number; size: number; inner: number } {
  let outer = 1;
  let inner = 1;
  for (let i = 0; i < axis; i++) outer *= shape[i];
  for (let i = axis + 1; i < shape.length; i++) inner *= shape[i];
  return { outer, size: shape[axis], inner };
}

/** Axes of a contiguous tensor, neighbours of one fate merged. */
interface MergedAxes {
  readonly sizes: number[];
  readonly reduced: boolean[];
}

export function mergeAxes(shape: Shape, axes: readonly number[]): MergedAxes {
  const sizes: number[] = [];
  const reduced: boolean[] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    if (shape[axis] === 1) continue;
    const isReduced = axes.includes(axis);
    const last = sizes.length - 1;
    if (last >= 0 && reduced[last] === isReduced) sizes[last] *= shape[axis];
    else {
      sizes.push(shape[axis]);
      reduced.push(isReduced);
    }
  }
  if (sizes.length === 0) return { sizes: [1], reduced: [true] };
  return { sizes, reduced };
}
