import { type Module, Sequential } from '@konv/layers';
import { LayersGraph } from './modules/graph.js';
import type { Plan } from './plan.js';

/** Where the modules of a plan stand in what is built of it. */
export interface LaidOut {
  /** Whether each module takes what the one before gave, so that a Sequential will do. */
  readonly sequential: boolean;
  /** The path of each module, by its key in the plan. */
  readonly paths: ReadonlyMap<string, string>;
}

/** A Module has members of its own, which no layer can be named like. */
function safe(name: string, taken: object): string {
  let free = name;
  while (free in taken || free === '') free += '_';
  return free;
}

interface Tree extends Map<string, Tree | string> {}

/** The keys as a tree by their dots, `features.0`; null where a Sequential would not have them in this order. */
function treeOf(keys: readonly string[]): Tree | null {
  const root: Tree = new Map();
  const probe = new Sequential();
  for (const key of keys) {
    const names = key.split('.').map((name) => safe(name, probe));
    const last = names.pop() as string;
    let at = root;
    for (const name of names) {
      const below = at.get(name) ?? new Map();
      if (typeof below === 'string') return null;
      at.set(name, below);
      at = below;
    }
    if (at.has(last)) return null;
    at.set(last, key);
  }
  const order: string[] = [];
  const walk = (tree: Tree): boolean => {
    // JavaScript puts whole numbers in front of other names.
    const kept = Object.keys(Object.fromEntries([...tree.keys()].map((name) => [name, 0])));
    if ([...tree.keys()].some((name, i) => kept[i] !== name)) return false;
    return [...tree.values()].every((below) => (typeof below === 'string' ? order.push(below) > 0 : walk(below)));
  };
  return walk(root) && keys.every((key, i) => order[i] === key) ? root : null;
}

function chained({ steps, inputs, outputs }: Plan): boolean {
  if (inputs.length !== 1 || outputs.length !== 1) return false;
  let last = inputs[0].value.id;
  for (const step of steps) {
    if (step.inputs.length !== 1 || step.inputs[0] !== last) return false;
    last = step.output;
  }
  return last === outputs[0].value.id && new Set(steps.map(({ key }) => key)).size === steps.length;
}

function sequentialTree(plan: Plan): Tree | null {
  return chained(plan) ? treeOf(plan.steps.map(({ key }) => key)) : null;
}

function pathsOf(tree: Tree, prefix: string, into: Map<string, string>): Map<string, string> {
  for (const [name, below] of tree) {
    if (typeof below === 'string') into.set(below, prefix + name);
    else pathsOf(below, `${prefix}${name}.`, into);
  }
  return into;
}

export function layOut(plan: Plan): LaidOut {
  const tree = sequentialTree(plan);
  if (tree !== null) return { sequential: true, paths: pathsOf(tree, '', new Map()) };
  const paths = new Map<string, string>();
  const taken: Record<string, unknown> = Object.create(new LayersGraph({}, [], [], []));
  for (const key of plan.modules.keys()) {
    const path = safe(key.replaceAll('.', '_'), taken);
    taken[path] = true;
    paths.set(key, path);
  }
  return { sequential: false, paths };
}

/** The modules of a plan, made: a Sequential where they form a chain, else a LayersGraph. All or nothing. */
export function buildModule(plan: Plan): Module {
  const made = new Map<string, Module>();
  try {
    for (const [key, make] of plan.modules) made.set(key, make());
    for (const key of plan.frozen) made.get(key)?.requiresGrad_(false);
    const tree = sequentialTree(plan);
    if (tree !== null) return sequentialOf(tree, made);
    const { paths } = layOut(plan);
    const pathOf = (key: string): string => paths.get(key) as string;
    return new LayersGraph(
      Object.fromEntries([...made].map(([key, module]) => [pathOf(key), module])),
      plan.steps.map(({ key, inputs, output }) => ({ path: pathOf(key), inputs, output })),
      plan.inputs.map(({ name, value }) => ({ name, id: value.id })),
      plan.outputs.map(({ name, value }) => ({ name, id: value.id })),
    );
  } catch (e) {
    for (const module of made.values()) module.dispose();
    throw e;
  }
}

function sequentialOf(tree: Tree, made: ReadonlyMap<string, Module>): Sequential {
  const entries = [...tree].map(([name, below]) => [
    name,
    typeof below === 'string' ? (made.get(below) as Module) : sequentialOf(below, made),
  ]);
  return new Sequential(Object.fromEntries(entries) as Record<string, Module>);
}
