/** Modules for what PyTorch writes as a method call in `forward`, so that a loaded network is made of modules alone. */
import { amax, cat, permute, reshape, sizeOf, type Tensor } from '@konv/core-tensor';
import { Module } from '@konv/layers';

/** The axes in another order: y's axis i is x's axis `order[i]`. A view. Errors: `ShapeError`. Source: torch.permute. */
export class Permute extends Module {
  readonly order: readonly number[];
  constructor(order: readonly number[]) {
    super();
    this.order = [...order];
  }
  override forward(x: Tensor): Tensor {
    return permute(x, this.order);
  }
  override extraRepr(): string {
    return this.order.join(', ');
  }
}

/** [batch, ...] -> [batch, ...shape], one of which may be -1. Errors: `ShapeError`. Source: Keras's Reshape. */
export class Reshape extends Module {
  readonly shape: readonly number[];
  constructor(shape: readonly number[]) {
    super();
    this.shape = [...shape];
  }
  override forward(x: Tensor): Tensor {
    return reshape(x, [x.shape[0], ...this.shape]);
  }
  override extraRepr(): string {
    return this.shape.join(', ');
  }
}

/**
 * [batch, channels, *spatial] -> [batch, *spatial channels]: the features in the order of TensorFlow.js, channels
 * innermost. `nn.Flatten` has them outermost.
 */
export class FlattenChannelsLast extends Module {
  override forward(x: Tensor): Tensor {
    const last = permute(x, [0, ...x.shape.map((_, i) => i + 2).slice(0, x.rank - 2), 1]);
    return reshape(last, [x.shape[0], sizeOf(x.shape.slice(1))]);
  }
}

/** [batch, features] -> [batch, n, features], the same n times. Source: Keras's RepeatVector. */
export class RepeatVector extends Module {
  readonly n: number;
  constructor(n: number) {
    super();
    this.n = n;
  }
  override forward(x: Tensor): Tensor {
    return cat(new Array<Tensor>(this.n).fill(x.unsqueeze(1)), 1);
  }
  override extraRepr(): string {
    return `n=${this.n}`;
  }
}

/** Whole numbers for an `Embedding`: floats are cut off towards 0, as TensorFlow.js does. */
export class ToInt32 extends Module {
  override forward(x: Tensor): Tensor {
    return x.dtype === 'int32' ? x : x.cast('int32');
  }
}

/** Mean or maximum over `axes`, which go. Source: Keras's GlobalAveragePooling and GlobalMaxPooling. */
export class GlobalPool extends Module {
  readonly kind: 'mean' | 'max';
  readonly axes: readonly number[];
  constructor(kind: 'mean' | 'max', axes: readonly number[]) {
    super();
    this.kind = kind;
    this.axes = [...axes];
  }
  override forward(x: Tensor): Tensor {
    return this.kind === 'mean' ? x.mean(this.axes) : amax(x, this.axes);
  }
  override extraRepr(): string {
    return `${this.kind}, axes=[${this.axes.join(', ')}]`;
  }
}
