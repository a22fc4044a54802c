import { checkModule, ModuleSequence, noForward, position } from './containers.js';
import type { Module } from './module/module.js';

/**
 * Modules in a list, each trained, moved and saved with the whole, under the keys '0', '1', ...; the calls are yours:
 * `for (const layer of this.layers) x = layer.forward(x)`.
 *
 * Errors: `KonvError` for what is no module, beyond the ends, and for `forward`. Source: torch.nn.ModuleList.
 */
export class ModuleList extends ModuleSequence {
  constructor(modules: Iterable<Module> = []) {
    super('ModuleList');
    this.extend(modules);
  }

  /** Puts another module in the place of the one at `index`. */
  set(index: number, module: Module): this {
    const at = position('set', index, this.length, this.length - 1, 'modules');
    (this as unknown as Record<string, Module>)[String(at)] = checkModule('ModuleList', String(at), module);
    return this;
  }

  /** Takes a module out, the last one by default, and returns it; the later ones move down by one number. */
  pop(index = -1): Module {
    const list = [...this];
    const at = position('pop', index, list.length, list.length - 1, 'modules');
    const [removed] = list.splice(at, 1);
    const own = this as unknown as Record<string, Module>;
    list.forEach((module, i) => {
      own[String(i)] = module;
    });
    delete own[String(list.length)];
    return removed;
  }

  override forward(): never {
    return noForward('ModuleList');
  }
}
