import { currentScope, isTensor, Scope, type Tensor } from '@konv/core-tensor';
import { ModuleSequence } from './containers.js';
import { isModule } from './module/brand.js';
import { isTracing } from './module/forward.js';
import { isOneOp, KEEPS_NOTHING, keepsNothing } from './module/keeps-nothing.js';
import type { Module } from './module/module.js';

/**
 * Modules one after another: each takes what the one before gave.
 *
 * `new Sequential(a, b)` names them '0', '1', as PyTorch's keys do; `new Sequential({ conv: a, act: b })` gives names.
 * Outputs in between are freed as soon as the next layer has used them, where nobody else can have them: between layers
 * of this package without hooks. What the gradient needs the tape holds itself. Without layers the output is the input.
 * Errors: `KonvError` for what is no module, and for a name that is taken. Source: torch.nn.Sequential.
 */
export class Sequential extends ModuleSequence {
  static readonly [KEEPS_NOTHING] = true;

  constructor(...modules: Module[]);
  constructor(modules: Readonly<Record<string, Module>>);
  constructor(...given: unknown[]) {
    super('Sequential');
    const [first] = given;
    const named = given.length === 1 && typeof first === 'object' && first !== null && !isModule(first) && !Array.isArray(first);
    const entries = named ? Object.entries(first) : given.map((m, i) => [String(i), m] as const);
    for (const [name, module] of entries) this.add(name, module);
  }

  override forward(x: Tensor): Tensor {
    const tracing = isTracing();
    let current = x;
    /** `current` was made here, and only this method has it. */
    let owned = false;
    for (const layer of this) {
      if (tracing || !transient(layer)) {
        current = layer.forward(current);
        owned = false;
        continue;
      }
      let next: Tensor;
      try {
        next = isOneOp(layer) ? layer.forward(current) : runAlone(layer, current);
      } catch (e) {
        if (owned) current.dispose();
        throw e;
      }
      if (next === current) continue;
      if (owned) current.dispose();
      owned = isTensor(next);
      current = next;
    }
    return current;
  }
}

/** The tensors of an output: itself, or those of an object such as a pool's `{ values, indices }`. */
function outputsOf(y: unknown): Tensor[] {
  if (isTensor(y)) return [y];
  return typeof y === 'object' && y !== null ? Object.values(y).filter(isTensor) : [];
}

/** Calls a layer in a scope of its own: the views that it makes on its way go with it. As `scope(fn)`. */
function runAlone(layer: Module, x: Tensor): Tensor {
  const inner = new Scope('Sequential');
  try {
    const y: Tensor = inner.run(() => layer.forward(x));
    const outer = currentScope();
    for (const t of outputsOf(y)) {
      if (t.scope !== inner) continue;
      if (outer) outer.adopt(t);
      else t.keep();
    }
    return y;
  } finally {
    inner.dispose();
  }
}

/** Whether a layer, with all that is in it, keeps neither its input nor its output. */
function transient(module: Module): boolean {
  if (!keepsNothing(module)) return false;
  if (!(module instanceof Sequential)) return true;
  for (const layer of module) if (!transient(layer)) return false;
  return true;
}
