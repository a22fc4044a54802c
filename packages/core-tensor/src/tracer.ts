import type { Op, Operand } from './ops/define-op.js';
import type { Tensor } from './tensor.js';

/** One step of a recorded computation. Made and walked by autograd; core only keeps it alive and frees it. */
export interface TapeNode {
  /** As PyTorch names it in printing, e.g. `AddBackward0`. */
  readonly name: string;
  /** The saved tensors are gone: a backward through this node is an error. */
  readonly released: boolean;
  /** A tensor handle (or a later node) now refers to this node. */
  addHandle(): void;
  /** It no longer does: the last one releases the node, and lets go of the nodes before it. */
  dropHandle(): void;
  /** Frees the saved tensors now. */
  release(): void;
}

export interface BackwardOptions {
  /** Keep the graph for another backward (default: `createGraph`). */
  retainGraph?: boolean;
  /** Record the backward pass itself, so that gradients can be differentiated. */
  createGraph?: boolean;
}

/** Sees the gradient of a tensor once it is complete. A tensor that it returns takes the gradient's place. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is what is meant
export type GradientHook = (gradient: Tensor) => Tensor | null | undefined | void;
/** Sees several gradients together, null where none arrived. What it returns, one an entry, takes their place. */
export type GradientsHook = (gradients: readonly (Tensor | null)[]) => readonly (Tensor | null)[] | undefined;

/** What `@konv/autograd` puts into core's slot when it is imported. */
export interface Tracer {
  /** Before the kernel runs: saves what the gradient needs of the inputs. */
  record(op: Op, inputs: readonly Operand[], attrs: unknown): TapeNode;
  /** After the kernel ran: saves what the gradient needs of the outputs and links those to the node (`setNode`). */
  finish(node: TapeNode, outputs: readonly Tensor[]): void;
  backward(root: Tensor, gradient: Tensor | null, options: BackwardOptions): void;
  /** `Tensor.registerHook`, checked. */
  registerHook(t: Tensor, hook: GradientHook): () => void;
  /** Other handles on the values of `tensors`, whose gradients pass through `hook`, all together, on their way to them. */
  intercept(tensors: readonly Tensor[], hook: GradientsHook): Tensor[];
}
