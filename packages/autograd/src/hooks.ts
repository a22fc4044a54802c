import {
  abi,
  BackendError,
  currentScope,
  disposed,
  DTypeError,
  type GradientHook,
  type GradientsHook,
  GradError,
  isTensor,
  runIn,
  sameShape,
  type Scope,
  ShapeError,
  showShape,
  Tensor,
} from '@konv/core-tensor';
import { alias } from './accumulate.js';
import { Node, slotOf } from './node.js';
import type { Rule } from './rule.js';

type Hooks = readonly GradientHook[];

/** The hooks of leaves, shared by all copies of this package. Those of other tensors are with the node that made them. */
export const leafHooks: WeakMap<Tensor, Hooks> = (abi.tracer as { leafHooks?: WeakMap<Tensor, Hooks> } | null)?.leafHooks ?? new WeakMap();

/** `Tracer.registerHook`. A list never changes while it is being walked. */
export function registerHook(t: Tensor, hook: GradientHook): () => void {
  // A hook that is registered twice runs twice, and each of the two can be removed.
  const mine: GradientHook = (g) => hook(g);
  const { outputIndex } = t;
  const node = t.node as Node | null;
  if (node === null) {
    leafHooks.set(t, [...(leafHooks.get(t) ?? []), mine]);
    return () => {
      const left = (leafHooks.get(t) ?? []).filter((h) => h !== mine);
      if (left.length > 0) leafHooks.set(t, left);
      else leafHooks.delete(t);
    };
  }
  node.hooks ??= new Map();
  const { hooks } = node;
  hooks.set(outputIndex, [...(hooks.get(outputIndex) ?? []), mine]);
  return () => {
    hooks.set(
      outputIndex,
      (hooks.get(outputIndex) ?? []).filter((h) => h !== mine),
    );
  };
}

/** The scope around the backward pass that is running. */
let around: Scope | null = null;

/** Runs a pass: what hooks in it make and see belongs to the scope that is current now. */
export function inPass<T>(pass: () => T): T {
  const outer = around;
  around = currentScope();
  try {
    return pass();
  } finally {
    around = outer;
  }
}

/** A handle on a gradient for the user, who may keep it: the engine goes on with its own. */
function lent(g: Tensor, createGraph: boolean): Tensor {
  return runIn(around, () => alias(g, createGraph));
}

function checkReplacement(value: unknown, g: Tensor): Tensor {
  const op = 'registerHook';
  if (!isTensor(value)) throw new GradError(op, `expected a hook to return a tensor or nothing, got ${typeof value}; return the gradient`);
  if (value.storage === null) throw disposed(op, value);
  if (!sameShape(value.shape, g.shape)) {
    throw new ShapeError(
      op,
      `expected a hook to return a gradient of shape ${showShape(g.shape)}, got ${showShape(value.shape)}; reshape or expand it`,
    );
  }
  if (value.dtype !== g.dtype)
    throw new DTypeError(op, `expected a hook to return a gradient of dtype ${g.dtype}, got ${value.dtype}; cast it`);
  if (value.device !== g.device) {
    throw new BackendError(op, `expected a hook to return a gradient on "${g.backend}", got one on "${value.backend}"; move it`);
  }
  return value;
}

/** `g`, given up, after the hooks: itself or what they put in its place, as a handle of the current scope. */
export function throughHooks(hooks: Hooks, g: Tensor, createGraph: boolean): Tensor {
  let current = g;
  for (const hook of hooks) {
    const seen = lent(current, createGraph);
    const result = runIn(around, () => hook(seen));
    if (result === undefined || result === null || result === seen) continue;
    const next = alias(checkReplacement(result, current), createGraph);
    current.dispose();
    current = next;
  }
  return current;
}

interface InterceptAttrs {
  readonly hook: GradientsHook;
}

const interceptRule: Rule<InterceptAttrs> = {
  name: 'BackwardHookFunctionBackward',
  outputs: Number.POSITIVE_INFINITY,
  many: (c, grads) => {
    const seen = grads.map((g) => (g === null ? null : lent(g, c.createGraph)));
    while (seen.length < c.node.inputs.length) seen.push(null);
    const result = runIn(around, () => c.attrs.hook(seen));
    if (result === undefined) return grads;
    return result.map((value, i) => {
      if (value === null || value === seen[i]) return value === null ? null : grads[i];
      const g = grads[i] ?? null;
      // Where no gradient arrived its shape is checked as that of any rule's result.
      if (g !== null) return checkReplacement(value, g);
      return isTensor(value) ? value : null;
    });
  },
};

/** `Tracer.intercept`. Tensors that need no gradient stay as they are. */
export function intercept(tensors: readonly Tensor[], hook: GradientsHook): Tensor[] {
  const node = new Node({ name: 'BackwardHookFunction', decompose: null }, interceptRule, { hook }, tensors.map(slotOf));
  return tensors.map((t, i) => {
    if (!t.requiresGrad) return t;
    // As a view it cannot be changed in place: its gradient would go another way.
    const other = new Tensor((t.storage as NonNullable<Tensor['storage']>).retain(), t.ref, true);
    other.setNode(node, i);
    return other;
  });
}
