import { flatten, type Tensor } from '@konv/core-tensor';
import { whole } from './arguments.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';

/**
 * The axes from `startDim` (1) to `endDim` (-1, the last; inclusive) as one: [batch, channels, height, width] ->
 * [batch, channels height width]. A view where the data allows. Errors: `ShapeError`. Source: torch.nn.Flatten.
 */
export class Flatten extends Module {
  static readonly [KEEPS_NOTHING] = true;
  readonly startDim: number;
  readonly endDim: number;
  constructor(startDim = 1, endDim = -1) {
    super();
    this.startDim = whole('Flatten', 'startDim', startDim, Number.MIN_SAFE_INTEGER);
    this.endDim = whole('Flatten', 'endDim', endDim, Number.MIN_SAFE_INTEGER);
  }
  override forward(x: Tensor): Tensor {
    return flatten(x, this.startDim, this.endDim);
  }
  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

/** y = x, the very tensor. Takes any arguments and ignores them, so that it can stand for any layer. Source: torch.nn.Identity. */
export class Identity extends Module {
  static readonly [KEEPS_NOTHING] = 'one op';
  constructor(..._ignored: unknown[]) {
    super();
  }
  override forward(x: Tensor): Tensor {
    return x;
  }
}
