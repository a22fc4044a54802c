import type { ReduceKind } from '../backend.js';
import { dispatch } from '../dispatch.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { normalizeAxes, normalizeAxis, type Shape, showShape } from '../shape.js';
import type { Axes, Tensor } from '../tensor.js';
import { sub } from './binary.js';
import { cast } from './cast.js';
import { defineNonDifferentiableOp, defineOp, type Op, type Operand, type OutputSpec } from './define-op.js';
import { gather } from './gather.js';
import { neg, square } from './unary.js';
import { reshape, squeeze } from './view.js';

interface ReduceAttrs {
  readonly axes: readonly number[];
}

function reducedShape(shape: Shape, axes: readonly number[], keepdim: boolean): Shape {
  return keepdim ? shape.map((d, i) => (axes.includes(i) ? 1 : d)) : shape.filter((_, i) => !axes.includes(i));
}

const infer = ([x]: readonly Operand[], { axes }: ReduceAttrs): OutputSpec[] => [
  { shape: reducedShape((x as Tensor).shape, axes, true), dtype: (x as Tensor).dtype },
];

function reduceOp(name: 'sum' | 'amax' | 'amin', kind: ReduceKind, decompose: Op<ReduceAttrs>['decompose']): Op<ReduceAttrs> {
  return defineOp(name, {
    family: 'reduce',
    kind,
    infer,
    kernel: (backend, [x], { axes }, [out]) => backend.reduce(kind, x as Tensor['ref'], axes, out),
    decompose,
  });
}

export const sumOp: Op<ReduceAttrs> = reduceOp('sum', 'sum', null);
export const amaxOp: Op<ReduceAttrs> = reduceOp('amax', 'max', null);
export const aminOp: Op<ReduceAttrs> = reduceOp('amin', 'min', ([x], { axes }) => neg(dispatch(amaxOp, [neg(x as Tensor)], { axes })));

function argOp(kind: 'argmax' | 'argmin'): Op<{ axis: number }> {
  return defineNonDifferentiableOp(kind, {
    family: 'argReduce',
    kind,
    infer: ([x], { axis }) => [{ shape: reducedShape((x as Tensor).shape, [axis], true), dtype: 'int32' as const }],
    kernel: (backend, [x], { axis }, [out]) => backend.argReduce(kind, x as Tensor['ref'], axis, out),
  });
}
export const argmaxOp: Op<{ axis: number }> = argOp('argmax');
export const argminOp: Op<{ axis: number }> = argOp('argmin');

function reduce(op: Op<ReduceAttrs>, x: Tensor, axes: Axes | undefined, keepdim: boolean): Tensor {
  const list = normalizeAxes(op.name, axes, x.rank);
  const y = dispatch(op, [x], { axes: list });
  return keepdim || list.length === 0 ? y : reshape(y, reducedShape(x.shape, list, false));
}

/** A maximum over nothing has no value. */
function checkNotEmpty(op: string, x: Tensor, axes: Axes | undefined): void {
  if (normalizeAxes(op, axes, x.rank).some((a) => x.shape[a] === 0)) {
    throw new ShapeError(op, `expected at least one element along the reduced axes, got shape ${showShape(x.shape)}`);
  }
}

function numbers(op: string, x: Tensor): Tensor {
  if (x.dtype === 'bool') throw new DTypeError(op, "expected numbers, got bool; use cast('int32') first");
  return x;
}

/**
 * The sum over `axes` (default: all). `keepdim` leaves them with size 1. Sums of int32 and bool are int32; an empty sum
 * is 0. Source: torch.sum.
 */
export function sum(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  return reduce(sumOp, x.dtype === 'bool' ? cast(x, 'int32') : x, axes, keepdim);
}

/**
 * The mean over `axes` (default: all); NaN over nothing. Errors: `DTypeError` unless float. Source: torch.mean.
 */
export function mean(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  if (!isFloat(x.dtype)) throw new DTypeError('mean', `expected floats, got ${x.dtype}; use cast('float32') first`);
  const n = normalizeAxes('mean', axes, x.rank).reduce((m, a) => m * x.shape[a], 1);
  return sum(x, axes, keepdim).div(n);
}

/**
 * The variance over `axes` (default: all): sum of (x - mean)^2 / max(0, n - correction), correction 1 by default.
 * NaN for one element without correction 0. Source: torch.var.
 */
export function variance(x: Tensor, axes?: Axes, options: { correction?: number; keepdim?: boolean } = {}): Tensor {
  const { correction = 1, keepdim = false } = options;
  const n = normalizeAxes('var', axes, x.rank).reduce((m, a) => m * x.shape[a], 1);
  return sum(square(sub(x, mean(x, axes, true))), axes, keepdim).div(Math.max(0, n - correction));
}

/** The greatest value over `axes` (default: all); ties share the gradient; NaN wins. Source: torch.amax. */
export function amax(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  checkNotEmpty('amax', x, axes);
  return reduce(amaxOp, numbers('amax', x), axes, keepdim);
}

/** The least value over `axes` (default: all); ties share the gradient; NaN wins. Source: torch.amin. */
export function amin(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  checkNotEmpty('amin', x, axes);
  return reduce(aminOp, numbers('amin', x), axes, keepdim);
}

function argReduce(op: Op<{ axis: number }>, x: Tensor, axis: number | null | undefined, keepdim: boolean): Tensor {
  numbers(op.name, x);
  if (axis === undefined || axis === null) {
    checkNotEmpty(op.name, x, null);
    const flat = dispatch(op, [reshape(x, [x.size])], { axis: 0 });
    return reshape(flat, keepdim ? x.shape.map(() => 1) : []);
  }
  if (x.rank === 0) return argReduce(op, reshape(x, [1]), 0, false);
  const a = normalizeAxis(op.name, axis, x.rank);
  checkNotEmpty(op.name, x, a);
  const y = dispatch(op, [x], { axis: a });
  return keepdim ? y : squeeze(y, a);
}

/** int32 positions of the greatest values along `axis` (default: in the flattened tensor); the first of ties. Source: torch.argmax. */
export function argmax(x: Tensor, axis?: number | null, keepdim = false): Tensor {
  return argReduce(argmaxOp, x, axis, keepdim);
}

/** int32 positions of the least values along `axis`; the first of ties. Source: torch.argmin. */
export function argmin(x: Tensor, axis?: number | null, keepdim = false): Tensor {
  return argReduce(argminOp, x, axis, keepdim);
}

export interface ValuesAndIndices {
  values: Tensor;
  indices: Tensor;
}

/** The values at the positions that `arg` finds: the gradient goes to that position alone. */
function extreme(op: Op<{ axis: number }>, x: Tensor, axis: number, keepdim: boolean): ValuesAndIndices {
  const a = normalizeAxis(op.name, axis, x.rank);
  const at = argReduce(op, x, a, true);
  const values = gather(x, a, at);
  return keepdim ? { values, indices: at } : { values: squeeze(values, a), indices: squeeze(at, a) };
}

/**
 * `max(x)`: the greatest value; ties share the gradient. `max(x, axis)`: values and int32 indices along `axis`; the
 * gradient goes to the first of ties. Errors: `ShapeError` over nothing. Source: torch.max.
 */
export function max(x: Tensor): Tensor;
export function max(x: Tensor, axis: number, keepdim?: boolean): ValuesAndIndices;
export function max(x: Tensor, axis?: number, keepdim = false): Tensor | ValuesAndIndices {
  return axis === undefined ? amax(x) : extreme(argmaxOp, x, axis, keepdim);
}

/** As `max`, for the least. Source: torch.min. */
export function min(x: Tensor): Tensor;
export function min(x: Tensor, axis: number, keepdim?: boolean): ValuesAndIndices;
export function min(x: Tensor, axis?: number, keepdim = false): Tensor | ValuesAndIndices {
  return axis === undefined ? amin(x) : extreme(argminOp, x, axis, keepdim);
}
