/** `nn.init`: fills tensors in place, under PyTorch's names and with its very numbers. Nothing here is recorded for gradients. */
import { eye, full, type Generator, KonvError, noGrad, normal, ShapeError, showShape, type Tensor, uniform } from '@konv/core-tensor';
import { oneOf } from './arguments.js';

export interface GeneratorOption {
  /** Default: the global generator. */
  generator?: Generator;
}
export type FanMode = 'fan_in' | 'fan_out';
/** PyTorch's names. */
export type Nonlinearity =
  | 'linear'
  | 'conv1d'
  | 'conv2d'
  | 'conv3d'
  | 'conv_transpose1d'
  | 'conv_transpose2d'
  | 'conv_transpose3d'
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  | 'leaky_relu'
  | 'selu';

export interface KaimingOptions extends GeneratorOption {
  /** The negative slope of the leaky_relu that follows. Default: 0. */
  a?: number;
  /** fan_in keeps the size of activations in the forward pass, fan_out that of gradients. Default: fan_in. */
  mode?: FanMode;
  /** Default: leaky_relu. */
  nonlinearity?: Nonlinearity;
}
export interface XavierOptions extends GeneratorOption {
  /** Default: 1. */
  gain?: number;
}

const plain: readonly string[] = [
  'linear',
  'conv1d',
  'conv2d',
  'conv3d',
  'conv_transpose1d',
  'conv_transpose2d',
  'conv_transpose3d',
  'sigmoid',
];
const nonlinearities = [...plain, 'tanh', 'relu', 'leaky_relu', 'selu'] as Nonlinearity[];

function overwrite(t: Tensor, make: () => Tensor): Tensor {
  const values = make();
  try {
    noGrad(() => t.copy_(values));
  } finally {
    values.dispose();
  }
  return t;
}

/** Uniform in [a, b). Default: [0, 1). Returns `t`. Source: torch.nn.init.uniform_. */
export function uniform_(t: Tensor, options: GeneratorOption & { a?: number; b?: number } = {}): Tensor {
  const { a = 0, b = 1, generator } = options;
  return overwrite(t, () => uniform(t.shape, a, b, { dtype: t.dtype, backend: t.backend, generator }));
}

/** Normal with the given mean (0) and standard deviation (1). Returns `t`. Source: torch.nn.init.normal_. */
export function normal_(t: Tensor, options: GeneratorOption & { mean?: number; std?: number } = {}): Tensor {
  const { mean = 0, std = 1, generator } = options;
  return overwrite(t, () => normal(t.shape, mean, std, { dtype: t.dtype, backend: t.backend, generator }));
}

/** Every element = value. Returns `t`. Source: torch.nn.init.constant_. */
export function constant_(t: Tensor, value: number): Tensor {
  if (typeof value !== 'number') throw new KonvError('constant_', `expected a number, got ${typeof value}`);
  return overwrite(t, () => full(t.shape, value, { dtype: t.dtype, backend: t.backend }));
}

/** All 1. Source: torch.nn.init.ones_. */
export function ones_(t: Tensor): Tensor {
  return constant_(t, 1);
}

/** All 0. Source: torch.nn.init.zeros_. */
export function zeros_(t: Tensor): Tensor {
  return constant_(t, 0);
}

/** 1 on the diagonal of a matrix, else 0. Errors: `ShapeError` unless it has two axes. Source: torch.nn.init.eye_. */
export function eye_(t: Tensor): Tensor {
  if (t.rank !== 2) throw new ShapeError('eye_', `expected a matrix, got shape ${showShape(t.shape)}`);
  return overwrite(t, () => eye(t.shape[0], t.shape[1], { dtype: t.dtype, backend: t.backend }));
}

/**
 * The numbers of inputs and outputs that one value has by way of a weight [out, in, *kernel]: in * prod(kernel) and
 * out * prod(kernel). Errors: `ShapeError` for fewer than two axes. Source: torch.nn.init._calculate_fan_in_and_fan_out.
 */
export function calculateFanInAndFanOut(t: Tensor): { fanIn: number; fanOut: number } {
  const [out, inputs, ...kernel] = t.shape;
  if (t.rank < 2) {
    throw new ShapeError(
      'calculateFanInAndFanOut',
      `expected a weight [out, in, ...] of at least two axes, got shape ${showShape(t.shape)}`,
    );
  }
  const field = kernel.reduce((a, b) => a * b, 1);
  return { fanIn: inputs * field, fanOut: out * field };
}

/**
 * The factor by which a nonlinearity shrinks standard deviations: 1, tanh 5/3, relu sqrt(2), selu 3/4,
 * leaky_relu sqrt(2 / (1 + slope^2)) with slope = `param` (0.01). Errors: `KonvError` for another name.
 * Source: torch.nn.init.calculate_gain.
 */
export function calculateGain(nonlinearity: Nonlinearity, param = 0.01): number {
  const name = oneOf('calculateGain', 'nonlinearity', nonlinearity, nonlinearities);
  if (plain.includes(name)) return 1;
  if (name === 'tanh') return 5 / 3;
  if (name === 'relu') return Math.sqrt(2);
  if (name === 'selu') return 3 / 4;
  if (typeof param !== 'number') throw new KonvError('calculateGain', `expected the slope to be a number, got ${typeof param}`);
  return Math.sqrt(2 / (1 + param * param));
}

function xavierStd(t: Tensor, gain: number): number {
  const { fanIn, fanOut } = calculateFanInAndFanOut(t);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

/** U(-b, b), b = gain sqrt(6 / (fanIn + fanOut)): Glorot's. Returns `t`. Source: torch.nn.init.xavier_uniform_. */
export function xavierUniform_(t: Tensor, { gain = 1, generator }: XavierOptions = {}): Tensor {
  const bound = Math.sqrt(3) * xavierStd(t, gain);
  return t.size === 0 ? t : uniform_(t, { a: -bound, b: bound, generator });
}

/** Normal with std = gain sqrt(2 / (fanIn + fanOut)). Returns `t`. Source: torch.nn.init.xavier_normal_. */
export function xavierNormal_(t: Tensor, { gain = 1, generator }: XavierOptions = {}): Tensor {
  const std = xavierStd(t, gain);
  return t.size === 0 ? t : normal_(t, { std, generator });
}

function kaimingStd(op: string, t: Tensor, { a = 0, mode = 'fan_in', nonlinearity = 'leaky_relu' }: KaimingOptions): number {
  const { fanIn, fanOut } = calculateFanInAndFanOut(t);
  const fan = oneOf<FanMode>(op, 'mode', mode, ['fan_in', 'fan_out']) === 'fan_in' ? fanIn : fanOut;
  return calculateGain(nonlinearity, a) / Math.sqrt(fan);
}

/** U(-b, b), b = gain sqrt(3 / fan): He's. Returns `t`. Source: torch.nn.init.kaiming_uniform_. */
export function kaimingUniform_(t: Tensor, options: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(3) * kaimingStd('kaimingUniform_', t, options);
  return t.size === 0 ? t : uniform_(t, { a: -bound, b: bound, generator: options.generator });
}

/** Normal with std = gain / sqrt(fan). Returns `t`. Source: torch.nn.init.kaiming_normal_. */
export function kaimingNormal_(t: Tensor, options: KaimingOptions = {}): Tensor {
  const std = kaimingStd('kaimingNormal_', t, options);
  return t.size === 0 ? t : normal_(t, { std, generator: options.generator });
}
