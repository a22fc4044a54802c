import { ShapeError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { mul, pow } from './binary.js';
import { tidy } from './handles.js';
import { avgPool1d, avgPool2d, type PoolOptions } from './pool-nd.js';
import { checkFloat, type PerAxis, perAxis } from './spatial.js';
import { abs, sign } from './unary.js';

export type LpPoolOptions = Omit<PoolOptions, 'padding'>;

function lpPool(rank: 1 | 2, x: Tensor, normType: number, kernelSize: PerAxis, { stride, ceilMode }: LpPoolOptions): Tensor {
  const op = 'lpPool';
  checkFloat(op, 'input', x);
  if (typeof normType !== 'number' || !Number.isFinite(normType) || normType === 0) {
    throw new ShapeError(op, `expected normType to be a finite number other than 0, got ${String(normType)}; the maximum is maxPool`);
  }
  const elements = perAxis(op, 'kernelSize', kernelSize, rank, 1).reduce((a, b) => a * b, 1);
  const pool = rank === 1 ? avgPool1d : avgPool2d;
  return tidy(() => {
    const means = pool(pow(x, normType), kernelSize, { stride, ceilMode });
    // The mean itself, with a gradient of 0 where it is 0.
    const signed = mul(sign(means), abs(means));
    return pow(mul(signed, elements), 1 / normType);
  });
}

/**
 * y[n, c, q] = (the sum over the window of x[n, c, q * stride + k] ^ normType) ^ (1 / normType).
 *
 * x [batch, channels, length] or [channels, length] -> [batch, channels, outLength], as `avgPool1d` without padding; a window
 * that `ceilMode` adds counts as if its elements in the input stood for a whole one, as in PyTorch. A negative sum gives NaN
 * (its root is not real). Errors: `ShapeError` as `avgPool1d` and for a normType of 0;
 * `DTypeError` unless float. Source: torch.nn.functional.lp_pool1d.
 */
export function lpPool1d(x: Tensor, normType: number, kernelSize: PerAxis, options: LpPoolOptions = {}): Tensor {
  return lpPool(1, x, normType, kernelSize, options);
}

/** `lpPool1d` over [height, width]. Source: torch.nn.functional.lp_pool2d. */
export function lpPool2d(x: Tensor, normType: number, kernelSize: PerAxis, options: LpPoolOptions = {}): Tensor {
  return lpPool(2, x, normType, kernelSize, options);
}
