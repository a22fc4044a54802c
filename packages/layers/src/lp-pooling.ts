import { lpPool1d, lpPool2d, type PerAxis, ShapeError, type Tensor } from '@konv/core-tensor';
import { checkOptions, flag, perAxis } from './arguments.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';
import { bool } from './module/print.js';
import { shown } from './pooling.js';

export interface LpPoolLayerOptions {
  /** Default: the kernel size. */
  stride?: PerAxis | null;
  /** Whether a last window that overhangs counts. Default: false. */
  ceilMode?: boolean;
}

abstract class LpPoolNd extends Module {
  readonly normType: number;
  readonly kernelSize: PerAxis;
  readonly stride: PerAxis | null;
  readonly ceilMode: boolean;
  readonly #pool: typeof lpPool2d;

  constructor(rank: 1 | 2, normType: number, kernelSize: PerAxis, options: LpPoolLayerOptions) {
    const layer = `LPPool${rank}d`;
    checkOptions(layer, options, ['stride', 'ceilMode']);
    super();
    if (typeof normType !== 'number' || !Number.isFinite(normType) || normType === 0) {
      throw new ShapeError(layer, `expected normType to be a finite number other than 0, got ${String(normType)}; the maximum is MaxPool`);
    }
    this.normType = normType;
    perAxis(layer, 'kernelSize', kernelSize, rank, 1);
    this.kernelSize = kernelSize;
    this.stride = options.stride ?? null;
    if (this.stride !== null) perAxis(layer, 'stride', this.stride, rank, 1);
    this.ceilMode = flag(layer, 'ceilMode', options.ceilMode ?? false);
    this.#pool = rank === 1 ? lpPool1d : lpPool2d;
  }

  override forward(x: Tensor): Tensor {
    const { stride, ceilMode } = this;
    return this.#pool(x, this.normType, this.kernelSize, { stride, ceilMode });
  }

  override extraRepr(): string {
    const stride = this.stride === null ? 'None' : shown(this.stride);
    return `norm_type=${this.normType}, kernel_size=${shown(this.kernelSize)}, stride=${stride}, ceil_mode=${bool(this.ceilMode)}`;
  }
}

/**
 * y[n, c, q] = (the sum over the window of x[n, c, q stride + k] ^ normType) ^ (1 / normType).
 *
 * x [batch, channels, length] or [channels, length]. Default: stride = kernelSize. Errors: `ShapeError`.
 * Source: torch.nn.LPPool1d.
 */
export class LPPool1d extends LpPoolNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(normType: number, kernelSize: PerAxis, options: LpPoolLayerOptions = {}) {
    super(1, normType, kernelSize, options);
  }
}
/** The same over [batch, channels, height, width]. Source: torch.nn.LPPool2d. */
export class LPPool2d extends LpPoolNd {
  static readonly [KEEPS_NOTHING] = true;
  constructor(normType: number, kernelSize: PerAxis, options: LpPoolLayerOptions = {}) {
    super(2, normType, kernelSize, options);
  }
}
