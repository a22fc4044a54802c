import { currentScope, isTensor, KonvError, Scope, type Tensor } from '@konv/core-tensor';
import { isModule } from './module/brand.js';
import { isTracing } from './module/forward.js';
import { isOneOp, KEEPS_NOTHING, keepsNothing } from './module/keeps-nothing.js';
import { Module } from './module/module.js';

/**
 * Modules one after another: each takes what the one before gave.
 *
 * `new Sequential(a, b)` names them '0', '1', as PyTorch's keys do; `new Sequential({ conv: a, act: b })` gives names.
 * Outputs in between are freed as soon as the next layer has used them, where nobody else can have them: between layers
 * of this package without hooks. What the gradient needs the tape holds itself. Without layers the output is the input.
 * Errors: `KonvError` for what is no module, and for a name that is taken. Source: torch.nn.Sequential.
 */
export class Sequential extends Module {
  static readonly [KEEPS_NOTHING] = true;

  constructor(...modules: Module[]);
  constructor(modules: Readonly<Record<string, Module>>);
  constructor(...given: unknown[]) {
    super();
    const [first] = given;
    const named = given.length === 1 && typeof first === 'object' && first !== null && !isModule(first) && !Array.isArray(first);
    const entries = named ? Object.entries(first) : given.map((m, i) => [String(i), m] as const);
    for (const [name, module] of entries) this.#add(name, module);
  }

  #add(name: string, module: unknown): void {
    if (!isModule(module)) {
      const got =
        module === null ? 'null' : Array.isArray(module) ? 'an array; spread it: new Sequential(...layers)' : `a ${typeof module}`;
      const remedy = typeof module === 'function' ? '; write a Module around it, or call new for a class' : '';
      throw new KonvError('Sequential', `expected a module at "${name}", got ${got}${remedy}`);
    }
    if (name === '' || name.includes('.')) throw new KonvError('Sequential', `expected names without dots, got "${name}"`);
    if (name in this) throw new KonvError('Sequential', `expected a free name, got "${name}", which Sequential has already; take another`);
    (this as unknown as Record<string, Module>)[name] = module;
  }

  /** Adds a module at the end, under its number. */
  append(module: Module): this {
    this.#add(String(this.length), module);
    return this;
  }

  get length(): number {
    return this.#layers().length;
  }

  /** The module at a position; negative ones count from the end. Errors: `KonvError` beyond the ends. */
  at(index: number): Module {
    const found = Number.isInteger(index) ? this.#layers().at(index) : undefined;
    if (found === undefined) throw new KonvError('at', `expected a position among ${this.length} modules, got ${String(index)}`);
    return found;
  }

  *[Symbol.iterator](): Generator<Module> {
    yield* this.#layers();
  }

  #layers(): Module[] {
    const found: Module[] = [];
    for (const value of Object.values(this)) if (isModule(value)) found.push(value);
    return found;
  }

  override forward(x: Tensor): Tensor {
    const tracing = isTracing();
    let current = x;
    /** `current` was made here, and only this method has it. */
    let owned = false;
    for (const layer of this.#layers()) {
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

/** Calls a layer in a scope of its own: the views that it makes on its way go with it. As `scope(fn)`, for one output. */
function runAlone(layer: Module, x: Tensor): Tensor {
  const inner = new Scope('Sequential');
  try {
    const y: Tensor = inner.run(() => layer.forward(x));
    if (isTensor(y) && y.scope === inner) {
      const outer = currentScope();
      if (outer) outer.adopt(y);
      else y.keep();
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
