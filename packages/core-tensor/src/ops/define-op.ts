import type { Backend, Family, OptionalKernels, TensorRef } from '../backend.js';
import type { DType } from '../dtype.js';
import type { Shape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import type { DifferentiableOp, OpAttrs } from './catalogue.js';

/** What an op takes: a tensor, a plain number (a scalar that joins any backend) or null (an absent optional operand). */
export type Operand = Tensor | number | null;
/** The same as a kernel sees it. */
export type RefOperand = TensorRef | number | null;

export interface OutputSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * An op, defined once: its name, its shape-and-dtype rule, the kernel it calls, and for an optional kernel its
 * decomposition into other ops. Its gradient is a row in `@konv/autograd`.
 */
// biome-ignore lint/suspicious/noExplicitAny: dispatch handles ops of all attribute types alike.
export interface Op<A = any> {
  /** As errors and the gradient table call it. */
  readonly name: string;
  readonly differentiable: boolean;
  /** The kernel family to ask `backend.supports` for; null for views. */
  readonly family: Family | keyof OptionalKernels | null;
  readonly kind: string | null;
  /** Checks the operands and tells the outputs. The only place where shapes and dtypes are checked. */
  infer(inputs: readonly Operand[], attrs: A): readonly OutputSpec[];
  /** Whether the backend's kernel serves these attributes, too; null: whenever it is there. */
  readonly accepts: ((backend: Backend, attrs: A) => boolean) | null;
  /** Calls the backend. */
  kernel(backend: Backend, inputs: readonly RefOperand[], attrs: A, outputs: readonly TensorRef[]): void;
  /** The same result from other ops, where the backend lacks the kernel. */
  readonly decompose: ((inputs: readonly Operand[], attrs: A) => Tensor | readonly Tensor[]) | null;
  /** Bit i set: input i may have any strides. Other inputs are made contiguous. */
  readonly strided: number;
  /** Tensor inputs are expanded (by strides) to the first output's shape. */
  readonly broadcast: boolean;
  /** What the outputs are filled with when an input is empty and the output is not. */
  readonly onEmpty: number;
  /** For views: the window of input 0 that the result is. */
  readonly view: ((x: Tensor, attrs: A) => { shape: Shape; strides: readonly number[]; offset: number }) | null;
}

type OpDefinition<A> = Pick<Op<A>, 'infer'> & Partial<Omit<Op<A>, 'name' | 'infer' | 'differentiable'>>;

/** All inputs may have any strides. */
export const ALL_STRIDED = -1;

function noKernel(): never {
  throw new Error('an op without a kernel is a view or has a decomposition');
}

function complete<A>(name: string, differentiable: boolean, definition: OpDefinition<A>): Op<A> {
  return Object.freeze({
    name,
    differentiable,
    family: null,
    kind: null,
    accepts: null,
    kernel: noKernel,
    decompose: null,
    strided: 0,
    broadcast: false,
    onEmpty: 0,
    view: null,
    ...definition,
  });
}

/** An op of the catalogue: it has a row in the gradient table. */
export function defineOp<K extends DifferentiableOp>(name: K, definition: OpDefinition<OpAttrs[K]>): Op<OpAttrs[K]> {
  return complete(name, true, definition);
}

/** An op through which no gradient flows: comparisons, positions, optimizer steps. */
export function defineNonDifferentiableOp<A>(name: string, definition: OpDefinition<A>): Op<A> {
  return complete(name, false, definition);
}
