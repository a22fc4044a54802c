import { nn, rand, type Tensor, zeros } from 'konv';

/**
 * 2-D cross-correlation by hand: y[i, j] = sum of x[i : i + kh, j : j + kw] * k.
 * x [h, w], k [kh, kw] -> [h - kh + 1, w - kw + 1]. Differentiable in both.
 */
export function corr2d(x: Tensor, k: Tensor): Tensor {
  const [h, w] = k.shape;
  const y = zeros([x.shape[0] - h + 1, x.shape[1] - w + 1]);
  for (let i = 0; i < y.shape[0]; i++) {
    for (let j = 0; j < y.shape[1]; j++) {
      y.set_([i, j], x.slice([i, i + h], [j, j + w]).mul(k).sum());
    }
  }
  return y;
}

/** A convolution layer by hand: `corr2d` with a kernel and a bias that are trained. */
export class Conv2D extends nn.Module {
  weight: nn.Parameter;
  bias: nn.Parameter;

  constructor(kernelSize: [number, number]) {
    super();
    this.weight = new nn.Parameter(rand(kernelSize));
    this.bias = new nn.Parameter(zeros([1]));
  }

  override forward(x: Tensor): Tensor {
    return corr2d(x, this.weight).add(this.bias);
  }
}
