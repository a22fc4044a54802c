/** Several tensors become one. `forward(...xs)` takes at least one, broadcasts, and reads like the op. */
import { add, cat, div, KonvError, matmul, maximum, minimum, mul, sub, type Tensor } from '@konv/core-tensor';
import { Module } from '@konv/layers';

abstract class Merge extends Module {
  readonly #op: (a: Tensor, b: Tensor) => Tensor;
  constructor(op: (a: Tensor, b: Tensor) => Tensor) {
    super();
    this.#op = op;
  }
  override forward(...xs: Tensor[]): Tensor {
    if (xs.length === 0) throw new KonvError(this.constructor.name, 'expected at least one tensor, got none; call forward(a, b)');
    return xs.slice(1).reduce(this.#op, xs[0]);
  }
}

/** a + b + ... */
export class Add extends Merge {
  constructor() {
    super(add);
  }
}
/** a - b */
export class Subtract extends Merge {
  constructor() {
    super(sub);
  }
}
/** a b ... */
export class Multiply extends Merge {
  constructor() {
    super(mul);
  }
}
/** The greatest, element by element. */
export class Maximum extends Merge {
  constructor() {
    super(maximum);
  }
}
/** The least, element by element. */
export class Minimum extends Merge {
  constructor() {
    super(minimum);
  }
}
/** The mean, element by element. */
export class Average extends Merge {
  constructor() {
    super(add);
  }
  override forward(...xs: Tensor[]): Tensor {
    return mul(super.forward(...xs), 1 / xs.length);
  }
}

/** One after another along axis `dim`. Source: torch.cat. */
export class Concatenate extends Module {
  readonly dim: number;
  constructor(dim: number) {
    super();
    this.dim = dim;
  }
  override forward(...xs: Tensor[]): Tensor {
    return cat(xs, this.dim);
  }
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/**
 * Products of two batches of vectors or matrices, summed over axis `axes[0]` of a and `axes[1]` of b: [batch, n] and
 * [batch, n] -> [batch, 1]; [batch, n, k] and [batch, k, m] -> [batch, n, m]. With `normalize` both have length 1 along
 * their axis first. Source: Keras's Dot.
 */
export class Dot extends Module {
  readonly axes: readonly [number, number];
  readonly normalize: boolean;
  constructor(axes: readonly [number, number], normalize = false) {
    super();
    this.axes = axes;
    this.normalize = normalize;
  }
  override forward(a: Tensor, b: Tensor): Tensor {
    const [i, j] = this.axes;
    const x = this.normalize ? unit(a, i) : a;
    const y = this.normalize ? unit(b, j) : b;
    if (x.rank === 2 && y.rank === 2) return mul(x, y).sum([1], true);
    // [batch, rest, axis] and [batch, axis, rest]; a vector is a matrix with one rest.
    const left = x.rank === 2 ? x.unsqueeze(1) : i === 2 ? x : x.transpose(1, 2);
    const right = y.rank === 2 ? y.unsqueeze(2) : j === 1 ? y : y.transpose(1, 2);
    const out = matmul(left, right);
    if (x.rank === 2) return out.squeeze(1);
    return y.rank === 2 ? out.squeeze(2) : out;
  }
  override extraRepr(): string {
    return `axes=[${this.axes.join(', ')}], normalize=${this.normalize ? 'True' : 'False'}`;
  }
}

function unit(x: Tensor, axis: number): Tensor {
  return div(x, maximum(mul(x, x).sum([axis], true), 1e-7).sqrt());
}

/** [batch, ...] -> [batch, 1, ..., 1, ...] with `rank` axes: how Keras aligns inputs of different ranks. */
export class AlignRank extends Module {
  readonly rank: number;
  constructor(rank: number) {
    super();
    this.rank = rank;
  }
  override forward(x: Tensor): Tensor {
    return x.reshape([x.shape[0], ...new Array<number>(Math.max(0, this.rank - x.rank)).fill(1), ...x.shape.slice(1)]);
  }
  override extraRepr(): string {
    return `rank=${this.rank}`;
  }
}
