import { isTensor, pad, type PadMode, ShapeError, type Tensor } from '@konv/core-tensor';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';
import { tuple } from './module/print.js';

/** One number for all sides, or two an axis from the last backwards: `[left, right, top, bottom, front, back]`. */
export type PaddingSize = number | readonly number[];

abstract class PadNd extends Module {
  readonly padding: readonly number[];
  readonly #rank: number;
  readonly #mode: PadMode;

  constructor(layer: string, rank: number, padding: PaddingSize, mode: PadMode) {
    super();
    const list = typeof padding === 'number' ? new Array<number>(2 * rank).fill(padding) : padding;
    if (!Array.isArray(list) || list.length !== 2 * rank || !list.every(Number.isSafeInteger)) {
      const got = Array.isArray(list) ? `[${list.map(String).join(', ')}]` : String(padding);
      throw new ShapeError(layer, `expected padding to be a whole number or ${2 * rank} of them, the last axis first, got ${got}`);
    }
    this.padding = [...list];
    this.#rank = rank;
    this.#mode = mode;
  }

  protected padded(x: Tensor, value: number): Tensor {
    if (isTensor(x) && this.#mode !== 'constant' && x.rank !== this.#rank + 1 && x.rank !== this.#rank + 2) {
      throw new ShapeError(
        'pad',
        `expected input [channels, *spatial] or [batch, channels, *spatial] with ${this.#rank} spatial axes, got [${x.shape.join(', ')}]`,
      );
    }
    return pad(x, this.padding, { mode: this.#mode, value });
  }

  override forward(x: Tensor): Tensor {
    return this.padded(x, 0);
  }

  override extraRepr(): string {
    return tuple(this.padding);
  }
}

abstract class ConstantPadNd extends PadNd {
  readonly value: number;
  constructor(layer: string, rank: number, padding: PaddingSize, value: number) {
    super(layer, rank, padding, 'constant');
    if (typeof value !== 'number') throw new ShapeError(layer, `expected a number as value, got ${typeof value}`);
    this.value = value;
  }
  override forward(x: Tensor): Tensor {
    return this.padded(x, this.value);
  }
  override extraRepr(): string {
    return `padding=${tuple(this.padding)}, value=${this.value}`;
  }
}

/**
 * `value` around the last axis of x. A negative number crops. x [..., length]. Errors: `ShapeError`.
 * Source: torch.nn.ConstantPad1d.
 */
export class ConstantPad1d extends ConstantPadNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(padding: PaddingSize, value: number) {
    super('ConstantPad1d', 1, padding, value);
  }
}
/** The same around the last two axes. Source: torch.nn.ConstantPad2d. */
export class ConstantPad2d extends ConstantPadNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(padding: PaddingSize, value: number) {
    super('ConstantPad2d', 2, padding, value);
  }
}
/** The same around the last three axes. Source: torch.nn.ConstantPad3d. */
export class ConstantPad3d extends ConstantPadNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(padding: PaddingSize, value: number) {
    super('ConstantPad3d', 3, padding, value);
  }
}
/** Zeros around the last two axes. Source: torch.nn.ZeroPad2d. */
export class ZeroPad2d extends ConstantPadNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(padding: PaddingSize) {
    super('ZeroPad2d', 2, padding, 0);
  }
  override extraRepr(): string {
    return tuple(this.padding);
  }
}

/**
 * x mirrored at its edges, which are not repeated. x [batch, channels, length] or [channels, length]; padding below the
 * length. Errors: `ShapeError`. Source: torch.nn.ReflectionPad1d.
 */
export class ReflectionPad1d extends PadNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(padding: PaddingSize) {
    super('ReflectionPad1d', 1, padding, 'reflect');
  }
}
/** The same for [batch, channels, height, width]. Source: torch.nn.ReflectionPad2d. */
export class ReflectionPad2d extends PadNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(padding: PaddingSize) {
    super('ReflectionPad2d', 2, padding, 'reflect');
  }
}
/** The same for [batch, channels, depth, height, width]. Source: torch.nn.ReflectionPad3d. */
export class ReflectionPad3d extends PadNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(padding: PaddingSize) {
    super('ReflectionPad3d', 3, padding, 'reflect');
  }
}

/** The edges of x repeated. x [batch, channels, length] or [channels, length]. Source: torch.nn.ReplicationPad1d. */
export class ReplicationPad1d extends PadNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(padding: PaddingSize) {
    super('ReplicationPad1d', 1, padding, 'replicate');
  }
}
/** The same for [batch, channels, height, width]. Source: torch.nn.ReplicationPad2d. */
export class ReplicationPad2d extends PadNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(padding: PaddingSize) {
    super('ReplicationPad2d', 2, padding, 'replicate');
  }
}
/** The same for [batch, channels, depth, height, width]. Source: torch.nn.ReplicationPad3d. */
export class ReplicationPad3d extends PadNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(padding: PaddingSize) {
    super('ReplicationPad3d', 3, padding, 'replicate');
  }
}
