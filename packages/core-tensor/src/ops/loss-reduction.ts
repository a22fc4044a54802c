import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { sameShape, showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { commonDType } from './binary.js';
import { mean, sum } from './reduce.js';
import { checkTensor } from './spatial.js';

/** 'mean' (default), 'sum', or 'none' for one loss an element. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface LossOptions {
  reduction?: Reduction;
}

export function checkReduction(op: string, reduction: unknown): Reduction {
  if (reduction === 'mean' || reduction === 'sum' || reduction === 'none') return reduction;
  throw new ShapeError(op, `expected reduction 'mean', 'sum' or 'none', got ${String(reduction)}`);
}

export function reduceLoss(loss: Tensor, reduction: Reduction): Tensor {
  return reduction === 'none' ? loss : reduction === 'sum' ? sum(loss) : mean(loss);
}

/** Input and target of an elementwise loss: floats of one shape. PyTorch broadcasts some of them, and warns. */
export function checkPair(op: string, x: Tensor, target: Tensor): void {
  checkTensor(op, 'input', x);
  checkTensor(op, 'target', target);
  const dtype = commonDType(op, x, target);
  if (!isFloat(dtype)) throw new DTypeError(op, `expected floats, got ${x.dtype} and ${target.dtype}; use cast('float32') first`);
  if (!sameShape(x.shape, target.shape)) {
    throw new ShapeError(
      op,
      `expected input and target of one shape, got ${showShape(x.shape)} and ${showShape(target.shape)}; reshape or expand one`,
    );
  }
}

/** A number that is not NaN, of at least `least` (or more than it, with `strict`). */
export function checkNumber(op: string, name: string, value: unknown, least: number, strict = false): number {
  if (typeof value === 'number' && (strict ? value > least : value >= least)) return value;
  throw new ShapeError(op, `expected ${name} to be a number ${strict ? '>' : '>='} ${least}, got ${String(value)}`);
}
