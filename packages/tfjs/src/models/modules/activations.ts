/** Activations that PyTorch has not, or has otherwise. */
import { add, clamp, gt, maximum, minimum, mul, ones, Parameter, randn, type Tensor } from '@konv/core-tensor';
import { Module } from '@konv/layers';

/** y = min(max(0.2 x + 0.5, 0), 1), Keras's; PyTorch's Hardsigmoid has the slope 1/6. Any shape. */
export class HardSigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return clamp(add(mul(x, 0.2), 0.5), 0, 1);
  }
}

/** y = x > theta ? x : 0. Any shape. Source: Keras's ThresholdedReLU. */
export class ThresholdedReLU extends Module {
  readonly theta: number;
  constructor(theta: number) {
    super();
    this.theta = theta;
  }
  override forward(x: Tensor): Tensor {
    return mul(x, gt(x, this.theta).cast(x.dtype));
  }
  override extraRepr(): string {
    return `theta=${this.theta}`;
  }
}

/** y = max(x, 0) + weight min(x, 0), a slope for each element or axis. weight broadcasts with x [batch, ...weight.shape]. */
export class ElementPReLU extends Module {
  weight: Parameter;
  constructor(shape: readonly number[], backend?: string) {
    super();
    const start = ones(shape, { backend });
    this.weight = new Parameter(start);
    start.dispose();
  }
  override forward(x: Tensor): Tensor {
    return add(maximum(x, 0), mul(this.weight, minimum(x, 0)));
  }
  override extraRepr(): string {
    return this.weight.shape.join(', ');
  }
}

/** y = x + stddev n in training, n ~ N(0, 1); y = x in evaluation. Source: Keras's GaussianNoise. */
export class GaussianNoise extends Module {
  readonly stddev: number;
  constructor(stddev: number) {
    super();
    this.stddev = stddev;
  }
  override forward(x: Tensor): Tensor {
    return this.training ? add(x, mul(randn(x.shape, { dtype: x.dtype as 'float32', backend: x.backend }), this.stddev)) : x;
  }
  override extraRepr(): string {
    return `stddev=${this.stddev}`;
  }
}

/** y = x (1 + n sqrt(p / (1 - p))) in training, n ~ N(0, 1); y = x in evaluation. Source: Keras's GaussianDropout. */
export class GaussianDropout extends Module {
  readonly p: number;
  constructor(p: number) {
    super();
    this.p = p;
  }
  override forward(x: Tensor): Tensor {
    if (!this.training || this.p <= 0 || this.p >= 1) return x;
    const noise = randn(x.shape, { dtype: x.dtype as 'float32', backend: x.backend });
    return mul(x, add(mul(noise, Math.sqrt(this.p / (1 - this.p))), 1));
  }
  override extraRepr(): string {
    return `p=${this.p}`;
  }
}
