/** `shape` with its axes in another order: axis i of the result is axis `order[i]`. */
export const reordered = (shape: readonly number[], order: readonly number[]): number[] => order.map((axis) => shape[axis]);

/** The row-major values of an array of `shape` with its axes in another order. */
export function permuted(values: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array<ArrayBuffer> {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const [sizes, steps] = [reordered(shape, order), reordered(strides, order)];
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) {
    let [rest, from] = [i, 0];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += (rest % sizes[axis]) * steps[axis];
      rest = Math.floor(rest / sizes[axis]);
    }
    out[i] = values[from];
  }
  return out;
}

export interface Laid {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/**
 * A parameter of PyTorch's layout as TensorFlow.js wants it: kernels [out, in, h, w] become [h, w, in, out], matrices
 * [out, in] become [in, out]. `image`, [channels, h, w], says that the matrix reads flattened images: there the channels come last.
 */
export function forTfjs({ shape, data }: { shape: readonly number[]; data: Float32Array }, image: readonly number[] | null): Laid {
  if (shape.length === 4) return { shape: reordered(shape, [2, 3, 1, 0]), data: permuted(data, shape, [2, 3, 1, 0]) };
  if (shape.length === 2) {
    const whole = image ? permuted(data, [shape[0], ...image], [2, 3, 1, 0]) : permuted(data, shape, [1, 0]);
    return { shape: [shape[1], shape[0]], data: whole };
  }
  return { shape, data: Float32Array.from(data) };
}
