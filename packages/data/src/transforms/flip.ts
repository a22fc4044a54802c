import { type Generator, KonvError } from '@konv/core-tensor';
import { checkOptions, imageSize, source } from './arguments.js';
import { identity, select } from './pixels.js';
import type { Transform } from './transform.js';

export interface RandomFlipOptions {
  /** The probability of a flip. Default: 0.5. */
  p?: number;
  /** Default: the global generator, which `manualSeed` seeds. */
  generator?: Generator;
}

function randomFlip(op: string, options: RandomFlipOptions, vertical: boolean): Transform {
  checkOptions(op, options, ['p', 'generator']);
  const { p = 0.5, generator } = options;
  if (typeof p !== 'number' || !(p >= 0 && p <= 1)) throw new KonvError(op, `expected p in [0, 1], got ${String(p)}; pass a probability`);
  const random = source(op, generator);
  // PyTorch compares in float32.
  const chance = Math.fround(p);
  return (x) => {
    const [height, width] = imageSize(op, x);
    if (!(random().uniform24() < chance)) return x;
    const [rows, columns] = [identity(height), identity(width)];
    return select(x, vertical ? rows.reverse() : rows, vertical ? columns : columns.reverse(), 0);
  };
}

/**
 * y[..., i, j] = x[..., i, width - 1 - j] with probability p, else x.
 *
 * x `[..., height, width]` of any dtype. Draws one number, PyTorch's `torch.rand(1)`, also where p is 0 or 1.
 * Errors: `KonvError` for options, `ShapeError` for fewer than two axes. Source: torchvision.transforms.RandomHorizontalFlip.
 */
export function randomHorizontalFlip(options: RandomFlipOptions = {}): Transform {
  return randomFlip('randomHorizontalFlip', options, false);
}

/**
 * y[..., i, j] = x[..., height - 1 - i, j] with probability p, else x.
 *
 * x `[..., height, width]` of any dtype. Draws one number, PyTorch's `torch.rand(1)`, also where p is 0 or 1.
 * Errors: `KonvError` for options, `ShapeError` for fewer than two axes. Source: torchvision.transforms.RandomVerticalFlip.
 */
export function randomVerticalFlip(options: RandomFlipOptions = {}): Transform {
  return randomFlip('randomVerticalFlip', options, true);
}
