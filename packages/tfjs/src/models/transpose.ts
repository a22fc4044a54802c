import { contiguousStrides, type HostArray } from '@konv/core-tensor';
import { copyElements } from '../strided.js';

/** How values are laid out anew: seen as `view`, axes in `order` (null: as they are), then seen as `shape`. */
export interface Reorder {
  readonly view: readonly number[];
  readonly order: readonly number[] | null;
  readonly shape: readonly number[];
}

/** The reordering that takes the values back. */
export function inverse({ view, order, shape }: Reorder, saved: readonly number[]): Reorder {
  if (order === null) return { view: shape, order: null, shape: saved };
  const back = new Array<number>(order.length);
  order.forEach((from, to) => {
    back[from] = to;
  });
  return { view: order.map((i) => view[i]), order: back, shape: saved };
}

/** The values in their new order; a copy, unless the order is the same. */
export function reorder<T extends HostArray>(data: T, { view, order }: Reorder): T {
  if (order === null || order.every((from, to) => from === to)) return data;
  const out = new (data.constructor as new (n: number) => T)(data.length);
  if (data.length === 0) return out;
  const sizes = order.map((i) => view[i]);
  const strides = contiguousStrides(view);
  const from = { offset: 0, strides: order.map((i) => strides[i]) };
  copyElements(data, from, out, { offset: 0, strides: contiguousStrides(sizes) }, sizes);
  return out;
}
