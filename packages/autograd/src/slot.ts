import { GradError, type DType, type Shape, showShape, type Storage, Tensor, type TensorRef } from '@konv/core-tensor';
import type { Node } from './node.js';

/**
 * What a node knows of one tensor: where its gradient goes (the node that made it, or the leaf), and, when a gradient
 * rule needs the values, a reference to the *storage*. Never a handle of a non-leaf: so that tensors which the program
 * has forgotten can be collected while their values live on here.
 */
export class Slot {
  /** The node that made the tensor; null for leaves and constants. */
  node: Node | null;
  /** Which of its outputs. */
  readonly index: number;
  /** The leaf whose `grad` the gradient joins; null for non-leaves and constants. */
  leaf: Tensor | null;
  readonly shape: Shape;
  readonly dtype: DType;
  /** The saved values, if a rule needs them: storage, window and the version at that moment. */
  storage: Storage | null = null;
  ref: TensorRef | null = null;
  version = 0;

  constructor(x: Tensor, node: Node | null, index: number) {
    this.node = node;
    this.index = index;
    this.leaf = node === null && x.requiresGrad ? x : null;
    this.shape = x.ref.shape;
    this.dtype = x.ref.dtype;
  }

  /** Whether a gradient flows to this tensor. */
  get linked(): boolean {
    return this.node !== null || this.leaf !== null;
  }

  get saved(): boolean {
    return this.storage !== null;
  }

  /** Holds on to the values as they are now. */
  save(x: Tensor): void {
    this.storage = (x.storage as Storage).retain();
    this.ref = x.ref;
    this.version = x.ref.buffer.version;
  }

  /** Lets go of the values. */
  free(): void {
    this.storage?.release();
    this.storage = null;
    this.ref = null;
  }

  /** Throws where the values were freed or changed since they were saved. */
  verify(op: string): void {
    const ref = this.ref;
    if (ref === null) throw freed(op);
    if (ref.buffer.version === this.version) return;
    throw new GradError(
      `${op} backward`,
      `expected the saved tensor ${showShape(this.shape)} at version ${this.version}, got version ` +
        `${ref.buffer.version}: it was changed in place after the op; clone() it first`,
    );
  }

  /**
   * The values as a tensor of the current scope. `linked`: with its place in the graph, so that what is computed from
   * it can be differentiated.
   */
  open(op: string, linked: boolean): Tensor {
    this.verify(op);
    const { leaf } = this;
    if (leaf !== null) {
      if (leaf.storage === this.storage) return leaf;
      if (linked && !leaf.disposed) throw moved(op, this.shape);
    }
    const t = new Tensor((this.storage as Storage).retain(), this.ref as TensorRef, false);
    if (linked && this.node !== null) t.setNode(this.node, this.index);
    return t;
  }
}

function moved(op: string, shape: Shape): GradError {
  return new GradError(
    `${op} backward`,
    `expected the leaf of shape ${showShape(shape)} where it was in the forward pass, got it moved to another backend ` +
      'since; run the forward pass again',
  );
}

export function freed(op: string): GradError {
  return new GradError(
    `${op} backward`,
    'expected the values that the forward pass saved, got a graph that an earlier backward() or grad() has freed; pass ' +
      '{ retainGraph: true } to the earlier call',
  );
}

/** Operands that are tensors, as opposed to numbers and absent ones. */
export function isSlot(x: Slot | number | null | undefined): x is Slot {
  return typeof x === 'object' && x !== null;
}
