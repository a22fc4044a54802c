import { KonvError } from '@konv/core-tensor';
import { isModule } from './module/brand.js';
import { Module } from './module/module.js';

function gotInstead(value: unknown): string {
  if (value === null) return 'null; leave it out';
  if (Array.isArray(value)) return 'an array; spread it: (...layers)';
  if (typeof value === 'function') return 'a function; write a Module around it, or call new for a class';
  return `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}; wrap it in a Module`;
}

/** Refuses a name that cannot be a key, or that is taken by anything but what `replaceable` says. */
export function checkName(container: string, owner: object, name: unknown, replaceable: (value: unknown) => boolean): string {
  if (typeof name !== 'string' || name === '' || name.includes('.')) {
    throw new KonvError(container, `expected names without dots, got "${String(name)}"; rename it`);
  }
  if (!(name in owner) || (Object.hasOwn(owner, name) && replaceable((owner as Record<string, unknown>)[name]))) return name;
  throw new KonvError(container, `expected a free name, got "${name}", which ${container} has already; take another`);
}

export function checkModule(container: string, name: string, module: unknown): Module {
  if (isModule(module)) return module;
  throw new KonvError(container, `expected a module at "${name}", got ${gotInstead(module)}`);
}

/** The position meant by `index` among `size`, counted from the end where negative; `size` itself only for `insert`. */
export function position(op: string, index: unknown, size: number, last: number, what: string): number {
  const i = index as number;
  if (Number.isInteger(i) && i >= -size && i <= last) return i < 0 ? i + size : i;
  throw new KonvError(
    op,
    `expected a position among ${size} ${what}, got ${String(index)}; positions count from 0, or from the end where negative`,
  );
}

/** What Sequential and ModuleList have in common: modules in an order, numbered unless they have names. */
export abstract class ModuleSequence extends Module {
  readonly #container: string;

  constructor(container: string) {
    super();
    this.#container = container;
  }

  /** Puts a module at the end under a name of its own. */
  protected add(name: string, module: unknown): void {
    const checked = checkModule(this.#container, name, module);
    (this as unknown as Record<string, Module>)[checkName(this.#container, this, name, () => false)] = checked;
  }

  /** Adds a module at the end, under its number. */
  append(module: Module): this {
    this.add(String(this.length), module);
    return this;
  }

  /** Adds all modules of a list or another container at the end. All or none. */
  extend(modules: Iterable<Module>): this {
    const given: unknown = modules;
    if (typeof given !== 'object' || given === null || !(Symbol.iterator in given)) {
      throw new KonvError(
        'extend',
        `expected a list of modules, got ${isModule(given) ? `a ${given.constructor.name}` : typeof given}; wrap it in [ ]`,
      );
    }
    const list = [...modules];
    const start = this.length;
    list.forEach((module, i) => checkModule(this.#container, String(start + i), module));
    for (const module of list) this.append(module);
    return this;
  }

  /** Puts a module before the one at `index`; the later ones move up by one number. Errors: `KonvError` where they have names. */
  insert(index: number, module: Module): this {
    const list = this.#modules();
    const at = position('insert', index, list.length, list.length, 'modules');
    const named = Object.entries(this).find(([name, value]) => isModule(value) && !/^\d+$/.test(name));
    if (named !== undefined)
      throw new KonvError('insert', `expected numbered modules, got one named "${named[0]}"; build a new ${this.#container}`);
    list.splice(at, 0, checkModule(this.#container, String(at), module));
    checkName(this.#container, this, String(list.length - 1), () => false);
    list.forEach((m, i) => {
      (this as unknown as Record<string, Module>)[String(i)] = m;
    });
    return this;
  }

  get length(): number {
    return this.#modules().length;
  }

  /** The module at a position; negative ones count from the end. Errors: `KonvError` beyond the ends. */
  at(index: number): Module {
    const list = this.#modules();
    return list[position('at', index, list.length, list.length - 1, 'modules')];
  }

  *[Symbol.iterator](): Generator<Module> {
    yield* this.#modules();
  }

  #modules(): Module[] {
    const found: Module[] = [];
    for (const value of Object.values(this)) if (isModule(value)) found.push(value);
    return found;
  }
}

/** A container has no computation of its own. */
export function noForward(container: string): never {
  throw new KonvError('forward', `expected a module with a computation, got a ${container}, which only holds others; call them in a loop`);
}
