import { enableGrad, GradError, noGrad, sameShape, Scope, showShape, type Tensor } from '@konv/core-tensor';
import { accumulate, alias } from './accumulate.js';
import { RuleContext } from './context.js';
import { inPass, leafHooks, throughHooks } from './hooks.js';
import type { Node } from './node.js';
import { secondOrder } from './second-order.js';
import { freed, isSlot, type Slot } from './slot.js';

/** A node's share of a pass: the gradients of its outputs, as far as they have arrived. */
interface Task {
  readonly node: Node;
  readonly grads: (Tensor | null)[];
  /** Some wanted tensor lies at or before this node. */
  wanted: boolean;
  /** Outputs whose gradient the caller of `grad()` wants, and what it is. */
  captures: Map<number, Tensor | null> | null;
}

export interface Root {
  readonly tensor: Tensor;
  readonly gradient: Tensor;
}

export interface PassOptions {
  readonly retainGraph: boolean;
  readonly createGraph: boolean;
  /** The tensors whose gradients are wanted; null: all leaves. */
  readonly targets: readonly Tensor[] | null;
  /** Treat the targets as independent: do not go on to what they were made from. */
  readonly stopAtTargets?: boolean;
}

/**
 * One walk back through a graph. Nodes are taken newest first, which is an order in which every node comes after all
 * that used its outputs; so each gradient is complete when its node's turn comes. Loops only, no recursion.
 *
 * Every gradient on its way is one handle in the pass's scope, freed as soon as it is consumed. Leaf gradients are
 * collected on the side: an error in mid-pass leaves every `grad` as it was.
 */
export class Pass {
  readonly scope: Scope = new Scope('backward');
  /** Gradients of leaves. */
  readonly leaves: Map<Tensor, Tensor> = new Map();
  readonly #tasks = new Map<Node, Task>();
  readonly #options: PassOptions;
  readonly #leafTargets: Set<Tensor> | null;
  /** Leaves with hooks: how many gradients are still to come. */
  readonly #awaited = new Map<Tensor, number>();

  constructor(options: PassOptions) {
    this.#options = options;
    this.#leafTargets = options.targets === null ? null : new Set(options.targets.filter((t) => t.isLeaf));
  }

  /** Runs `fn` in the pass's scope and grad mode. */
  within<T>(fn: () => T): T {
    return this.scope.run(() => (this.#options.createGraph ? enableGrad(fn) : noGrad(fn)));
  }

  /** The whole walk. Results are in `leaves` and `gradientOf`. */
  run(roots: readonly Root[]): void {
    // Hooks are the user's: they may free the tensors that the graph hangs on.
    const nodes = roots.flatMap(({ tensor }) => (tensor.node === null ? [] : [tensor.node as Node]));
    for (const node of nodes) node.addHandle();
    try {
      inPass(() => this.within(() => this.#walk(roots)));
    } finally {
      for (const node of nodes) node.dropHandle();
    }
  }

  #walk(roots: readonly Root[]): void {
    const order = this.#plan(roots);
    for (const { tensor, gradient } of roots) this.#seed(tensor, alias(gradient, this.#options.createGraph));
    for (const leaf of this.leaves.keys()) if (leafHooks.has(leaf) && !this.#awaited.has(leaf)) this.#finishLeaf(leaf);
    for (let i = 0; i < order.length; i++) this.#execute(order[i]);
  }

  /** The gradient of a target, after `run`; null where none arrived. */
  gradientOf(target: Tensor): Tensor | null {
    if (target.isLeaf) return this.leaves.get(target) ?? null;
    return this.#tasks.get(target.node as Node)?.captures?.get(target.outputIndex) ?? null;
  }

  /** The nodes to visit, newest first. Throws before anything has happened where a saved value is gone or changed. */
  #plan(roots: readonly Root[]): Task[] {
    const { targets } = this.#options;
    const stopAt = this.#options.stopAtTargets ? new Set(targets?.map((t) => t.node as Node | null)) : null;
    const stack: Node[] = [];
    for (const { tensor } of roots) if (tensor.node !== null) stack.push(tensor.node as Node);
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (this.#tasks.has(node)) continue;
      this.#tasks.set(node, { node, grads: [], wanted: targets === null, captures: null });
      if (stopAt?.has(node)) continue;
      for (let i = 0; i < node.inputs.length; i++) {
        const slot = node.inputs[i];
        if (isSlot(slot) && slot.node !== null) stack.push(slot.node);
      }
    }
    const order = [...this.#tasks.values()].sort((a, b) => b.node.sequence - a.node.sequence);
    if (targets !== null) this.#markWanted(order, targets, stopAt);
    for (const task of order) if (task.wanted) this.#verify(task, stopAt);
    for (const task of order) if (task.wanted) this.#awaitLeaves(task.node, 1);
    return order;
  }

  /** Counts the gradients that leaves with hooks wait for; the last one has come: their hooks run. */
  #awaitLeaves(node: Node, step: 1 | -1): void {
    for (let i = 0; i < node.inputs.length; i++) {
      const slot = node.inputs[i];
      if (!isSlot(slot) || slot.leaf === null || !this.#wants(slot)) continue;
      const known = this.#awaited.get(slot.leaf);
      if (step === 1 ? leafHooks.has(slot.leaf) : known !== undefined) this.#awaited.set(slot.leaf, (known ?? 0) + step);
      if (step === -1 && known === 1) this.#finishLeaf(slot.leaf);
    }
  }

  #finishLeaf(leaf: Tensor): void {
    const g = this.leaves.get(leaf);
    const hooks = leafHooks.get(leaf);
    if (g !== undefined && hooks !== undefined) this.leaves.set(leaf, throughHooks(hooks, g, this.#options.createGraph));
  }

  #markWanted(order: readonly Task[], targets: readonly Tensor[], stopAt: ReadonlySet<Node | null> | null): void {
    for (const t of targets) {
      const task = t.node === null ? undefined : this.#tasks.get(t.node as Node);
      if (task !== undefined) (task.captures ??= new Map()).set(t.outputIndex, null);
    }
    for (let k = order.length - 1; k >= 0; k--) {
      const task = order[k];
      if (stopAt?.has(task.node)) continue;
      for (let i = 0; i < task.node.inputs.length && !task.wanted; i++) task.wanted = this.#wants(task.node.inputs[i]);
    }
  }

  /** Whether a gradient is wanted for this input or for something before it. */
  #wants(slot: Node['inputs'][number]): boolean {
    if (!isSlot(slot)) return false;
    if (slot.leaf !== null) return this.#leafTargets === null || this.#leafTargets.has(slot.leaf);
    if (slot.node === null) return false;
    if (this.#options.targets === null) return true;
    const task = this.#tasks.get(slot.node);
    return task !== undefined && (task.wanted || task.captures?.has(slot.index) === true);
  }

  #verify({ node }: Task, stopAt: ReadonlySet<Node | null> | null): void {
    if (stopAt?.has(node)) return;
    const { rule, inputs, kept } = node;
    const { name } = node.op;
    let ins = 0;
    let outs = 0;
    for (let i = 0; i < inputs.length; i++) {
      if (!this.#wants(inputs[i])) continue;
      ins |= rule.saves?.[i] ?? 0;
      outs |= rule.savesOutputs?.[i] ?? 0;
    }
    if (rule.fused && this.#options.createGraph) ins = -1;
    // A user-defined function does not say what it will ask for.
    if (rule.many !== undefined) outs = -1;
    if (node.released && (ins !== 0 || outs !== 0)) throw freed(name);
    for (let i = 0; i < inputs.length && ins !== 0; i++) {
      const slot = inputs[i];
      if ((ins & (1 << i)) !== 0 && isSlot(slot)) slot.verify(name);
    }
    for (let j = 0; j < kept.length && outs !== 0; j++) if ((outs & (1 << j)) !== 0) kept[j]?.verify(name);
  }

  #seed(tensor: Tensor, gradient: Tensor): void {
    if (tensor.node === null) this.#toLeaf(tensor, gradient);
    else this.#toNode(tensor.node as Node, tensor.outputIndex, gradient);
  }

  #toNode(node: Node, index: number, gradient: Tensor): void {
    const { grads } = this.#tasks.get(node) as Task;
    while (grads.length <= index) grads.push(null);
    grads[index] = accumulate(grads[index], gradient, this.#options.createGraph);
  }

  #toLeaf(leaf: Tensor, gradient: Tensor): void {
    this.leaves.set(leaf, accumulate(this.leaves.get(leaf) ?? null, gradient, this.#options.createGraph));
  }

  #execute(task: Task): void {
    const { node, grads, captures } = task;
    const { createGraph, retainGraph } = this.#options;
    if (node.hooks !== null) {
      for (const [index, hooks] of node.hooks) {
        const g = grads[index] ?? null;
        if (g !== null) grads[index] = throughHooks(hooks, g, createGraph);
      }
    }
    if (captures !== null) {
      for (const index of captures.keys()) {
        const g = grads[index] ?? null;
        captures.set(index, g === null ? null : task.wanted ? alias(g, createGraph) : g);
        if (!task.wanted) grads[index] = null;
      }
    }
    if (task.wanted && hasAny(grads)) {
      const needs = node.inputs.map((slot) => this.#wants(slot));
      const scope = new Scope('a gradient rule');
      try {
        this.#deliver(node, needs, this.#gradients(node, needs, grads, scope), scope);
      } finally {
        scope.dispose();
      }
      if (!retainGraph) node.free();
    }
    if (task.wanted && this.#awaited.size > 0) this.#awaitLeaves(node, -1);
    for (let i = 0; i < grads.length; i++) grads[i]?.dispose();
    grads.length = 0;
  }

  #gradients(node: Node, needs: readonly boolean[], grads: readonly (Tensor | null)[], scope: Scope): readonly (Tensor | null)[] {
    const { rule } = node;
    const c = new RuleContext<unknown>(node, needs, this.#options.createGraph);
    return scope.run(() => {
      if (rule.many !== undefined) return rule.many(c, grads);
      const dy = grads[0] as Tensor;
      if (rule.fused === true && c.createGraph) return secondOrder(c, dy);
      if (rule.all !== undefined) return rule.all(c, dy);
      return needs.map((need, i) => (need ? (rule.each as NonNullable<typeof rule.each>)[i](c, dy) : null));
    });
  }

  /** Hands each gradient on. A gradient may be one that the rule got, or the same for two inputs: each gets a handle. */
  #deliver(node: Node, needs: readonly boolean[], gradients: readonly (Tensor | null)[], scope: Scope): void {
    for (let i = 0; i < node.inputs.length; i++) {
      const g = gradients[i] ?? null;
      if (g === null || !needs[i]) continue;
      const { node: before, leaf, index, shape, dtype } = node.inputs[i] as Slot;
      if (!sameShape(g.shape, shape) || g.dtype !== dtype) {
        throw new GradError(
          `${node.op.name} backward`,
          `expected a gradient of shape ${showShape(shape)} and dtype ${dtype} for input ${i}, got ${showShape(g.shape)} ${g.dtype}; ` +
            'the gradient of an input has its shape and dtype',
        );
      }
      let own = g;
      if (g.scope === scope) this.scope.adopt(g);
      else own = alias(g, this.#options.createGraph);
      if (leaf !== null) this.#toLeaf(leaf, own);
      else this.#toNode(before as Node, index, own);
    }
  }
}

function hasAny(grads: readonly (Tensor | null)[]): boolean {
  for (let i = 0; i < grads.length; i++) if (grads[i] !== null) return true;
  return false;
}
