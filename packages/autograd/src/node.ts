import { abi, type GradientHook, type Op, type Tensor, type TapeNode } from '@konv/core-tensor';
import type { Rule } from './rule.js';
import { isSlot, Slot } from './slot.js';

/** What a node needs of an op: its name for errors, and its decomposition where second derivatives go through it. */
export type NodeOp = Pick<Op, 'name' | 'decompose'>;
/** What a node keeps of an operand: a plain number as it is, null for an absent one. */
export type NodeInput = Slot | number | null;

/** Orders the nodes of all copies of this package that share one core. */
const clock: { now: number } = (abi.tracer as { clock?: { now: number } } | null)?.clock ?? { now: 0 };
export { clock };

const NONE: readonly never[] = [];

/**
 * One recorded op. It lives as long as a tensor handle or a later node refers to it; then it lets go of what it saved
 * and of the nodes before it. All walks over the graph are loops: a graph may be 100 000 nodes deep.
 */
export class Node implements TapeNode {
  readonly op: NodeOp;
  readonly rule: Rule;
  readonly attrs: unknown;
  /** Nodes are numbered as they are made: inputs before outputs. */
  readonly sequence: number;
  inputs: readonly NodeInput[];
  /** Saved outputs (by position), or whatever a user-defined function saved. */
  kept: (Slot | null)[] | readonly never[] = NONE;
  /** What looks at the gradient of an output, by its position. */
  hooks: Map<number, readonly GradientHook[]> | null = null;
  handles = 0;
  released = false;

  constructor(op: NodeOp, rule: Rule, attrs: unknown, inputs: readonly NodeInput[]) {
    this.op = op;
    this.rule = rule;
    this.attrs = attrs;
    this.inputs = inputs;
    this.sequence = clock.now++;
  }

  get name(): string {
    const { name } = this.rule;
    return typeof name === 'string' ? name : name(this);
  }

  addHandle(): void {
    this.handles++;
  }

  dropHandle(): void {
    if (--this.handles === 0) collapse(this);
  }

  release(): void {
    this.free();
    // An op that failed after it was recorded: nobody will ever refer to its node.
    if (this.handles === 0) collapse(this);
  }

  /** Lets go of saved values; the graph's edges stay. */
  free(): void {
    for (let i = 0; i < this.inputs.length; i++) this.#freeSlot(this.inputs[i]);
    for (let i = 0; i < this.kept.length; i++) this.#freeSlot(this.kept[i]);
    this.kept = NONE;
  }

  #freeSlot(slot: NodeInput): void {
    if (!isSlot(slot) || !slot.saved) return;
    slot.free();
    this.released = true;
  }
}

/** Frees a node that nobody refers to, and those before it that nobody else does. */
function collapse(first: Node): void {
  const stack = [first];
  for (let n = stack.pop(); n !== undefined; n = stack.pop()) {
    n.free();
    const { inputs } = n;
    n.inputs = NONE;
    for (let i = 0; i < inputs.length; i++) {
      const slot = inputs[i];
      if (!isSlot(slot)) continue;
      const before = slot.node;
      slot.node = null;
      slot.leaf = null;
      if (before !== null && --before.handles === 0) stack.push(before);
    }
  }
}

/** The slot of an operand: the node that made it gets one more handle. */
export function slotOf(x: Tensor): Slot {
  const node = x.node as Node | null;
  if (node !== null) node.handles++;
  return new Slot(x, node, x.outputIndex);
}
