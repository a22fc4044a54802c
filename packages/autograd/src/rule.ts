import type { DifferentiableOp, OpAttrs, Tensor } from '@konv/core-tensor';
import type { RuleContext } from './context.js';
import type { Node } from './node.js';

/** The gradient of one input, given the gradient `dy` of the op's first output. Called only where it is wanted. */
export type InputGradient<A> = (c: RuleContext<A>, dy: Tensor) => Tensor;
/** The gradients of all inputs at once, null for those that `c.needs` does not want. */
export type AllGradients<A> = (c: RuleContext<A>, dy: Tensor) => readonly (Tensor | null)[];

/** How gradients pass through an op: one row of the table. Written with core's ops, so that it is differentiable too. */
// biome-ignore lint/suspicious/noExplicitAny: the tape handles rules of all attribute types alike.
export interface Rule<A = any> {
  /** As PyTorch calls the node when it prints a tensor. */
  readonly name: string | ((node: Node) => string);
  /** Entry i: a bit mask of the inputs whose values the gradient of input i needs. */
  readonly saves?: readonly number[];
  /** Entry i: a bit mask of the outputs whose values the gradient of input i needs. */
  readonly savesOutputs?: readonly number[];
  /** Whether `savesOutputs` holds under these attributes (default: always). */
  readonly savesOutputsIf?: (attrs: A) => boolean;
  /** One function an input ... */
  readonly each?: readonly InputGradient<A>[];
  /** ... or one for all of them. */
  readonly all?: AllGradients<A>;
  /** ... or, for several differentiable outputs, one that gets all their gradients (null where none arrived). */
  readonly many?: (c: RuleContext<A>, grads: readonly (Tensor | null)[]) => readonly (Tensor | null)[];
  /**
   * The rule cannot be differentiated itself (it uses saved outputs that carry no gradient): under `createGraph` the
   * op's decomposition is run again on the saved inputs, and differentiated.
   */
  readonly fused?: boolean;
  /** How many of the first outputs carry gradients (default 1); the others are positions or saved statistics. */
  readonly outputs?: number;
}

/** A row for each differentiable op: one that is missing does not compile. */
export type RuleTable = { readonly [K in DifferentiableOp]: Rule<OpAttrs[K]> };

/** Bit masks of the inputs: `saves: [B, A]` says that the gradient of a needs b, and that of b needs a. */
export const NOTHING = 0;
export const A = 1;
export const B = 2;
export const C = 4;
