import type { Backend, DType, Shape, Tensor } from '@konv/core-tensor';
import type { Node, NodeInput } from './node.js';
import { freed, type Slot } from './slot.js';

/** What a gradient rule sees of the node whose turn it is. The tensors it hands out belong to the current scope. */
export class RuleContext<A> {
  readonly node: Node;
  /** Which inputs want a gradient. */
  readonly needs: readonly boolean[];
  /** The gradient will be differentiated again. */
  readonly createGraph: boolean;

  constructor(node: Node, needs: readonly boolean[], createGraph: boolean) {
    this.node = node;
    this.needs = needs;
    this.createGraph = createGraph;
  }

  get attrs(): A {
    return this.node.attrs as A;
  }

  /** The operand as the op got it: saved tensors are opened. */
  operand(i: number): Tensor | number {
    const slot = this.#slot(i);
    return typeof slot === 'number' ? slot : slot.open(this.node.op.name, this.createGraph);
  }

  /** A saved input. */
  input(i: number): Tensor {
    return this.operand(i) as Tensor;
  }

  /** Whether the optional input was given. */
  has(i: number): boolean {
    return this.node.inputs[i] !== null && i < this.node.inputs.length;
  }

  /** A saved output. */
  output(j: number): Tensor {
    const slot = this.node.kept[j] ?? null;
    if (slot === null) throw freed(this.node.op.name);
    return slot.open(this.node.op.name, this.createGraph);
  }

  shape(i: number): Shape {
    return (this.#slot(i) as Slot).shape;
  }

  dtype(i: number): DType {
    return (this.#slot(i) as Slot).dtype;
  }

  #slot(i: number): Exclude<NodeInput, null> {
    return this.node.inputs[i] as Exclude<NodeInput, null>;
  }
}

/** Where new constants of a rule are made: beside `like`. */
export function beside(like: Tensor, dtype: DType = like.dtype): { dtype: DType; backend: string } {
  return { dtype, backend: (like.device as Backend).name };
}
