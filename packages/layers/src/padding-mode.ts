import { indexSelect, ShapeError, showShape, type Tensor, tensor } from '@konv/core-tensor';

/** What stands around the input of a convolution. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';
export const paddingModes: readonly PaddingMode[] = ['zeros', 'reflect', 'replicate', 'circular'];

/** The position within `size` that position `i` beyond its ends stands for. */
const sources: Readonly<Record<Exclude<PaddingMode, 'zeros'>, (i: number, size: number) => number>> = {
  reflect: (i, size) => (i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i),
  replicate: (i, size) => Math.min(size - 1, Math.max(0, i)),
  circular: (i, size) => (i + size) % size,
};
/** The widest padding that an axis of `size` can fill. */
const most: Readonly<Record<Exclude<PaddingMode, 'zeros'>, (size: number) => number>> = {
  reflect: (size) => size - 1,
  replicate: () => Number.POSITIVE_INFINITY,
  circular: (size) => size,
};

/**
 * x [..., *spatial] with `low[i]` elements before and `high[i]` after each spatial axis: mirrored without the edge
 * (reflect), the edge again (replicate) or from the other end (circular). The axes do not influence one another.
 * Errors: `ShapeError` where the axis is too short: reflect needs padding < size, circular padding <= size.
 * Source: torch.nn.functional.pad.
 */
export function padAround(x: Tensor, mode: Exclude<PaddingMode, 'zeros'>, low: readonly number[], high: readonly number[]): Tensor {
  const lead = x.rank - low.length;
  low.forEach((before, i) => checkRoom(x, mode, lead + i, before, high[i]));
  let y = x;
  for (let i = 0; i < low.length; i++) {
    const axis = lead + i;
    const size = x.shape[axis];
    if (low[i] === 0 && high[i] === 0) continue;
    const from = Int32Array.from({ length: size + low[i] + high[i] }, (_, j) => sources[mode](j - low[i], size));
    const index = tensor(from, { dtype: 'int32', backend: x.backend });
    const wider = indexSelect(y, axis, index);
    index.dispose();
    if (y !== x) y.dispose();
    y = wider;
  }
  return y;
}

/** Refuses an axis that is too short for its padding. */
function checkRoom(x: Tensor, mode: Exclude<PaddingMode, 'zeros'>, axis: number, low: number, high: number): void {
  if (low === 0 && high === 0) return;
  const size = x.shape[axis];
  if (axis >= 0 && size > 0 && Math.max(low, high) <= most[mode](size)) return;
  if (axis < 0) throw new ShapeError('pad', `expected an axis for each padding, got input ${showShape(x.shape)}; reshape it`);
  throw new ShapeError(
    'pad',
    `expected padding of at most ${Math.max(0, most[mode](size))} for mode '${mode}' (input ${showShape(x.shape)}, axis ${axis}), ` +
      `got ${low} and ${high}; pad less or use another mode`,
  );
}
