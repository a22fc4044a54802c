/**
 * TensorFlow's padding 'same': ceil(size / stride) outputs, total = max((ceil(size / stride) - 1) stride + dilation
 * (kernel - 1) + 1 - size, 0), of which floor(total / 2) come before and the rest after. PyTorch's layers pad both sides
 * alike, so where a stride leaves an odd number these modules stand before them.
 */
import { avgPool1d, avgPool2d, avgPool3d, div, interpolate, ones, pad, slice, type Tensor } from '@konv/core-tensor';
import { Module } from '@konv/layers';

/** What 'same' puts before and after one axis. */
export function sameSides(size: number, kernel: number, stride: number, dilation: number): [before: number, after: number] {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + dilation * (kernel - 1) + 1 - size, 0);
  const before = Math.floor(total / 2);
  return [before, total - before];
}

function padded(x: Tensor, kernel: readonly number[], stride: readonly number[], dilation: readonly number[], value: number): Tensor {
  const rank = kernel.length;
  const sides = kernel.map((k, i) => sameSides(x.shape[x.rank - rank + i], k, stride[i], dilation[i]));
  return pad(x, sides.reverse().flat(), { value });
}

/** Pads [batch, channels, *spatial] as 'same' asks for its size, with `value`. */
export class SamePad extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly value: number;
  constructor(kernelSize: readonly number[], stride: readonly number[], dilation: readonly number[], value = 0) {
    super();
    this.kernelSize = [...kernelSize];
    this.stride = [...stride];
    this.dilation = [...dilation];
    this.value = value;
  }
  override forward(x: Tensor): Tensor {
    return padded(x, this.kernelSize, this.stride, this.dilation, this.value);
  }
  override extraRepr(): string {
    return `kernel_size=(${this.kernelSize.join(', ')}), stride=(${this.stride.join(', ')}), value=${this.value}`;
  }
}

/** Average pooling with padding 'same'; what is padded does not count in the mean. x [batch, channels, *spatial]. */
export class SameAvgPool extends Module {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  constructor(kernelSize: readonly number[], stride: readonly number[]) {
    super();
    this.kernelSize = [...kernelSize];
    this.stride = [...stride];
  }
  override forward(x: Tensor): Tensor {
    const { kernelSize, stride } = this;
    const rank = kernelSize.length;
    const dilation = new Array<number>(rank).fill(1);
    const pool = [avgPool1d, avgPool2d, avgPool3d][rank - 1];
    const mean = (t: Tensor): Tensor => pool(padded(t, kernelSize, stride, dilation, 0), [...kernelSize], { stride: [...stride] });
    const inside = ones([1, 1, ...x.shape.slice(2)], { dtype: x.dtype, backend: x.backend });
    return div(mean(x), mean(inside));
  }
  override extraRepr(): string {
    return `kernel_size=(${this.kernelSize.join(', ')}), stride=(${this.stride.join(', ')})`;
  }
}

/**
 * Bilinear resizing by whole factors where output i lies at input i / factor, as TensorFlow.js's UpSampling2D does.
 * x [batch, channels, height, width]. PyTorch aligns centres or corners; with one row and column repeated at the end the
 * corners are aligned at these very places.
 */
export class UpsampleFromOrigin extends Module {
  readonly factors: readonly number[];
  constructor(factors: readonly number[]) {
    super();
    this.factors = [...factors];
  }
  override forward(x: Tensor): Tensor {
    const [fy, fx] = this.factors;
    const height = x.shape[2] * fy;
    const width = x.shape[3] * fx;
    const longer = pad(x, [0, 1, 0, 1], { mode: 'replicate' });
    const y = interpolate(longer, { size: [height + 1, width + 1], mode: 'bilinear', alignCorners: true });
    return slice(y, null, null, [0, height], [0, width]);
  }
  override extraRepr(): string {
    return `factors=(${this.factors.join(', ')})`;
  }
}
