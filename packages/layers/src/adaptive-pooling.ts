import {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  type AdaptiveSize,
  KonvError,
  ShapeError,
  type Tensor,
} from '@konv/core-tensor';
import { checkOptions, flag } from './arguments.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';
import type { MaxPoolOutput } from './pooling.js';

export interface AdaptiveMaxPoolLayerOptions<Indices extends boolean = boolean> {
  /** Whether `forward` returns `{ values, indices }`; indices are int32. Default: false. */
  returnIndices?: Indices;
}

/** A size of 1 or more, or null where the input's is kept. */
function fits(size: unknown): boolean {
  return size === null || (Number.isSafeInteger(size) && (size as number) >= 1);
}

/** What adaptive pools have in common: the size of their result. */
abstract class AdaptivePoolNd extends Module {
  readonly outputSize: AdaptiveSize;

  constructor(layer: string, rank: 1 | 2 | 3, outputSize: AdaptiveSize) {
    super();
    const list: unknown = Array.isArray(outputSize) ? outputSize : new Array(rank).fill(outputSize);
    if (outputSize === null || !Array.isArray(list) || list.length !== rank || !list.every(fits)) {
      const many = rank === 1 ? '' : `, or ${rank} of them (null keeps an axis)`;
      const got = Array.isArray(outputSize) ? `[${outputSize.map(String).join(', ')}]` : String(outputSize);
      throw new ShapeError(layer, `expected outputSize to be a whole number >= 1${many}, got ${got}; pass the size of the result`);
    }
    this.outputSize = Array.isArray(outputSize) ? Object.freeze([...outputSize]) : outputSize;
  }

  override extraRepr(): string {
    const { outputSize } = this;
    if (typeof outputSize === 'number') return `output_size=${outputSize}`;
    const shown = outputSize.map((n) => (n === null ? 'None' : String(n))).join(', ');
    return `output_size=(${shown}${outputSize.length === 1 ? ',' : ''})`;
  }
}

abstract class AdaptiveAvgPoolNd extends AdaptivePoolNd {
  readonly #pool: typeof adaptiveAvgPool2d;

  constructor(rank: 1 | 2 | 3, outputSize: AdaptiveSize, more: readonly unknown[]) {
    const layer = `AdaptiveAvgPool${rank}d`;
    // Of `new AdaptiveAvgPool2d(7, 5)` the second size would be lost.
    if (more.length > 0) throw new KonvError(layer, `expected outputSize alone, got ${more.length + 1} arguments; put the sizes in a list`);
    super(layer, rank, outputSize);
    this.#pool = [adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d][rank - 1];
  }
  override forward(x: Tensor): Tensor {
    return this.#pool(x, this.outputSize);
  }
}

abstract class AdaptiveMaxPoolNd<Indices extends boolean> extends AdaptivePoolNd {
  readonly returnIndices: boolean;
  readonly #pool: typeof adaptiveMaxPool2d;

  constructor(rank: 1 | 2 | 3, outputSize: AdaptiveSize, options: AdaptiveMaxPoolLayerOptions<Indices>) {
    const layer = `AdaptiveMaxPool${rank}d`;
    checkOptions(layer, options, ['returnIndices']);
    super(layer, rank, outputSize);
    this.returnIndices = flag(layer, 'returnIndices', options.returnIndices ?? false);
    this.#pool = [adaptiveMaxPool1d, adaptiveMaxPool2d, adaptiveMaxPool3d][rank - 1];
  }
  override forward(x: Tensor): MaxPoolOutput<Indices> {
    const y = this.returnIndices ? this.#pool(x, this.outputSize, { returnIndices: true }) : this.#pool(x, this.outputSize);
    return y as MaxPoolOutput<Indices>;
  }
}

/**
 * y[n, c, q] = the mean of x[n, c, i] for floor(q length / outputSize) <= i < ceil((q + 1) length / outputSize): a result of
 * one size whatever the input's.
 *
 * x [batch, channels, length] or [channels, length] -> [batch, channels, outputSize].
 * Errors: `ShapeError`. Source: torch.nn.AdaptiveAvgPool1d.
 */
export class AdaptiveAvgPool1d extends AdaptiveAvgPoolNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(outputSize: AdaptiveSize, ...more: never[]) {
    super(1, outputSize, more);
  }
}
/**
 * The same over [batch, channels, height, width]; `outputSize` is one number or `[height, width]`, null for an axis that
 * keeps its size; 1 is the mean of every channel. Source: torch.nn.AdaptiveAvgPool2d.
 */
export class AdaptiveAvgPool2d extends AdaptiveAvgPoolNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(outputSize: AdaptiveSize, ...more: never[]) {
    super(2, outputSize, more);
  }
}
/** The same over [batch, channels, depth, height, width]. Source: torch.nn.AdaptiveAvgPool3d. */
export class AdaptiveAvgPool3d extends AdaptiveAvgPoolNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(outputSize: AdaptiveSize, ...more: never[]) {
    super(3, outputSize, more);
  }
}

/**
 * y[n, c, q] = the greatest of x[n, c, i] for floor(q length / outputSize) <= i < ceil((q + 1) length / outputSize); NaN wins,
 * and of equal values the first gets the gradient.
 *
 * x [batch, channels, length] or [channels, length] -> [batch, channels, outputSize], or with `returnIndices: true`
 * `{ values, indices }`: int32 positions within the input's plane. Errors: `ShapeError`. Source: torch.nn.AdaptiveMaxPool1d.
 */
export class AdaptiveMaxPool1d<Indices extends boolean = false> extends AdaptiveMaxPoolNd<Indices> {
  static readonly [KEEPS_NOTHING] = true;
  constructor(outputSize: AdaptiveSize, options: AdaptiveMaxPoolLayerOptions<Indices> = {}) {
    super(1, outputSize, options);
  }
}
/** The same over [batch, channels, height, width]; sizes as `AdaptiveAvgPool2d`. Source: torch.nn.AdaptiveMaxPool2d. */
export class AdaptiveMaxPool2d<Indices extends boolean = false> extends AdaptiveMaxPoolNd<Indices> {
  static readonly [KEEPS_NOTHING] = true;
  constructor(outputSize: AdaptiveSize, options: AdaptiveMaxPoolLayerOptions<Indices> = {}) {
    super(2, outputSize, options);
  }
}
/** The same over [batch, channels, depth, height, width]. Source: torch.nn.AdaptiveMaxPool3d. */
export class AdaptiveMaxPool3d<Indices extends boolean = false> extends AdaptiveMaxPoolNd<Indices> {
  static readonly [KEEPS_NOTHING] = true;
  constructor(outputSize: AdaptiveSize, options: AdaptiveMaxPoolLayerOptions<Indices> = {}) {
    super(3, outputSize, options);
  }
}
