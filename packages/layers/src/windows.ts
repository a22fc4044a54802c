import { fold, type PerAxis, type Tensor, unfold } from '@konv/core-tensor';
import { checkOptions, perAxis } from './arguments.js';
import { KEEPS_NOTHING } from './module/keeps-nothing.js';
import { Module } from './module/module.js';
import { shown } from './pooling.js';

export interface UnfoldLayerOptions {
  /** The distance between the elements of a window. Default: 1. */
  dilation?: PerAxis;
  /** Zeros on both sides of each axis. Default: 0. */
  padding?: PerAxis;
  /** The distance between windows. Default: 1. */
  stride?: PerAxis;
}

abstract class Windows extends Module {
  readonly kernelSize: PerAxis;
  readonly dilation: PerAxis;
  readonly padding: PerAxis;
  readonly stride: PerAxis;

  constructor(layer: string, kernelSize: PerAxis, options: UnfoldLayerOptions) {
    checkOptions(layer, options, ['dilation', 'padding', 'stride']);
    super();
    const { dilation = 1, padding = 0, stride = 1 } = options;
    perAxis(layer, 'kernelSize', kernelSize, 2, 1);
    perAxis(layer, 'dilation', dilation, 2, 1);
    perAxis(layer, 'padding', padding, 2, 0);
    perAxis(layer, 'stride', stride, 2, 1);
    this.kernelSize = kernelSize;
    this.dilation = dilation;
    this.padding = padding;
    this.stride = stride;
  }

  override extraRepr(): string {
    const { kernelSize, dilation, padding, stride } = this;
    return `kernel_size=${shown(kernelSize)}, dilation=${shown(dilation)}, padding=${shown(padding)}, stride=${shown(stride)}`;
  }
}

/**
 * The windows of images as columns: `unfold` as a layer. x [batch, channels, height, width] or without batch ->
 * [batch, channels prod(kernelSize), windows]. Errors: `ShapeError`. Source: torch.nn.Unfold.
 */
export class Unfold extends Windows {
  static readonly [KEEPS_NOTHING] = true;
  constructor(kernelSize: PerAxis, options: UnfoldLayerOptions = {}) {
    super('Unfold', kernelSize, options);
  }
  override forward(x: Tensor): Tensor {
    const { dilation, padding, stride } = this;
    return unfold(x, this.kernelSize, { dilation, padding, stride });
  }
}

/**
 * The columns of `Unfold` added back where they came from. x [batch, channels prod(kernelSize), windows] or without
 * batch -> [batch, channels, *outputSize]. Errors: `ShapeError`. Source: torch.nn.Fold.
 */
export class Fold extends Windows {
  static readonly [KEEPS_NOTHING] = true;
  readonly outputSize: PerAxis;
  constructor(outputSize: PerAxis, kernelSize: PerAxis, options: UnfoldLayerOptions = {}) {
    super('Fold', kernelSize, options);
    perAxis('Fold', 'outputSize', outputSize, 2, 1);
    this.outputSize = outputSize;
  }
  override forward(x: Tensor): Tensor {
    const { dilation, padding, stride } = this;
    return fold(x, this.outputSize, this.kernelSize, { dilation, padding, stride });
  }
  override extraRepr(): string {
    return `output_size=${shown(this.outputSize)}, ${super.extraRepr()}`;
  }
}
