import { KonvError, logSoftmax, relu, sigmoid, softmax, tanh, type Tensor } from '@konv/core-tensor';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';

/** y = max(x, 0); its derivative at 0 is 0. Any shape. Source: torch.nn.ReLU. */
export class ReLU extends Module {
  static readonly [KEEPS_NOTHING] = 'one op';
  override forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** y = 1 / (1 + exp(-x)). Any shape. Source: torch.nn.Sigmoid. */
export class Sigmoid extends Module {
  static readonly [KEEPS_NOTHING] = 'one op';
  override forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** y = tanh(x). Any shape. Source: torch.nn.Tanh. */
export class Tanh extends Module {
  static readonly [KEEPS_NOTHING] = 'one op';
  override forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

function checkDim(layer: string, dim: unknown): number {
  if (Number.isInteger(dim)) return dim as number;
  throw new KonvError(layer, `expected the axis along which the values sum to 1, got ${String(dim)}; for [batch, classes] pass 1`);
}

/** y = exp(x) / (the sum of exp(x) along axis `dim`). Any shape. Source: torch.nn.Softmax. */
export class Softmax extends Module {
  static readonly [KEEPS_NOTHING] = true;
  readonly dim: number;
  constructor(dim: number) {
    super();
    this.dim = checkDim('Softmax', dim);
  }
  override forward(x: Tensor): Tensor {
    return softmax(x, this.dim);
  }
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** y = log(softmax(x)) along axis `dim`, without overflow. Any shape. Source: torch.nn.LogSoftmax. */
export class LogSoftmax extends Module {
  static readonly [KEEPS_NOTHING] = true;
  readonly dim: number;
  constructor(dim: number) {
    super();
    this.dim = checkDim('LogSoftmax', dim);
  }
  override forward(x: Tensor): Tensor {
    return logSoftmax(x, this.dim);
  }
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
