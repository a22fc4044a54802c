import type { TexelType } from '../gl/formats.js';
import type { Texture } from '../gl/texture.js';

/**
 * Elementwise results are first written down as expressions and computed, many in one pass, when a kernel or a reader
 * needs the values. Nodes are counted by their holders (a buffer, or an op above) since a leaf holds a texture.
 */
export type Node = Leaf | Scalar | Op;

/** A window of a texture, whose element i is the i-th of `shape`, row-major, at `strides` and `offset`. */
export interface Leaf {
  readonly kind: 'leaf';
  readonly type: TexelType;
  readonly texture: Texture;
  readonly mode: LeafMode;
  /** Merged axes; only 'strided' has more than one. */
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  holders: number;
}

/** flat: texels stand as the result's do; one: a single element for all; strided: an index for each element. */
export type LeafMode = 'flat' | 'one' | 'strided';

/** A number: a uniform of the program. */
export interface Scalar {
  readonly kind: 'scalar';
  readonly type: TexelType;
  readonly value: number;
}

export interface Op {
  readonly kind: 'op';
  readonly type: TexelType;
  /** A function of `lazy/functions.ts`. */
  readonly fn: string;
  readonly args: readonly Node[];
  /** Elements of the result. */
  readonly size: number;
  /** Ops in the tree, itself among them, and leaves, each as often as it is reached. */
  readonly ops: number;
  readonly leaves: number;
  /** How often another expression has taken it up: the second time it is computed instead. */
  taken: number;
  holders: number;
}

/** Takes over one hold on each argument. */
export function makeOp(type: TexelType, fn: string, args: readonly Node[], size: number): Op {
  let ops = 1;
  let leaves = 0;
  for (const a of args) {
    if (a.kind === 'op') ops += a.ops;
    leaves += a.kind === 'op' ? a.leaves : a.kind === 'leaf' ? 1 : 0;
  }
  return { kind: 'op', type, fn, args, size, ops, leaves, taken: 0, holders: 1 };
}

export function hold<N extends Node>(node: N): N {
  if (node.kind !== 'scalar') (node as Leaf | Op).holders++;
  return node;
}

export function letGo(node: Node): void {
  if (node.kind === 'scalar' || --node.holders > 0) return;
  if (node.kind === 'leaf') node.texture.release();
  else for (const a of node.args) letGo(a);
}
