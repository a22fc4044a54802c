import { abi } from '../abi.js';
import { fromHost } from '../creation.js';
import { KonvError, ShapeError } from '../errors.js';
import { noGrad } from '../grad-mode.js';
import { fillDropoutMask } from '../random/distributions.js';
import type { Generator } from '../random/generator.js';
import { fillPhiloxMask } from '../random/philox.js';
import { showShape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { add, mul, sub } from './binary.js';
import { cast } from './cast.js';
import { tidy } from './handles.js';
import { checkFloat, checkTensor } from './spatial.js';

export interface DropoutOptions {
  /** The probability with which a value becomes 0. Default: 0.5. */
  p?: number;
  /** Else the result is x itself. Default: true. */
  training?: boolean;
  /**
   * Where the mask comes from. Default: the global generator, with PyTorch's very masks. `'philox'`: a counter-based
   * generator seeded by one 64-bit draw of the global one, 1.6 times as fast; `manualSeed` still repeats it, but the
   * masks are not PyTorch's, and p counts in steps of 2^-16.
   */
  generator?: Generator | 'philox';
}

/** Refuses what is no probability or generator. For layers, too. */
export function checkDropout(op: string, { p = 0.5, generator }: DropoutOptions): void {
  if (typeof p !== 'number' || !(p >= 0 && p <= 1)) throw new KonvError(op, `expected p in [0, 1], got ${String(p)}; pass a probability`);
  const drawn: unknown = generator;
  if (drawn === undefined || drawn === 'philox' || typeof (drawn as Generator | null)?.uniform53 === 'function') return;
  const got = typeof drawn === 'string' ? `'${drawn}'` : String(drawn);
  throw new KonvError(op, `expected generator to be a Generator or 'philox', got ${got}; leave it out for PyTorch's masks`);
}

/** One byte a value: 1 is kept. */
function maskBytes(n: number, p: number, generator: DropoutOptions['generator']): Uint8Array {
  const bytes = new Uint8Array(n);
  if (generator === 'philox') {
    const seed = abi.generator.random64();
    fillPhiloxMask([Number(seed & 0xffffffffn), Number(seed >> 32n)], bytes, p);
  } else {
    fillDropoutMask(generator ?? abi.generator, bytes, p);
  }
  return bytes;
}

/** A mask for every value of x, row-major however x lies in memory, as PyTorch's. */
function maskLike(x: Tensor, p: number, generator: DropoutOptions['generator']): Tensor {
  return fromHost(x.device, maskBytes(x.size, p, generator), x.shape, 'bool');
}

type Mask = (p: number) => Tensor;

/** x times a mask, scaled; x itself where nothing is to be done. */
function drop(op: string, x: Tensor, options: DropoutOptions, mask: Mask): Tensor {
  const { p = 0.5, training = true } = options;
  if (!training || p === 0 || x.size === 0) return x;
  checkFloat(op, 'input', x);
  if (p === 1) return mul(x, 0);
  // As PyTorch rounds it: 1 / (1 - p) in the dtype of x, before it is multiplied.
  const scale = x.dtype === 'float32' ? Math.fround(1 / Math.fround(1 - p)) : 1 / (1 - p);
  return tidy(() =>
    mul(
      x,
      noGrad(() => mul(cast(mask(p), x.dtype), scale)),
    ),
  );
}

/**
 * y = x m / (1 - p), m = 0 with probability p, else 1, for each value by itself; outside of training y = x, the very tensor.
 *
 * x of any shape -> x's shape. p 0.5 by default; p = 1 gives 0. Two draws a value (none for p = 0 or 1), row-major:
 * PyTorch's masks. Errors: `KonvError` unless p is in [0, 1]; `DTypeError` unless float.
 * Source: torch.nn.functional.dropout.
 */
export function dropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  checkTensor('dropout', 'input', x);
  checkDropout('dropout', options);
  return drop('dropout', x, options, (p) => maskLike(x, p, options.generator));
}

/** Whole channels: one draw for each of the first `axes` axes' positions. */
function dropChannels(op: string, x: Tensor, axes: number, options: DropoutOptions): Tensor {
  return drop(op, x, options, (p) => {
    const shape = x.shape.map((size, i) => (i < axes ? size : 1));
    return fromHost(x.device, maskBytes(sizeOf(shape), p, options.generator), shape, 'bool');
  });
}

function channelAxes(op: string, x: Tensor, options: DropoutOptions, known: Readonly<Record<number, number>>, shapes: string): number {
  checkTensor(op, 'input', x);
  checkDropout(op, options);
  const axes = known[x.rank];
  if (axes !== undefined) return axes;
  throw new ShapeError(op, `expected input ${shapes}, got ${showShape(x.shape)}; dropout() drops single values of any shape`);
}

/**
 * As `dropout`, but whole channels: one m a channel.
 *
 * x [batch, channels, length] or [channels, length] -> x's shape. Errors: also `ShapeError` for another rank.
 * Source: torch.nn.functional.dropout1d.
 */
export function dropout1d(x: Tensor, options: DropoutOptions = {}): Tensor {
  const axes = channelAxes('dropout1d', x, options, { 2: 1, 3: 2 }, '[batch, channels, length] or [channels, length]');
  return dropChannels('dropout1d', x, axes, options);
}

/**
 * As `dropout`, but whole channels: one m a sample and channel.
 *
 * x [batch, channels, height, width], or [batch, channels, length] as in PyTorch 1.13 -> x's shape. Errors: also
 * `ShapeError` for another rank, of which PyTorch warns. Source: torch.nn.functional.dropout2d.
 */
export function dropout2d(x: Tensor, options: DropoutOptions = {}): Tensor {
  const axes = channelAxes('dropout2d', x, options, { 3: 2, 4: 2 }, '[batch, channels, height, width] or [batch, channels, length]');
  return dropChannels('dropout2d', x, axes, options);
}

/**
 * As `dropout`, but whole channels: one m a channel.
 *
 * x [batch, channels, depth, height, width] or [channels, depth, height, width] -> x's shape. Errors: also `ShapeError`
 * for another rank. Source: torch.nn.functional.dropout3d.
 */
export function dropout3d(x: Tensor, options: DropoutOptions = {}): Tensor {
  const shapes = '[batch, channels, depth, height, width] or [channels, depth, height, width]';
  const axes = channelAxes('dropout3d', x, options, { 4: 1, 5: 2 }, shapes);
  return dropChannels('dropout3d', x, axes, options);
}

/** The value that SELU tends to for negative inputs, negated. */
const SELU_FLOOR = 1.7580993408473766;

/**
 * y = a (x m - f (1 - m)) + a f p with f = 1.7581 and a = 1 / sqrt((f^2 p + 1) (1 - p)): dropped values become what SELU
 * tends to, and mean 0 and variance 1 are kept. Draws, defaults and errors as `dropout`.
 * Source: torch.nn.functional.alpha_dropout.
 */
export function alphaDropout(x: Tensor, options: DropoutOptions = {}): Tensor {
  const op = 'alphaDropout';
  checkTensor(op, 'input', x);
  checkDropout(op, options);
  const { p = 0.5, training = true } = options;
  if (!training || p === 0 || x.size === 0) return x;
  checkFloat(op, 'input', x);
  if (p === 1) return mul(x, 0);
  const a = 1 / Math.sqrt((SELU_FLOOR * SELU_FLOOR * p + 1) * (1 - p));
  return tidy(() => {
    const [factor, shift] = noGrad(() => {
      const kept = cast(maskLike(x, p, options.generator), x.dtype);
      return [mul(kept, a), add(mul(sub(kept, 1), SELU_FLOOR * a), SELU_FLOOR * a * p)];
    });
    return add(mul(x, factor), shift);
  });
}
