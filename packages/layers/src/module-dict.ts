import { KonvError } from '@konv/core-tensor';
import { checkModule, checkName, noForward } from './containers.js';
import { isModule } from './module/brand.js';
import { Module } from './module/module.js';
import { ownChildren } from './module/walk.js';

/**
 * Modules by name, each trained, moved and saved with the whole, under their names; the calls are yours:
 * `this.heads.get('age').forward(x)`.
 *
 * In the order in which they came, but names that are whole numbers stand in front, smallest first (JavaScript's order of
 * properties). Errors: `KonvError` for what is no module, for a name with a dot or one that Module has already (`train`),
 * for a name that is not there, and for `forward`. Source: torch.nn.ModuleDict.
 */
export class ModuleDict extends Module {
  constructor(modules: Readonly<Record<string, Module>> = {}) {
    super();
    this.update(modules);
  }

  get length(): number {
    return ownChildren(this).length;
  }
  has(name: string): boolean {
    return Object.hasOwn(this, name) && isModule((this as unknown as Record<string, unknown>)[name]);
  }
  get(name: string): Module {
    if (this.has(name)) return (this as unknown as Record<string, Module>)[name];
    const known = [...this.keys()].map((key) => `"${key}"`).join(', ');
    throw new KonvError(
      'ModuleDict',
      `expected one of the names ${known === '' ? '(none yet)' : known}, got "${String(name)}"; add it with set()`,
    );
  }
  /** Adds a module, or puts another in the place of the one of that name. */
  set(name: string, module: Module): this {
    checkModule('ModuleDict', name, module);
    (this as unknown as Record<string, Module>)[checkName('ModuleDict', this, name, isModule)] = module;
    return this;
  }
  /** Takes a module out and returns it. */
  pop(name: string): Module {
    const module = this.get(name);
    delete (this as unknown as Record<string, unknown>)[name];
    return module;
  }
  clear(): void {
    for (const name of [...this.keys()]) this.pop(name);
  }
  /** Adds or replaces all modules of a record or another ModuleDict. All or none. */
  update(modules: Readonly<Record<string, Module>> | ModuleDict): this {
    const given: unknown = modules;
    const other = isModule(given) && !(given instanceof ModuleDict);
    if (typeof given !== 'object' || given === null || Array.isArray(given) || other) {
      const got = Array.isArray(given)
        ? 'an array (for a list there is ModuleList)'
        : isModule(given)
          ? `a ${given.constructor.name}`
          : typeof given;
      throw new KonvError('ModuleDict', `expected a record of modules, got ${got}; write { name: module }`);
    }
    const entries = modules instanceof ModuleDict ? [...modules.items()] : Object.entries(modules);
    for (const [name, module] of entries) {
      checkModule('ModuleDict', name, module);
      checkName('ModuleDict', this, name, isModule);
    }
    for (const [name, module] of entries) this.set(name, module);
    return this;
  }

  *keys(): Generator<string> {
    for (const [name] of ownChildren(this)) yield name;
  }
  *values(): Generator<Module> {
    for (const [, module] of ownChildren(this)) yield module;
  }
  *items(): Generator<[string, Module]> {
    for (const [name, module] of ownChildren(this)) yield [name, module];
  }
  /** The names. */
  [Symbol.iterator](): Generator<string> {
    return this.keys();
  }

  override forward(): never {
    return noForward('ModuleDict');
  }
}
