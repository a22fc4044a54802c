/**
 * How modules find what they hold. Nothing is registered on assignment: own enumerable properties are walked, in the
 * order of definition, whenever somebody asks. What is private (`#conv`) or inside a Map is not found, as in PyTorch.
 */
import { isParameter, isTensor, KonvError, type Parameter, type Tensor } from '@konv/core-tensor';
import { BUFFERS, isModule } from './brand.js';
import type { Module } from './module.js';

type Named<T> = readonly [name: string, value: T];

/** `path` and `name` joined by a dot, without one in front. */
export function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function propertiesOf(module: Module): Named<unknown>[] {
  const own = module as unknown as Record<string, unknown>;
  return Object.keys(own).map((name) => [name, own[name]] as const);
}

/** The module's own Parameters. */
export function ownParameters(module: Module): Named<Parameter>[] {
  const found = propertiesOf(module);
  refuseArrays(module, found);
  return found.filter((p): p is Named<Parameter> => isParameter(p[1]));
}

/** The module's own buffers that are not null; by default also those that state dicts leave out. */
export function ownBuffers(module: Module, persistentOnly = false): Named<Tensor>[] {
  const own = module as unknown as Record<string, unknown>;
  const found: Named<Tensor>[] = [];
  for (const [name, persistent] of module[BUFFERS]) {
    const value = own[name];
    if (isTensor(value) && (persistent || !persistentOnly)) found.push([name, value]);
  }
  return found;
}

/** The module's own children, a shared one under each of its names. */
export function ownChildren(module: Module): Named<Module>[] {
  return propertiesOf(module).filter((p): p is Named<Module> => isModule(p[1]));
}

/**
 * The module itself (name `prefix`) and everything below it, parents before children; each module once, under the first
 * of its names. A shared module is what `seen` is for, and so is one that refers back to its parent.
 */
export function* walkModules(module: Module, prefix = '', seen: Set<Module> = new Set()): Generator<[string, Module]> {
  if (seen.has(module)) return;
  seen.add(module);
  yield [prefix, module];
  for (const [name, child] of ownChildren(module)) yield* walkModules(child, join(prefix, name), seen);
}

/** The names that lead from `from` down to `to`; null where none does. */
export function pathTo(from: Module, to: Module): string[] | null {
  for (const [path, module] of walkModules(from)) if (module === to) return path === '' ? [] : path.split('.');
  return null;
}

/**
 * What a state dict holds, under every key: own parameters, own buffers, then the children; a shared tensor under each
 * of its names. Errors: `KonvError` where a module holds itself, since its keys would have no end.
 */
export function* walkState(module: Module, prefix = '', above: readonly Module[] = []): Generator<[string, Tensor]> {
  if (above.includes(module)) {
    throw new KonvError(
      'stateDict',
      `expected modules that form a tree, got ${module.constructor.name} within itself at "${prefix}"; keep the reference in a private #field`,
    );
  }
  for (const [name, p] of ownParameters(module)) yield [join(prefix, name), p];
  for (const [name, b] of ownBuffers(module, true)) yield [join(prefix, name), b];
  const path = [...above, module];
  for (const [name, child] of ownChildren(module)) yield* walkState(child, join(prefix, name), path);
}

/**
 * A plain array of modules or parameters would silently be neither trained nor saved: the classic mistake. An array of
 * what is also reachable under another name does no harm.
 */
function refuseArrays(module: Module, properties: readonly Named<unknown>[]): void {
  let known: Set<unknown> | null = null;
  for (const [name, value] of properties) {
    if (!Array.isArray(value)) continue;
    for (const item of value) {
      if (!isModule(item) && !isParameter(item)) continue;
      known ??= reachable(module);
      if (known.has(item)) continue;
      throw new KonvError(
        'parameters',
        `expected ${module.constructor.name}.${name} to be a Module or a Parameter, got a plain array with ` +
          `${isModule(item) ? `a ${item.constructor.name}` : 'a Parameter'} in it, which would be neither trained nor saved; ` +
          (isModule(item) ? 'hold the modules in a ModuleList or a Sequential' : 'hold the parameters in a ParameterList'),
      );
    }
  }
}

function reachable(module: Module): Set<unknown> {
  const found = new Set<unknown>();
  for (const [, m] of walkModules(module)) {
    found.add(m);
    for (const [, value] of propertiesOf(m)) if (isParameter(value)) found.add(value);
  }
  return found;
}
