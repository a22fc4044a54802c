import type { ReduceKind } from '../backend.js';
import { dispatch } from '../dispatch.js';
import { isFloat } from '../dtype.js';
import { DTypeError, ShapeError } from '../errors.js';
import { checkTensor } from '../operand.js';
import { normalizeAxes, normalizeAxis, type Shape, showShape } from '../shape.js';
import { type Axes, isTensor, type Tensor } from '../tensor.js';
import { maximum, minimum, sub } from './binary.js';
import { cast } from './cast.js';
import { defineNonDifferentiableOp, defineOp, type Op, type Operand, type OutputSpec } from './define-op.js';
import { gatherOp } from './gather.js';
import { replacing, tidy } from './handles.js';
import { clone } from './movement.js';
import { neg, square } from './unary.js';
import { reshape, squeeze } from './view.js';

interface ReduceAttrs {
  readonly axes: readonly number[];
}

export function reducedShape(shape: Shape, axes: readonly number[], keepdim: boolean): Shape {
  return keepdim ? shape.map((d, i) => (axes.includes(i) ? 1 : d)) : shape.filter((_, i) => !axes.includes(i));
}

/** The axes to reduce: all of them for none said, and for an empty list too, as in PyTorch. */
export function reducedAxes(op: string, axes: Axes | undefined, rank: number): number[] {
  return normalizeAxes(op, Array.isArray(axes) && axes.length === 0 ? null : axes, rank);
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

function reduce(op: Op<ReduceAttrs>, x: Tensor, list: readonly number[], keepdim: boolean): Tensor {
  const y = dispatch(op, [x], { axes: list });
  return keepdim || list.length === 0 ? y : replacing(y, reshape(y, reducedShape(x.shape, list, false)));
}

/** A maximum over nothing has no value. */
function checkNotEmpty(op: string, x: Tensor, axes: readonly number[]): void {
  if (axes.some((a) => x.shape[a] === 0)) {
    throw new ShapeError(op, `expected at least one element along the reduced axes, got shape ${showShape(x.shape)}; check the size first`);
  }
}

function numbers(op: string, x: Tensor): Tensor {
  if (checkTensor(op, x).dtype === 'bool') throw new DTypeError(op, "expected numbers, got bool; use cast('int32') first");
  return x;
}

function floats(op: string, x: Tensor): Tensor {
  if (!isFloat(checkTensor(op, x).dtype)) throw new DTypeError(op, `expected floats, got ${x.dtype}; use cast('float32') first`);
  return x;
}

function count(x: Tensor, axes: readonly number[]): number {
  return axes.reduce((n, a) => n * x.shape[a], 1);
}

/**
 * The sum over `axes` (default: all). `keepdim` leaves them with size 1. Sums of int32 and bool are int32; an empty sum
 * is 0. Source: torch.sum.
 */
export function sum(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  const list = reducedAxes('sum', axes, checkTensor('sum', x).rank);
  if (x.dtype !== 'bool') return reduce(sumOp, x, list, keepdim);
  return tidy(() => reduce(sumOp, cast(x, 'int32'), list, keepdim));
}

/**
 * The mean over `axes` (default: all); NaN over nothing. Errors: `DTypeError` unless float. Source: torch.mean.
 */
export function mean(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  const list = reducedAxes('mean', axes, floats('mean', x).rank);
  const total = reduce(sumOp, x, list, keepdim);
  const y = total.div(count(x, list));
  total.dispose();
  return y;
}

export interface VarianceOptions {
  /** What is taken from the number of elements. Default: 1. */
  correction?: number;
  /** True for correction 1, false for 0. Either this or `correction`. */
  unbiased?: boolean;
  /** Default: false. */
  keepdim?: boolean;
}

function parseCorrection(op: string, { correction, unbiased }: VarianceOptions): number {
  if (correction !== undefined && unbiased !== undefined) {
    throw new ShapeError(op, `expected correction or unbiased, got ${correction} and ${unbiased}; unbiased is correction 1`);
  }
  const value = correction ?? (unbiased === false ? 0 : 1);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new ShapeError(op, `expected a correction >= 0, got ${String(value)}; 1 is the unbiased estimate, 0 divides by the count`);
}

/**
 * The variance over `axes` (default: all): sum of (x - mean)^2 / max(0, n - correction), correction 1 by default.
 * NaN for one element without correction 0. Errors: `DTypeError` unless float; `ShapeError`. Source: torch.var.
 */
export function variance(x: Tensor, axes?: Axes, options: VarianceOptions = {}): Tensor {
  return varianceFor('var', x, axes, options);
}

/** The same, refusing under the name that the user called. */
export function varianceFor(op: string, x: Tensor, axes: Axes | undefined, options: VarianceOptions): Tensor {
  const correction = parseCorrection(op, options);
  const list = reducedAxes(op, axes, floats(op, x).rank);
  const freedom = Math.max(0, count(x, list) - correction);
  return tidy(() => reduce(sumOp, square(sub(x, mean(x, list, true))), list, options.keepdim ?? false).div(freedom));
}

function extremum(op: Op<ReduceAttrs>, name: string, x: Tensor, axes: Axes | undefined, keepdim: boolean): Tensor {
  const list = reducedAxes(name, axes, numbers(name, x).rank);
  checkNotEmpty(name, x, list);
  return reduce(op, x, list, keepdim);
}

/** The greatest value over `axes` (default: all); ties share the gradient; NaN wins. Source: torch.amax. */
export function amax(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  return extremum(amaxOp, 'amax', x, axes, keepdim);
}

/** The least value over `axes` (default: all); ties share the gradient; NaN wins. Source: torch.amin. */
export function amin(x: Tensor, axes?: Axes, keepdim = false): Tensor {
  return extremum(aminOp, 'amin', x, axes, keepdim);
}

function argReduce(op: Op<{ axis: number }>, name: string, x: Tensor, axis: number | null | undefined, keepdim: boolean): Tensor {
  numbers(name, x);
  if (axis === undefined || axis === null || x.rank === 0) {
    checkNotEmpty(name, x, normalizeAxes(name, axis, x.rank));
    return tidy(() => {
      const flat = dispatch(op, [reshape(x, [x.size])], { axis: 0 });
      return replacing(flat, reshape(flat, keepdim ? x.shape.map(() => 1) : []));
    });
  }
  const a = normalizeAxis(name, axis, x.rank);
  checkNotEmpty(name, x, [a]);
  const y = dispatch(op, [x], { axis: a });
  return keepdim ? y : replacing(y, squeeze(y, a));
}

/** int32 positions of the greatest values along `axis` (default: in the flattened tensor); the first of ties. Source: torch.argmax. */
export function argmax(x: Tensor, axis?: number | null, keepdim = false): Tensor {
  return argReduce(argmaxOp, 'argmax', x, axis, keepdim);
}

/** int32 positions of the least values along `axis`; the first of ties. Source: torch.argmin. */
export function argmin(x: Tensor, axis?: number | null, keepdim = false): Tensor {
  return argReduce(argminOp, 'argmin', x, axis, keepdim);
}

export interface ValuesAndIndices {
  values: Tensor;
  indices: Tensor;
}

/** The values at the positions that `arg` finds: the gradient goes to that position alone. */
function extreme(op: Op<{ axis: number }>, name: string, x: Tensor, axis: number, keepdim: boolean): ValuesAndIndices {
  if (numbers(name, x).rank === 0) {
    normalizeAxes(name, axis, 0);
    return { values: clone(x), indices: argReduce(op, name, x, null, keepdim) };
  }
  const a = normalizeAxis(name, axis, x.rank);
  const at = argReduce(op, name, x, a, true);
  // The positions are in range by construction: reading them back to check would stall a device.
  const values = dispatch(gatherOp, [x, at], { axis: a });
  if (keepdim) return { values, indices: at };
  return { values: replacing(values, squeeze(values, a)), indices: replacing(at, squeeze(at, a)) };
}

/**
 * `max(x)`: the greatest value; ties share the gradient. `max(x, axis)`: values and int32 indices along `axis`; the
 * gradient goes to the first of ties. `max(x, y)`: `maximum`. Errors: `ShapeError` over nothing. Source: torch.max.
 */
export function max(x: Tensor): Tensor;
export function max(x: Tensor, axis: number, keepdim?: boolean): ValuesAndIndices;
export function max(x: Tensor, other: Tensor): Tensor;
export function max(x: Tensor, axis?: number | Tensor, keepdim = false): Tensor | ValuesAndIndices {
  if (isTensor(axis)) return maximum(x, axis);
  return axis === undefined ? extremum(amaxOp, 'max', x, null, false) : extreme(argmaxOp, 'max', x, axis, keepdim);
}

/** As `max`, for the least. Source: torch.min. */
export function min(x: Tensor): Tensor;
export function min(x: Tensor, axis: number, keepdim?: boolean): ValuesAndIndices;
export function min(x: Tensor, other: Tensor): Tensor;
export function min(x: Tensor, axis?: number | Tensor, keepdim = false): Tensor | ValuesAndIndices {
  if (isTensor(axis)) return minimum(x, axis);
  return axis === undefined ? extremum(aminOp, 'min', x, null, false) : extreme(argminOp, 'min', x, axis, keepdim);
}
