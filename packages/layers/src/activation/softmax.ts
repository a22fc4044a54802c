import { isTensor, KonvError, logSoftmax, ShapeError, showShape, softmax, softmin, type Tensor } from '@konv/core-tensor';
import { KEEPS_NOTHING } from '../module/keeps-nothing.js';
import { Module } from '../module/module.js';
import { FixedActivation } from './arguments.js';

function checkDim(layer: string, dim: unknown): number {
  if (Number.isInteger(dim)) return dim as number;
  throw new KonvError(layer, `expected the axis along which the values sum to 1, got ${String(dim)}; for [batch, classes] pass 1`);
}

/** What the layers along an axis have in common. */
abstract class AlongAxis extends Module {
  readonly dim: number;
  constructor(layer: string, dim: number) {
    super();
    this.dim = checkDim(layer, dim);
  }
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** y = exp(x) / (the sum of exp(x) along axis `dim`). Any shape. Source: torch.nn.Softmax. */
export class Softmax extends AlongAxis {
  static readonly [KEEPS_NOTHING] = true;
  constructor(dim: number) {
    super('Softmax', dim);
  }
  override forward(x: Tensor): Tensor {
    return softmax(x, this.dim);
  }
}

/** y = log(softmax(x)) along axis `dim`, without overflow. Any shape. Source: torch.nn.LogSoftmax. */
export class LogSoftmax extends AlongAxis {
  static readonly [KEEPS_NOTHING] = true;
  constructor(dim: number) {
    super('LogSoftmax', dim);
  }
  override forward(x: Tensor): Tensor {
    return logSoftmax(x, this.dim);
  }
}

/** y = softmax(-x) along axis `dim`. Any shape. Source: torch.nn.Softmin. */
export class Softmin extends AlongAxis {
  static readonly [KEEPS_NOTHING] = true;
  constructor(dim: number) {
    super('Softmin', dim);
  }
  override forward(x: Tensor): Tensor {
    return softmin(x, this.dim);
  }
}

/**
 * Softmax over the channels at every place of an image.
 *
 * x [batch, channels, height, width] or [channels, height, width] -> the same shape. Errors: `ShapeError` for another
 * number of axes. Source: torch.nn.Softmax2d.
 */
export class Softmax2d extends FixedActivation {
  static readonly [KEEPS_NOTHING] = true;
  override forward(x: Tensor): Tensor {
    if (isTensor(x) && x.rank !== 3 && x.rank !== 4) {
      throw new ShapeError(
        'Softmax2d',
        `expected input [batch, channels, height, width] or [channels, height, width], got ${showShape(x.shape)}; use Softmax(dim)`,
      );
    }
    return softmax(x, -3);
  }
}
