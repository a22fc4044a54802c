/** From a `LayersGraph` to the layers of a functional model of TensorFlow.js. */
import type { Module } from '@konv/layers';
import { AlignRank, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Add } from '../modules/merge.js';
import { LayersGraph } from '../modules/graph.js';
import { type Json, Uncovered } from '../refuse.js';
import { Desk, type Flow, KeepOrder, type PaddedFlow, rowOf, type SavedWeight, tfjsName, type Writer } from './exporter.js';

type Ref = readonly [layer: string, call: number, tensor: number];

/** A value of the graph: what it is, which call gives it, and which call flattened it. */
interface Node {
  readonly flow: PaddedFlow;
  readonly ref: Ref;
  readonly flattened: number;
}

export interface WrittenGraph {
  readonly layers: readonly Json[];
  readonly weights: readonly SavedWeight[];
  readonly outputs: readonly Ref[];
  readonly problems: readonly string[];
}

const MERGES = new Map<unknown, string>([
  [Add, 'Add'],
  [Multiply, 'Multiply'],
  [Average, 'Average'],
  [Maximum, 'Maximum'],
  [Minimum, 'Minimum'],
]);

/** One attempt; the flattens in `kept` keep konv's order of features. */
class Draft {
  readonly layers: Json[] = [];
  readonly weights: SavedWeight[] = [];
  readonly problems: string[] = [];
  /** The flatten that the next attempt must keep in order; -1 for none. */
  keep = -1;
  readonly #byName = new Map<string, Json>();
  readonly #kept: ReadonlySet<number>;
  readonly #writerOf: (module: Module) => Writer | null;
  #calls = 0;

  constructor(kept: ReadonlySet<number>, writerOf: (module: Module) => Writer | null) {
    this.#kept = kept;
    this.#writerOf = writerOf;
  }

  input(name: string, flow: Flow, dtype: string): Node {
    const config = { batch_input_shape: [null, ...flow.shape], dtype, sparse: false, name };
    this.layers.push({ class_name: 'InputLayer', name, config, inbound_nodes: [] });
    return { flow, ref: [name, 0, 0], flattened: -1 };
  }

  /** Writes one call of a module; null where that cannot be. */
  call(path: string, module: Module, inputs: readonly (Node | null)[], next: Module | undefined): Node | null {
    const given = inputs.filter((node): node is Node => node !== null);
    const what = `${module.constructor.name} "${path}"`;
    const id = this.#calls++;
    try {
      if (MERGES.has(module.constructor) || module instanceof Concatenate || module instanceof Dot) {
        return given.length < inputs.length ? null : this.#merge(path, module, given);
      }
      const writer = module instanceof AlignRank ? align : this.#writerOf(module);
      if (writer === null) throw new Uncovered('TensorFlow.js has no such layer');
      const [node] = given;
      if (node === undefined || inputs.length > 1) return null;
      const layers: Json[] = [];
      const weights: SavedWeight[] = [];
      const { pad, ...flow } = node.flow;
      const desk = new Desk(tfjsName(path), layers, weights, pad ?? null, next, this.#kept.has(id));
      const out = writer(module as never, flow, desk);
      const ref = this.#link(layers, weights, [node.ref]);
      return { flow: out, ref, flattened: node.flow.flat === undefined ? id : node.flattened };
    } catch (e) {
      if (e instanceof KeepOrder) this.keep = given[0].flattened;
      else if (e instanceof Uncovered) this.problems.push(`${what}: ${e.message}`);
      else throw e;
      return null;
    }
  }

  /** Puts layers one after another behind `from`. One that is there already is called once more. */
  #link(layers: readonly Json[], weights: readonly SavedWeight[], from: readonly Ref[]): Ref {
    let refs = from;
    let added = true;
    for (const layer of layers) {
      const name = (layer.config as { name: string }).name;
      const before = this.#byName.get(name);
      if (before !== undefined && JSON.stringify(before.config) !== JSON.stringify(layer.config))
        throw new Uncovered('it is called in two ways');
      const written = before ?? { ...layer, name, inbound_nodes: [] };
      const nodes = written.inbound_nodes as unknown[];
      nodes.push(refs.map((ref) => [...ref, {}]));
      if (before === undefined) {
        this.#byName.set(name, written);
        this.layers.push(written);
      }
      added = before === undefined;
      refs = [[name, nodes.length - 1, 0]];
    }
    if (added) this.weights.push(...weights);
    return refs[0];
  }

  #merge(path: string, module: Module, nodes: readonly Node[]): Node {
    const reordered = nodes.find(({ flow }) => flow.flat !== undefined);
    if (reordered !== undefined) {
      this.keep = reordered.flattened;
      return reordered;
    }
    const flows = nodes.map(({ flow }) => flow);
    const [{ moved, shape: first }] = flows;
    if (flows.some((flow) => flow.pad !== undefined)) throw new Uncovered('it merges what is padded');
    if (flows.some((flow) => flow.moved !== moved || (!(module instanceof Dot) && flow.shape.length !== first.length))) {
      throw new Uncovered('its inputs are laid out differently');
    }
    const name = tfjsName(path);
    const put = (class_name: string, config: Json, shape: readonly number[]): Node => {
      const layer = { class_name, config: { name, trainable: true, ...config } };
      return {
        flow: { shape, moved },
        ref: this.#link(
          [layer],
          [],
          nodes.map(({ ref }) => ref),
        ),
        flattened: -1,
      };
    };
    if (module instanceof Dot) {
      const rest = [
        ...flows[0].shape.filter((_, i) => i !== module.axes[0] - 1),
        ...flows[1].shape.filter((_, i) => i !== module.axes[1] - 1),
      ];
      if (moved) throw new Uncovered('its inputs have the channels first');
      return put('Dot', { axes: [...module.axes], normalize: module.normalize }, rest.length === 0 ? [1] : rest);
    }
    if (module instanceof Concatenate) {
      const dim = module.dim < 0 ? module.dim + first.length + 1 : module.dim;
      const axis = !moved ? dim : dim === 1 ? first.length : dim - 1;
      const total = flows.reduce((n, { shape }) => n + shape[axis - 1], 0);
      return put(
        'Concatenate',
        { axis },
        first.map((d, i) => (i === axis - 1 ? total : d)),
      );
    }
    const shape = first.map((_, i) => Math.max(...flows.map((flow) => flow.shape[i])));
    return put(MERGES.get(module.constructor) as string, {}, shape);
  }
}

/** Ones are put in behind the batch, as Keras does it when it merges. */
const align = ((m: AlignRank, x: Flow, at: Desk): Flow => {
  if (x.moved) throw new Uncovered('its input has the channels first');
  const shape = [...new Array<number>(Math.max(0, m.rank - 1 - x.shape.length)).fill(1), ...x.shape];
  at.layer('Reshape', { target_shape: shape });
  return { shape, moved: false };
}) as Writer;

/** The steps with the modules that they call, Sequentials and graphs within opened up. */
interface FlatStep {
  readonly path: string;
  readonly module: Module;
  readonly inputs: readonly number[];
  readonly output: number;
}

export function flatSteps(net: LayersGraph): FlatStep[] {
  const { steps } = LayersGraph.structureOf(net);
  const own = net as unknown as Record<string, Module>;
  let fresh = -1;
  return steps.flatMap(({ path, inputs, output }): FlatStep[] => {
    const row = rowOf(own[path], path);
    if (row.length === 0) return [];
    let from = inputs;
    return row.map(([name, module], i) => {
      const to = i === row.length - 1 ? output : fresh--;
      const step = { path: name, module, inputs: from, output: to };
      from = [to];
      return step;
    });
  });
}

/** Writes a graph down. `inputs` say what goes in, in the order of `inputNames`. */
export function writeGraph(
  net: LayersGraph,
  inputs: readonly { flow: Flow; dtype: string }[],
  writerOf: (module: Module) => Writer | null,
): WrittenGraph {
  const structure = LayersGraph.structureOf(net);
  const steps = flatSteps(net);
  const kept = new Set<number>();
  for (;;) {
    const draft = new Draft(kept, writerOf);
    const values = new Map<number, Node | null>();
    structure.inputs.forEach((id, i) => values.set(id, draft.input(tfjsName(net.inputNames[i]), inputs[i].flow, inputs[i].dtype)));
    for (const { path, module, inputs: from, output } of steps) {
      const consumers = steps.filter((step) => step.inputs.includes(output));
      const next = consumers.length === 1 && !structure.outputs.includes(output) ? consumers[0].module : undefined;
      values.set(
        output,
        draft.call(
          path,
          module,
          from.map((id) => values.get(id) ?? null),
          next,
        ),
      );
      if (draft.keep >= 0) break;
    }
    const outputs = structure.outputs.map((id) => values.get(id) ?? null);
    const reordered = outputs.find((node) => node?.flow.flat !== undefined);
    const keep = draft.keep >= 0 ? draft.keep : (reordered?.flattened ?? -1);
    if (keep >= 0) {
      kept.add(keep);
      continue;
    }
    return {
      layers: draft.layers,
      weights: draft.weights,
      problems: draft.problems,
      outputs: outputs.map((node) => node?.ref ?? ['', 0, 0]),
    };
  }
}
