import {
  abi,
  disposed,
  DTypeError,
  GradError,
  isFloat,
  isTensor,
  noGrad,
  type Shape,
  type DType,
  type Tensor,
  zeros,
} from '@konv/core-tensor';
import { alias } from './accumulate.js';
import type { RuleContext } from './context.js';
import { Node, type NodeInput, slotOf } from './node.js';
import type { Rule } from './rule.js';
import { Slot } from './slot.js';
import { outputSlot } from './tape.js';

/**
 * What `forward` hands to `backward`. Tensors go through `saveForBackward`; numbers and the like may be set as fields.
 */
export class FunctionContext {
  /** Which inputs want a gradient; the others may get null. */
  needsInputGrad: readonly boolean[] = [];
  /** Whatever else `backward` should know. */
  [field: string]: unknown;
  #toSave: readonly (Tensor | null)[] = [];
  #constant: readonly Tensor[] = [];
  #saved: (() => (Tensor | null)[]) | null = null;

  /**
   * Keeps tensors for `backward`: inputs, outputs, or others (which then count as constants). Changing one in place
   * before `backward` is an error there. Called once.
   */
  saveForBackward(...tensors: (Tensor | null)[]): void {
    this.#toSave = tensors;
  }

  /** Outputs that carry no gradient. Outputs that are not float never do. */
  markNonDifferentiable(...outputs: Tensor[]): void {
    this.#constant = outputs;
  }

  /** In `backward`: what `forward` saved. */
  get savedTensors(): (Tensor | null)[] {
    if (this.#saved !== null) return this.#saved();
    throw new GradError('savedTensors', 'expected to be in backward(), got a read outside of it; in forward() use the tensors themselves');
  }

  /** For the engine. */
  static state(ctx: FunctionContext): { toSave: readonly (Tensor | null)[]; constant: readonly Tensor[] } {
    return { toSave: ctx.#toSave, constant: ctx.#constant };
  }
  static opened<T>(ctx: FunctionContext, open: () => (Tensor | null)[], use: () => T): T {
    ctx.#saved = open;
    try {
      return use();
    } finally {
      ctx.#saved = null;
    }
  }
}

type Gradients = Tensor | null | readonly (Tensor | null)[];

export interface FunctionDefinition<I extends readonly unknown[], O extends Tensor | readonly Tensor[]> {
  /** As printing and errors call it. */
  readonly name: string;
  /** Computes the result. Runs without recording. */
  forward(ctx: FunctionContext, ...inputs: I): O;
  /**
   * The gradient of each input, in their order, null for those that have none; a single one need not be in an array.
   * Gets one gradient an output (zeros where none arrived). Recorded under `createGraph`.
   */
  backward(ctx: FunctionContext, ...grads: Tensor[]): Gradients;
}

interface OutputInfo {
  readonly shape: Shape;
  readonly dtype: DType;
}
interface CallAttrs {
  readonly ctx: FunctionContext;
  readonly outputs: readonly OutputInfo[];
  readonly backend: string;
}

/** The row of the gradient table that a definition makes. */
function ruleOf(name: string, backward: FunctionDefinition<never, Tensor>['backward']): Rule<CallAttrs> {
  return {
    name: `${name}Backward`,
    outputs: Number.POSITIVE_INFINITY,
    many: (c, grads) => {
      const { ctx, outputs, backend } = c.attrs;
      const dys = outputs.map(({ shape, dtype }, j) => grads[j] ?? zeros(shape, { dtype, backend }));
      const result = FunctionContext.opened(
        ctx,
        () => openSaved(c),
        () => backward(ctx, ...dys),
      );
      return checked(name, result, c.node.inputs.length);
    },
  };
}

function openSaved(c: RuleContext<CallAttrs>): (Tensor | null)[] {
  return (c.node.kept as (Slot | null)[]).map((slot) => slot?.open(c.node.op.name, c.createGraph) ?? null);
}

function checked(name: string, result: Gradients, inputs: number): readonly (Tensor | null)[] {
  const list: readonly unknown[] = Array.isArray(result) ? result : [result];
  if (list.length !== inputs) {
    throw new GradError(
      `${name} backward`,
      `expected one gradient (or null) for each of ${inputs} inputs, got ${list.length}; return them in one array`,
    );
  }
  return list.map((g, i) => {
    if (g === null || g === undefined) return null;
    if (!isTensor(g)) throw new GradError(`${name} backward`, `expected a tensor or null for input ${i}, got ${typeof g}`);
    if (g.storage === null) throw disposed(`${name} backward`, g);
    return g;
  });
}

/**
 * A differentiable function with a gradient of your own: a callable with the inputs of `forward`. Inputs that are not
 * tensors are passed through. Several outputs are returned in an array. `createGraph` works where `backward` is made of
 * differentiable ops. Errors: `GradError`. Source: torch.autograd.Function.
 *
 * @example
 * const cube = defineFunction({
 *   name: 'Cube',
 *   forward: (ctx, x: Tensor) => { ctx.saveForBackward(x); return x.mul(x).mul(x); },
 *   backward: (ctx, dy) => { const [x] = ctx.savedTensors; return dy.mul(x!.mul(x!).mul(3)); },
 * });
 */
export function defineFunction<I extends readonly unknown[], O extends Tensor | readonly Tensor[]>(
  definition: FunctionDefinition<I, O>,
): (...inputs: I) => O {
  const { name } = definition;
  const op = { name, decompose: null };
  const rule = ruleOf(name, definition.backward as FunctionDefinition<never, Tensor>['backward']);
  return (...inputs) => {
    const ctx = new FunctionContext();
    ctx.needsInputGrad = inputs.map((x) => isTensor(x) && x.requiresGrad);
    const recording = abi.gradEnabled && ctx.needsInputGrad.some(Boolean);
    const made = noGrad(() => definition.forward(ctx, ...inputs)) as Tensor | readonly Tensor[];
    const raw = isTensor(made) ? [made] : made;
    if (!Array.isArray(raw) || !raw.every(isTensor)) {
      throw new DTypeError(name, `expected forward to return a tensor or an array of tensors, got ${typeof made}`);
    }
    // A tensor that forward did not make (an input, say) keeps its own place in the graph.
    const outputs = raw.map((y) => (inputs.includes(y) || y.requiresGrad ? alias(y, false) : y));
    if (recording) link(op, rule, ctx, inputs, raw, outputs);
    return (isTensor(made) ? outputs[0] : outputs) as O;
  };
}

function link(
  op: Node['op'],
  rule: Rule<CallAttrs>,
  ctx: FunctionContext,
  inputs: readonly unknown[],
  raw: readonly Tensor[],
  outputs: readonly Tensor[],
): void {
  const { toSave, constant } = FunctionContext.state(ctx);
  const slots: NodeInput[] = inputs.map((x) => (isTensor(x) ? slotOf(x) : null));
  const info = outputs.map(({ shape, dtype }) => ({ shape, dtype }));
  const node = new Node(op, rule, { ctx, outputs: info, backend: outputs[0]?.backend ?? '' }, slots);
  for (let j = 0; j < outputs.length; j++) if (isFloat(outputs[j].dtype) && !constant.includes(raw[j])) outputs[j].setNode(node, j);
  if (node.handles === 0) return node.release();
  node.kept = toSave.map((t) => {
    if (t === null) return null;
    if (t.storage === null) throw disposed(op.name, t);
    const j = raw.indexOf(t);
    if (j >= 0 && !inputs.includes(t)) return outputSlot(node, outputs[j], j);
    return savedInput(t, slots[inputs.indexOf(t)] ?? null);
  });
}

/** The values of an input with the input's own place in the graph, which the node holds on to already. */
function savedInput(t: Tensor, input: NodeInput): Slot {
  const node = input instanceof Slot ? input.node : null;
  const slot = new Slot(t, node, t.outputIndex);
  if (!(input instanceof Slot)) slot.leaf = null;
  slot.save(t);
  return slot;
}
