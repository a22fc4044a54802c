import type { HostArray } from '@konv/core-tensor';

/** How values are laid out anew: seen as `view`, axes in `order` (null: as they are), then seen as `shape`. */
export interface Reorder {
  readonly view: readonly number[];
  readonly order: readonly number[] | null;
  readonly shape: readonly number[];
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((n, d) => n * d, 1);
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
  const sizes = order.map((i) => view[i]);
  const strides = view.map((_, i) => sizeOf(view.slice(i + 1)));
  const steps = order.map((i) => strides[i]);
  const out = new (data.constructor as new (n: number) => T)(data.length);
  const last = sizes.length - 1;
  const at = new Array<number>(sizes.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; ) {
    for (let k = 0; k < sizes[last]; k++) out[to++] = data[from + k * steps[last]];
    for (let axis = last - 1; axis >= 0; axis--) {
      from += steps[axis];
      if (++at[axis] < sizes[axis]) break;
      from -= steps[axis] * sizes[axis];
      at[axis] = 0;
    }
  }
  return out;
}
