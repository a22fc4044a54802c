import { type DType, sizeOf, type Shape, type Tensor, tensor, toHostArray } from '@konv/core-tensor';
import { poison } from '../backends/poisoned.js';

/**
 * How the values of a tensor lie in its storage.
 * `plain`: row-major, the whole storage. `offset`: row-major, with others before and behind. `transposed`: axes in
 * reverse. `strided`: every other element, with others between.
 */
export type Layout = 'plain' | 'offset' | 'transposed' | 'strided';
export const layouts: readonly Layout[] = ['plain', 'offset', 'transposed', 'strided'];

/** A tensor of the given row-major values in the given layout, on the backend of that name. What lies around is poison. */
export function place(backend: string, dtype: DType, shape: Shape, values: ArrayLike<number>, layout: Layout = 'plain'): Tensor {
  const make = (data: ArrayLike<number>, to: Shape): Tensor => tensor(toHostArray(dtype, data), { dtype, shape: to, backend });
  const n = sizeOf(shape);
  if (layout === 'offset') {
    const data = new Float64Array(n + 5).fill(poison[dtype]);
    data.set(values, 3);
    return make(data, [n + 5])
      .slice([3, n + 3])
      .reshape(shape);
  }
  if (shape.length === 0 || layout === 'plain') return make(values, shape);
  if (layout === 'transposed')
    return make(reversed(values, shape), [...shape].reverse()).permute(shape.map((_, i) => shape.length - 1 - i));
  const last = shape[shape.length - 1];
  const wide = 2 * last + 1;
  const data = new Float64Array(last === 0 ? n : (n / last) * wide).fill(poison[dtype]);
  for (let i = 0; i < n; i++) data[Math.floor(i / last) * wide + 1 + 2 * (i % last)] = values[i];
  if (n === 0) return make(values, shape);
  const index = shape.map((_, i) => (i === shape.length - 1 ? ([1, null, 2] as const) : null));
  return make(data, [...shape.slice(0, -1), wide]).slice(...(index as []));
}

/** Row-major values in the order of the reversed axes. */
function reversed(values: ArrayLike<number>, shape: Shape): Float64Array {
  const out = new Float64Array(values.length);
  const steps = shape.map((_, axis) => shape.slice(0, axis).reduce((a, b) => a * b, 1));
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < out.length; i++) {
    let at = 0;
    for (let axis = 0; axis < shape.length; axis++) at += index[axis] * steps[axis];
    out[at] = values[i];
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
  return out;
}
