import { add, add_, clone, type Storage, Tensor } from '@konv/core-tensor';
import { Node, slotOf } from './node.js';
import { identityRule } from './rules/identity.js';

/**
 * A handle on the values of `x` with a node of its own, whose gradient goes on to x: so that the same tensor given
 * twice is two inputs.
 */
export function fork(x: Tensor): Tensor {
  const node = new Node({ name: 'alias', decompose: null }, identityRule, null, [slotOf(x)]);
  const t = new Tensor((x.storage as Storage).retain(), x.ref, false);
  t.setNode(node, 0);
  return t;
}

/** Another handle on the same values and, if `linked`, with the same place in the graph. */
export function alias(t: Tensor, linked: boolean): Tensor {
  if (linked && t.node === null && t.requiresGrad) return fork(t);
  const other = new Tensor((t.storage as Storage).retain(), t.ref, false);
  if (linked && t.node !== null) other.setNode(t.node, t.outputIndex);
  return other;
}

/** Whether `t` is the only handle on a buffer of exactly its size: it may be written over, or handed to the user. */
export function isUnique(t: Tensor): boolean {
  return (t.storage as Storage).refs === 1 && t.isContiguous && t.size === t.ref.buffer.size;
}

/**
 * a + b, both given up. In place where the pass is not recorded and nobody else sees one of the two: so that a sum of
 * many gradients takes one buffer.
 */
export function accumulate(a: Tensor | null, b: Tensor, createGraph: boolean): Tensor {
  if (a === null) return b;
  if (!createGraph && isUnique(a)) {
    add_(a, b);
    b.dispose();
    return a;
  }
  if (!createGraph && isUnique(b)) {
    add_(b, a);
    a.dispose();
    return b;
  }
  const sum = add(a, b);
  a.dispose();
  b.dispose();
  return sum;
}

/** The gradient as the user gets it: a buffer of its own, row-major. */
export function owned(g: Tensor): Tensor {
  if (isUnique(g)) return g;
  const copy = clone(g);
  g.dispose();
  return copy;
}
