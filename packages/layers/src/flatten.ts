import { flatten, ShapeError, type Tensor, unflatten } from '@konv/core-tensor';
import { whole } from './arguments.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';
import { tuple } from './module/print.js';

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

/**
 * The axis `dim` as several of the sizes given, one of which may be -1: the inverse of `Flatten`. A view where the data
 * allows. Errors: `ShapeError`. Source: torch.nn.Unflatten.
 */
export class Unflatten extends Module {
  static readonly [KEEPS_NOTHING] = true;
  readonly dim: number;
  readonly unflattenedSize: readonly number[];
  constructor(dim: number, unflattenedSize: readonly number[]) {
    super();
    this.dim = whole('Unflatten', 'dim', dim, Number.MIN_SAFE_INTEGER);
    if (!Array.isArray(unflattenedSize) || unflattenedSize.length === 0 || !unflattenedSize.every(Number.isSafeInteger)) {
      throw new ShapeError('Unflatten', `expected a list of sizes, got ${String(unflattenedSize)}; write [channels, height, width]`);
    }
    this.unflattenedSize = [...unflattenedSize];
  }
  override forward(x: Tensor): Tensor {
    return unflatten(x, this.dim, this.unflattenedSize);
  }
  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=${tuple(this.unflattenedSize)}`;
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
