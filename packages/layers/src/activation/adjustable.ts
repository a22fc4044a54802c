import { elu, gelu, hardtanh, KonvError, leakyRelu, softplus, type Tensor } from '@konv/core-tensor';
import { oneOf } from '../arguments.js';
import { KEEPS_NOTHING } from '../module/keeps-nothing.js';
import { Module } from '../module/module.js';
import { float } from '../module/print.js';
import { checkActivation, realNumber } from './arguments.js';

export interface LeakyReLUOptions {
  /** The slope below 0, and at 0. Default: 0.01. */
  negativeSlope?: number;
}

/** y = x > 0 ? x : negativeSlope x. Any shape. Errors: `KonvError` for bad options. Source: torch.nn.LeakyReLU. */
export class LeakyReLU extends Module {
  static readonly [KEEPS_NOTHING] = 'one op';
  readonly negativeSlope: number;
  constructor(options: LeakyReLUOptions = {}) {
    super();
    checkActivation('LeakyReLU', options, ['negativeSlope']);
    this.negativeSlope = realNumber('LeakyReLU', 'negativeSlope', options.negativeSlope, 0.01);
  }
  override forward(x: Tensor): Tensor {
    return leakyRelu(x, this.negativeSlope);
  }
  override extraRepr(): string {
    return `negative_slope=${float(this.negativeSlope)}`;
  }
}

export interface ELUOptions {
  /** What y goes to far below 0, negative; the slope at 0. Default: 1. */
  alpha?: number;
}

/** y = x > 0 ? x : alpha (exp(x) - 1). Any shape. Errors: `KonvError` for bad options. Source: torch.nn.ELU. */
export class ELU extends Module {
  static readonly [KEEPS_NOTHING] = 'one op';
  readonly alpha: number;
  constructor(options: ELUOptions = {}) {
    super();
    checkActivation('ELU', options, ['alpha']);
    this.alpha = realNumber('ELU', 'alpha', options.alpha, 1);
  }
  override forward(x: Tensor): Tensor {
    return elu(x, this.alpha);
  }
  override extraRepr(): string {
    return `alpha=${float(this.alpha)}`;
  }
}

export interface GELUOptions {
  /** 'none' (default): by the error function; 'tanh': the faster approximation. */
  approximate?: 'none' | 'tanh';
}

/**
 * y = x / 2 (1 + erf(x / sqrt 2)), or its approximation by tanh, off by up to 5e-4. Any shape.
 * Errors: `KonvError` for bad options. Source: torch.nn.GELU.
 */
export class GELU extends Module {
  static readonly [KEEPS_NOTHING] = 'one op';
  readonly approximate: 'none' | 'tanh';
  constructor(options: GELUOptions = {}) {
    super();
    checkActivation('GELU', options, ['approximate']);
    this.approximate = oneOf<'none' | 'tanh'>('GELU', 'approximate', options.approximate ?? 'none', ['none', 'tanh']);
  }
  override forward(x: Tensor): Tensor {
    return gelu(x, { approximate: this.approximate });
  }
  override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}

export interface HardtanhOptions {
  /** Default: -1. */
  minVal?: number;
  /** Default: 1. */
  maxVal?: number;
}

/**
 * y = x limited to [minVal, maxVal]; its derivative at the bounds is 0. Any shape.
 * Errors: `KonvError` for bad options, also unless minVal < maxVal. Source: torch.nn.Hardtanh.
 */
export class Hardtanh extends Module {
  static readonly [KEEPS_NOTHING] = 'one op';
  readonly minVal: number;
  readonly maxVal: number;
  constructor(options: HardtanhOptions = {}) {
    super();
    checkActivation('Hardtanh', options, ['minVal', 'maxVal']);
    this.minVal = realNumber('Hardtanh', 'minVal', options.minVal, -1);
    this.maxVal = realNumber('Hardtanh', 'maxVal', options.maxVal, 1);
    if (!(this.minVal < this.maxVal)) {
      throw new KonvError('Hardtanh', `expected minVal < maxVal, got ${this.minVal} and ${this.maxVal}; swap them`);
    }
  }
  override forward(x: Tensor): Tensor {
    return hardtanh(x, this.minVal, this.maxVal);
  }
  override extraRepr(): string {
    return `min_val=${float(this.minVal)}, max_val=${float(this.maxVal)}`;
  }
}

export interface SoftplusLayerOptions {
  /** How sharp the bend is. Default: 1. */
  beta?: number;
  /** Where beta x is above this, y = x. Default: 20. */
  threshold?: number;
}

/**
 * y = ln(1 + exp(beta x)) / beta, and x itself where beta x > threshold. Any shape.
 * Errors: `KonvError` for bad options, also for beta 0. Source: torch.nn.Softplus.
 */
export class Softplus extends Module {
  static readonly [KEEPS_NOTHING] = 'one op';
  readonly beta: number;
  readonly threshold: number;
  constructor(options: SoftplusLayerOptions = {}) {
    super();
    checkActivation('Softplus', options, ['beta', 'threshold']);
    this.beta = realNumber('Softplus', 'beta', options.beta, 1);
    this.threshold = realNumber('Softplus', 'threshold', options.threshold, 20);
    if (this.beta === 0) throw new KonvError('Softplus', 'expected beta to be a number other than 0, got 0');
  }
  override forward(x: Tensor): Tensor {
    return softplus(x, { beta: this.beta, threshold: this.threshold });
  }
  override extraRepr(): string {
    return `beta=${given(this.beta)}, threshold=${given(this.threshold)}`;
  }
}

/** PyTorch's defaults of these are whole numbers, and print as such. */
function given(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : float(value);
}
