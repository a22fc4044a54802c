import { contiguousStrides, type HostArray, type Shape, sizeOf, type TensorRef } from '@konv/core-tensor';

/** Where the elements of an operand stand in its array. */
export interface Window {
  /** In elements; may be negative. */
  readonly strides: readonly number[];
  readonly offset: number;
}

/** The innermost axis of a walk, merged with all axes around it that are contiguous in every operand. */
type Row = (n: number, at: readonly number[], step: readonly number[]) => void;

/**
 * Walks operands of one shape together, row by row: calls `row` with the row's length, and for each operand the position
 * where its row begins and the stride along it.
 */
export function eachRow(shape: Shape, operands: readonly Window[], row: Row): void {
  const sizes: number[] = [];
  const strides: number[][] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    if (shape[axis] === 1) continue;
    const own = operands.map((o) => o.strides[axis]);
    const last = sizes.length - 1;
    if (last >= 0 && strides[last].every((s, p) => s === own[p] * shape[axis])) {
      sizes[last] *= shape[axis];
      strides[last] = own;
    } else {
      sizes.push(shape[axis]);
      strides.push(own);
    }
  }
  const at = operands.map((o) => o.offset);
  const n = sizes.pop() ?? 1;
  const step = strides.pop() ?? operands.map(() => 0);
  const position = sizes.map(() => 0);
  for (;;) {
    row(n, at, step);
    let axis = sizes.length - 1;
    for (; axis >= 0; axis--) {
      for (let p = 0; p < at.length; p++) at[p] += strides[axis][p];
      if (++position[axis] < sizes[axis]) break;
      position[axis] = 0;
      for (let p = 0; p < at.length; p++) at[p] -= strides[axis][p] * sizes[axis];
    }
    if (axis < 0) return;
  }
}

/** Any strides on both sides. */
export function copyElements(from: HostArray, x: Window, to: HostArray, out: Window, shape: readonly number[]): void {
  eachRow(shape, [x, out], (n, [p, o], [sp, so]) => {
    if (sp === 1 && so === 1) to.set(from.subarray(p, p + n), o);
    else for (let i = 0; i < n; i++, p += sp, o += so) to[o] = from[p];
  });
}

/** Elements before, along and after an axis. */
export function aroundAxis(shape: Shape, axis: number): { outer: number; size: number; inner: number } {
  return { outer: sizeOf(shape.slice(0, axis)), size: shape[axis], inner: sizeOf(shape.slice(axis + 1)) };
}

/**
 * The shape without the axes along which a ref repeats one element (stride 0), each of size 1 there, if what is left is
 * contiguous; else null. tfjs's binary kernels broadcast such an operand themselves.
 */
export function compactShape(ref: TensorRef): number[] | null {
  const shape = ref.shape.map((d, axis) => (ref.strides[axis] === 0 ? 1 : d));
  const dense = contiguousStrides(shape);
  return shape.every((d, axis) => d === 1 || ref.strides[axis] === dense[axis]) ? shape : null;
}
