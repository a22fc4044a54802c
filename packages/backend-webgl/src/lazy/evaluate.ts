import { texelsFor } from '../buffer.js';
import type { Engine, Input } from '../engine.js';
import { formats, type TexelType } from '../gl/formats.js';
import type { Kernel, UniformType, UniformValue } from '../gl/kernel.js';
import type { Texture } from '../gl/texture.js';
import { functionsFor } from './functions.js';
import { declareLeaf, loadLeaf, loadSource } from './load.js';
import type { Leaf, Node, Op } from './node.js';

/** An expression as a program: its instructions in order, and what they read. */
interface Chain {
  /** `v3 = f(v1, v2)` without the `v3 =`; node for node. */
  readonly instructions: string[];
  readonly types: TexelType[];
  readonly functions: Set<string>;
  readonly leaves: Leaf[];
  readonly floats: number[];
  readonly ints: number[];
}

function sameLeaf(a: Leaf, b: Leaf): boolean {
  return (
    a === b ||
    (a.texture === b.texture &&
      a.mode === b.mode &&
      a.offset === b.offset &&
      a.shape.length === b.shape.length &&
      a.shape.every((n, i) => n === b.shape[i]) &&
      a.strides.every((n, i) => n === b.strides[i]))
  );
}

/** Writes a node's instructions after those of its arguments; a node that is reached twice is computed once. */
function write(node: Node, chain: Chain, seen: Map<Node, string>): string {
  const known = seen.get(node);
  if (known !== undefined) return known;
  let name: string;
  if (node.kind === 'scalar') {
    const isFloat = node.type === 'float32';
    const list = isFloat ? chain.floats : chain.ints;
    name = isFloat ? `vec4(f[${list.length}])` : `ivec4(k[${list.length}])`;
    list.push(node.value);
  } else if (node.kind === 'leaf') {
    let i = chain.leaves.findIndex((l) => sameLeaf(l, node));
    if (i < 0) i = chain.leaves.push(node) - 1;
    name = `x${i}`;
  } else {
    const args = node.args.map((a) => write(a, chain, seen));
    chain.functions.add(node.fn);
    name = `v${chain.instructions.push(`${node.fn}(${args.join(', ')})`) - 1}`;
    chain.types.push(node.type);
  }
  seen.set(node, name);
  return name;
}

const kernels = new Map<string, Kernel>();

function kernelOf(op: Op, chain: Chain): Kernel {
  const modes = chain.leaves.map((l) => `${l.type} ${l.mode}`);
  const key = `chain ${op.type} = ${chain.instructions.join('; ')} of ${modes.join(', ')}`;
  let kernel = kernels.get(key);
  if (!kernel) kernels.set(key, (kernel = build(key, op, chain)));
  return kernel;
}

function build(name: string, op: Op, chain: Chain): Kernel {
  const uniforms: Record<string, UniformType> = {};
  const inputs: Record<string, TexelType> = {};
  chain.leaves.forEach((leaf, i) => {
    inputs[`x${i}`] = leaf.type;
    declareLeaf(`x${i}`, leaf, uniforms);
  });
  if (chain.floats.length > 0) uniforms.f = `float[${chain.floats.length}]`;
  if (chain.ints.length > 0) uniforms.k = `int[${chain.ints.length}]`;
  const body = `${functionsFor(chain.functions)}
${chain.leaves.map((leaf, i) => loadSource(`x${i}`, leaf)).join('\n')}
void compute(int t) {
${chain.leaves.map((leaf, i) => `  ${formats[leaf.type].vector} x${i} = load_x${i}(t);`).join('\n')}
${chain.instructions.map((text, i) => `  ${formats[chain.types[i]].vector} v${i} = ${text};`).join('\n')}
  out0 = v${chain.instructions.length - 1};
}`;
  return { name, inputs, output: op.type, uniforms, body };
}

/**
 * An expression is computed op by op at first: what happens a few times is not worth a compilation, and the programs of
 * single ops are shared by all expressions. What comes every step gets a program of its own.
 */
const seen = new WeakMap<Engine, Map<Kernel, number>>();

function isCold(engine: Engine, kernel: Kernel): boolean {
  // A rehearsal is for what will come often.
  if (engine.dry || engine.programs.has(kernel)) return false;
  let counts = seen.get(engine);
  if (!counts) seen.set(engine, (counts = new Map()));
  const count = (counts.get(kernel) ?? 0) + 1;
  counts.set(kernel, count);
  return count <= engine.fuseAfter;
}

/** Computes an expression into a new texture: in one draw, once it has been met a few times. */
export function evaluate(engine: Engine, op: Op): Texture {
  const chain: Chain = { instructions: [], types: [], functions: new Set(), leaves: [], floats: [], ints: [] };
  write(op, chain, new Map());
  const kernel = kernelOf(op, chain);
  if (chain.instructions.length > 1 && isCold(engine, kernel)) return stepwise(engine, op);
  const inputs: Record<string, Input> = {};
  const uniforms: Record<string, UniformValue> = { f: chain.floats, k: chain.ints };
  chain.leaves.forEach((leaf, i) => {
    inputs[`x${i}`] = { texture: leaf.texture, offset: leaf.offset };
    loadLeaf(`x${i}`, leaf, uniforms);
  });
  return engine.draw(kernel, texelsFor(op.size), { inputs, uniforms });
}

/** How often each op of an expression is an argument. */
function countUses(op: Op, uses: Map<Op, number>): Map<Op, number> {
  for (const a of op.args) {
    if (a.kind !== 'op') continue;
    const n = uses.get(a) ?? 0;
    uses.set(a, n + 1);
    if (n === 0) countUses(a, uses);
  }
  return uses;
}

/** Op by op, each node once. What stands in between is released after its last use. */
function stepwise(engine: Engine, root: Op): Texture {
  const uses = countUses(root, new Map());
  const done = new Map<Op, Leaf>();
  const visit = (op: Op): Leaf => {
    const known = done.get(op);
    if (known) return known;
    const args = op.args.map((a) => (a.kind === 'op' ? visit(a) : a));
    const texture = evaluate(engine, { ...op, args });
    const leaf: Leaf = { kind: 'leaf', type: op.type, texture, mode: 'flat', shape: [op.size], strides: [1], offset: 0, holders: 1 };
    done.set(op, leaf);
    for (const a of op.args) {
      if (a.kind !== 'op') continue;
      const left = (uses.get(a) as number) - 1;
      uses.set(a, left);
      if (left > 0) continue;
      done.get(a)?.texture.release();
      done.delete(a);
    }
    return leaf;
  };
  try {
    return visit(root).texture.retain();
  } finally {
    for (const { texture } of done.values()) texture.release();
  }
}
