import { full } from '../creation.js';
import { dispatch } from '../dispatch.js';
import type { Spatial } from '../geometry.js';
import type { Shape } from '../shape.js';
import type { Storage } from '../storage.js';
import { Tensor } from '../tensor.js';
import { add } from './binary.js';
import { copy_, embedOp } from './movement.js';

/** The numbers by which windows slide. */
export interface Sliding {
  readonly inSize: Spatial;
  readonly outSize: Spatial;
  readonly kernel: Spatial;
  readonly stride: Spatial;
  readonly dilation: Spatial;
  readonly padLow: Spatial;
}

/** A window of `x`'s storage with strides of its own, as a view; overlapping windows are for reading only. */
export function stridedView(x: Tensor, shape: Shape, strides: readonly number[], offset: number): Tensor {
  const storage = x.storage as Storage;
  return new Tensor(storage.retain(), { buffer: storage.buffer, dtype: x.dtype, shape, strides, offset }, true);
}

/** Size of the padded axes: as far as the last window reaches, and no less than the input with its lower padding. */
export function paddedSize(g: Sliding): number[] {
  return g.inSize.map((d, i) => Math.max(d + g.padLow[i], (g.outSize[i] - 1) * g.stride[i] + g.dilation[i] * (g.kernel[i] - 1) + 1));
}

/** x `[n, c, *inSize]` within a frame of `value`, `[n, c, *paddedSize]`, contiguous; x itself where it fits. */
export function framed(x: Tensor, g: Sliding, value: number): Tensor {
  const size = paddedSize(g);
  if (size.every((d, i) => d === g.inSize[i]) && x.isContiguous) return x;
  const [n, c] = x.shape;
  const shape = [n, c, ...size];
  const axes = x.shape.map((d, i) => ({ start: i < 2 ? 0 : g.padLow[i - 2], step: 1, size: d, drop: false }));
  if (value === 0) return dispatch(embedOp, [x], { shape, axes });
  const frame = full(shape, value, { dtype: x.dtype, backend: x.backend });
  copy_(unframed(frame, g), x);
  return frame;
}

/** Where the unpadded input starts within a frame. */
function insetOf(frame: Tensor, g: Sliding): number {
  const s = frame.ref.strides;
  return frame.ref.offset + g.padLow[0] * s[2] + g.padLow[1] * s[3] + g.padLow[2] * s[4];
}

/** The unpadded input within a frame, as a view. */
export function unframed(frame: Tensor, g: Sliding): Tensor {
  const [n, c] = frame.shape;
  return stridedView(frame, [n, c, ...g.inSize], frame.ref.strides, insetOf(frame, g));
}

/** Strides of the taps within a window, `[kD, kH, kW]`. */
export function tapStrides(frame: Tensor, g: Sliding): number[] {
  return [0, 1, 2].map((i) => frame.ref.strides[2 + i] * g.dilation[i]);
}

/** Strides from window to window, `[outD, outH, outW]`. */
export function windowStrides(frame: Tensor, g: Sliding): number[] {
  return [0, 1, 2].map((i) => frame.ref.strides[2 + i] * g.stride[i]);
}

/**
 * The adjoint of taking windows: adds `values(tap)`, `[n, c, *outSize]`, to the elements of `frame` that the tap sees in
 * each window. One tap's elements are distinct, so a read, an addition and a write are enough.
 */
export function addTaps(frame: Tensor, g: Sliding, values: (tap: number) => Tensor): void {
  const [n, c] = frame.shape;
  const steps = tapStrides(frame, g);
  const strides = [frame.ref.strides[0], frame.ref.strides[1], ...windowStrides(frame, g)];
  let tap = 0;
  for (let d = 0; d < g.kernel[0]; d++) {
    for (let h = 0; h < g.kernel[1]; h++) {
      for (let w = 0; w < g.kernel[2]; w++) {
        const offset = frame.ref.offset + d * steps[0] + h * steps[1] + w * steps[2];
        const seen = stridedView(frame, [n, c, ...g.outSize], strides, offset);
        const part = values(tap++);
        const total = add(seen, part);
        copy_(seen, total);
        for (const t of [total, part, seen]) t.dispose();
      }
    }
  }
}
