import type { GradcheckOptions } from '@konv/autograd';
import { type DifferentiableOp, mul, type Tensor } from '@konv/core-tensor';
import { constant, leaf, stridedLeaf } from '../support.js';

export interface Case {
  readonly what: string;
  readonly inputs: () => Tensor[];
  readonly fn: (...inputs: Tensor[]) => Tensor | Tensor[];
  /** Other tolerances than the usual ones. */
  readonly options?: GradcheckOptions;
}

export type CasesFor<K extends DifferentiableOp> = { readonly [P in K]: readonly Case[] };

export function row(what: string, inputs: () => Tensor[], fn: Case['fn'], options?: GradcheckOptions): Case {
  return { what, inputs, fn, options };
}

/** Contiguous and strided. */
export function unary(f: (x: Tensor) => Tensor, low = -1, high = 1): Case[] {
  return [
    row('contiguous', () => [leaf([2, 3], low, high)], f),
    row('strided', () => [stridedLeaf([3, 2], low, high)], f),
    row('scalar', () => [leaf([], low, high)], f),
  ];
}

/** All ways in which two operands meet. */
export function binary(f: (a: Tensor | number, b: Tensor | number) => Tensor, low = -1, high = 1): Case[] {
  const t = f as (...x: Tensor[]) => Tensor;
  return [
    row('same shape', () => [leaf([2, 3], low, high), leaf([2, 3], low, high)], t),
    row('strided', () => [stridedLeaf([2, 3], low, high), leaf([2, 3], low, high)], t),
    row('broadcast both ways', () => [leaf([2, 1, 3], low, high), stridedLeaf([4, 1], low, high)], t),
    row('with a scalar', () => [leaf([], low, high), leaf([2, 2], low, high)], t),
    row('first wants it', () => [leaf([3], low, high), constant([2, 3], low, high)], t),
    row('second wants it', () => [constant([3], low, high), leaf([2, 3], low, high)], t),
    row(
      'tensor and number',
      () => [leaf([3], low, high)],
      (a) => f(a, 0.75),
    ),
    row(
      'number and tensor',
      () => [leaf([3], low, high)],
      (b) => f(0.75, b),
    ),
    row(
      'the same twice',
      () => [leaf([3], low, high)],
      (a) => f(a, mul(a, 1.5)),
    ),
  ];
}
