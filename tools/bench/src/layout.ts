/** Engines keep images and weights in layouts of their own; operands are made, and results compared, in ours: NCHW and OIHW. */

/** Which axis of NCHW each axis of NHWC is, and so on. */
export const axes = {
  nchwToNhwc: [0, 2, 3, 1],
  nhwcToNchw: [0, 3, 1, 2],
  /** A weight `[out, in, height, width]` as tfjs has it. */
  oihwToHwio: [2, 3, 1, 0],
  hwioToOihw: [3, 2, 0, 1],
  /** A depthwise weight `[channels, 1, height, width]` as tfjs has it: `[height, width, channels, 1]`. */
  c1hwToHwc1: [2, 3, 0, 1],
  hwc1ToC1hw: [2, 3, 0, 1],
} as const;

/** `shape` with its axes in another order: axis i of the result is axis `order[i]`. */
export function permutedShape(shape: readonly number[], order: readonly number[]): number[] {
  return order.map((axis) => shape[axis]);
}

/** The row-major values of an array of `shape`, with its axes in another order. */
export function permuted(values: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array<ArrayBuffer> {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const sizes = permutedShape(shape, order);
  const steps = permutedShape(strides, order);
  const out = new Float32Array(values.length);
  const index = sizes.map(() => 0);
  let from = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = values[from];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += steps[axis];
      if (++index[axis] < sizes[axis]) break;
      from -= steps[axis] * sizes[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/** The greatest difference of two results, in terms of the greatest magnitude in the first. Infinite where the sizes differ; NaN counts as different. */
export function difference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Infinity;
  let [most, magnitude] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const apart = Math.abs(a[i] - b[i]);
    if (!(apart <= most)) most = Number.isNaN(apart) ? Infinity : apart;
    magnitude = Math.max(magnitude, Math.abs(a[i]));
  }
  return most === 0 ? 0 : most / magnitude;
}
