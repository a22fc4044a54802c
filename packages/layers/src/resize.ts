import { interpolate, type InterpolateMode, type PerAxis, pixelShuffle, pixelUnshuffle, ShapeError, type Tensor } from '@konv/core-tensor';
import { checkOptions, flag, oneOf, whole } from './arguments.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';
import { float } from './module/print.js';

export interface UpsampleOptions {
  /** Of the result, one number or one an axis. Either this or `scaleFactor`. */
  size?: PerAxis | null;
  /** The result has floor(size * scaleFactor) elements. */
  scaleFactor?: number | readonly number[] | null;
  /** Default: 'nearest'. */
  mode?: InterpolateMode;
  /** Corners map to corners; default false: areas map to areas. */
  alignCorners?: boolean | null;
  /** Take the ratio of the sizes as the step, not 1 / scaleFactor; default false. */
  recomputeScaleFactor?: boolean | null;
}

const modes: readonly InterpolateMode[] = ['nearest', 'nearest-exact', 'linear', 'bilinear', 'trilinear', 'bicubic', 'area'];

/**
 * x at another resolution: `interpolate` as a layer. x [batch, channels, *spatial] -> [batch, channels, *size].
 * Errors: `ShapeError`, for both or neither of size and scaleFactor already when it is built. Source: torch.nn.Upsample.
 */
export class Upsample extends Module {
  static readonly [KEEPS_NOTHING] = true;
  readonly size: PerAxis | null;
  readonly scaleFactor: number | readonly number[] | null;
  readonly mode: InterpolateMode;
  readonly alignCorners: boolean | null;
  readonly recomputeScaleFactor: boolean | null;

  constructor(options: UpsampleOptions = {}, layer = 'Upsample') {
    super();
    checkOptions(layer, options, ['size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor']);
    const { size = null, scaleFactor = null, mode = 'nearest', alignCorners = null, recomputeScaleFactor = null } = options;
    if ((size === null) === (scaleFactor === null)) {
      throw new ShapeError(
        layer,
        `expected either size or scaleFactor, got ${size === null ? 'neither' : 'both'}; write { scaleFactor: 2 }`,
      );
    }
    this.size = size;
    this.scaleFactor = scaleFactor;
    this.mode = oneOf(layer, 'mode', mode, modes);
    this.alignCorners = alignCorners === null ? null : flag(layer, 'alignCorners', alignCorners);
    this.recomputeScaleFactor = recomputeScaleFactor === null ? null : flag(layer, 'recomputeScaleFactor', recomputeScaleFactor);
  }

  override forward(x: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this;
    return interpolate(x, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor });
  }

  override extraRepr(): string {
    const { size, scaleFactor } = this;
    const listed = (v: number | readonly number[], one: (n: number) => string): string =>
      typeof v === 'number' ? one(v) : `(${v.map(one).join(', ')})`;
    const what = scaleFactor === null ? `size=${listed(size as PerAxis, String)}` : `scale_factor=${listed(scaleFactor, float)}`;
    return `${what}, mode=${this.mode}`;
  }
}

/** `Upsample` of images by repetition. Source: torch.nn.UpsamplingNearest2d. */
export class UpsamplingNearest2d extends Upsample {
  static override readonly [KEEPS_NOTHING] = true;
  constructor(options: Pick<UpsampleOptions, 'size' | 'scaleFactor'> = {}) {
    refuseMode('UpsamplingNearest2d', options);
    super({ ...options, mode: 'nearest' }, 'UpsamplingNearest2d');
  }
}

/** `Upsample` of images, bilinear with corners mapped to corners. Source: torch.nn.UpsamplingBilinear2d. */
export class UpsamplingBilinear2d extends Upsample {
  static override readonly [KEEPS_NOTHING] = true;
  constructor(options: Pick<UpsampleOptions, 'size' | 'scaleFactor'> = {}) {
    refuseMode('UpsamplingBilinear2d', options);
    super({ ...options, mode: 'bilinear', alignCorners: true }, 'UpsamplingBilinear2d');
  }
}

function refuseMode(layer: string, options: object): void {
  checkOptions(layer, options, ['size', 'scaleFactor']);
}

/**
 * Channels become resolution: x [..., channels r r, height, width] -> [..., channels, height r, width r], r =
 * upscaleFactor. Errors: `ShapeError`. Source: torch.nn.PixelShuffle.
 */
export class PixelShuffle extends Module {
  static readonly [KEEPS_NOTHING] = true;
  readonly upscaleFactor: number;
  constructor(upscaleFactor: number) {
    super();
    this.upscaleFactor = whole('PixelShuffle', 'upscaleFactor', upscaleFactor, 1);
  }
  override forward(x: Tensor): Tensor {
    return pixelShuffle(x, this.upscaleFactor);
  }
  override extraRepr(): string {
    return `upscale_factor=${this.upscaleFactor}`;
  }
}

/**
 * Resolution becomes channels: x [..., channels, height r, width r] -> [..., channels r r, height, width], r =
 * downscaleFactor. Errors: `ShapeError`. Source: torch.nn.PixelUnshuffle.
 */
export class PixelUnshuffle extends Module {
  static readonly [KEEPS_NOTHING] = true;
  readonly downscaleFactor: number;
  constructor(downscaleFactor: number) {
    super();
    this.downscaleFactor = whole('PixelUnshuffle', 'downscaleFactor', downscaleFactor, 1);
  }
  override forward(x: Tensor): Tensor {
    return pixelUnshuffle(x, this.downscaleFactor);
  }
  override extraRepr(): string {
    return `downscale_factor=${this.downscaleFactor}`;
  }
}
