import { Config } from './config.js';
import { activationPlanners } from './layers/activation.js';
import { convPlanners } from './layers/conv.js';
import { corePlanners, inputOf } from './layers/core.js';
import { mergePlanners } from './layers/merge.js';
import { poolPlanners } from './layers/pool.js';
import type { MakeOptions, Planner, Planners } from './layers/site.js';
import { fold, inputMoved, usesChannelsFirst } from './lookahead.js';
import { buildModule, layOut } from './build.js';
import { Plan, Site, type Value } from './plan.js';
import { quoted, refuse, Uncovered } from './refuse.js';
import type { Graph, LayerNode, Ref } from './topology.js';

const planners: Planners = { ...corePlanners, ...activationPlanners, ...convPlanners, ...poolPlanners, ...mergePlanners };

/**
 * The plan of a model. Errors: one `FormatError` for all layers that konv cannot run, each with its class, its name and
 * what is missing; nothing has been made then.
 */
export function planModel(graph: Graph, make: MakeOptions, stored: ReadonlyMap<string, readonly number[]> = new Map()): Plan {
  const problems: string[] = [];
  const plan = planGraph(graph, make, problems, '', new Plan(stored));
  if (problems.length > 0 || plan === null) {
    const count = problems.length === 1 ? 'one that is not' : `${problems.length} that are not`;
    throw refuse(
      'layers that konv can run to the same numbers',
      `${count}:\n  ${problems.join('\n  ')}\n`,
      'replace them in the model, or build it of your own Modules and load the weights by name; nothing was loaded',
    );
  }
  return plan;
}

const refKey = (ref: Ref): string => `${ref.layer} ${ref.call} ${ref.tensor}`;

function planGraph(graph: Graph, make: MakeOptions, problems: string[], path: string, plan: Plan, shapes?: readonly Value[]): Plan | null {
  const values = new Map<string, Value | null>();
  const folded = fold(graph);
  const waiting = graph.layers.flatMap((layer) => layer.calls.map((inputs, call) => ({ layer, inputs, call })));
  const met = new Set<LayerNode>();
  const before = problems.length;
  while (waiting.length > 0) {
    const next = waiting.findIndex(({ inputs }) => inputs.every((ref) => values.has(refKey(ref))));
    if (next < 0) {
      const names = [...new Set(waiting.map(({ layer }) => layer.name))];
      throw refuse('layers that can be called one after another', `a circle through ${quoted(names)}`, 'save the model again');
    }
    const [{ layer, inputs, call }] = waiting.splice(next, 1);
    const given = inputs.map((ref) => values.get(refKey(ref)) ?? null);
    const first = !met.has(layer);
    met.add(layer);
    let out: Value | null = null;
    try {
      out = planCall(new Site(plan, layer, folded, first), given, graph, make, problems, path, shapes);
    } catch (e) {
      if (!(e instanceof Uncovered)) throw e;
      if (first) problems.push(`${layer.className} "${path}${layer.name}": ${e.message}`);
    }
    values.set(refKey({ layer: layer.name, call, tensor: 0 }), out);
  }
  for (const ref of [...graph.inputs, ...graph.outputs]) {
    if (!values.has(refKey(ref))) problems.push(`an output of "${path}${ref.layer}" that no layer of konv has (number ${ref.tensor})`);
  }
  if (problems.length > before) return null;
  const valueOf = (ref: Ref): Value => values.get(refKey(ref)) as Value;
  plan.inputs = graph.inputs.map((ref) => ({ name: ref.layer, value: valueOf(ref) }));
  plan.outputs = graph.outputs.map((ref) => {
    const layer = graph.layers.find((l) => l.name === ref.layer) as LayerNode;
    const value = valueOf(ref);
    // Images leave with their channels at place 1, as they come.
    const image = value.shape.length >= 4 && !usesChannelsFirst(graph);
    return { name: ref.layer, value: image ? new Site(plan, layer, folded, false).moved(value) : value };
  });
  return plan;
}

function planCall(
  at: Site,
  given: readonly (Value | null)[],
  graph: Graph,
  make: MakeOptions,
  problems: string[],
  path: string,
  shapes: readonly Value[] | undefined,
): Value | null {
  const { layer } = at;
  if (layer.className === 'InputLayer') {
    const index = graph.inputs.findIndex((ref) => ref.layer === layer.name);
    const outer = shapes?.[index];
    const declared = at.layer.config.batch_input_shape ?? at.layer.config.batchInputShape ?? at.layer.config.batch_shape;
    const shape = (declared as unknown[] | undefined | null) ?? outer?.shape ?? null;
    const moved = inputMoved(graph, layer, Array.isArray(shape) ? shape.length : 0);
    return declared === undefined || declared === null
      ? outer
        ? at.plan.value(outer.shape, moved)
        : inputOf(at, moved)
      : inputOf(at, moved);
  }
  if (at.first && layer.config.trainable === false) at.plan.frozen.push(layer.name);
  if (layer.problem !== undefined) throw new Uncovered(layer.problem);
  const inputs = given.filter((v): v is Value => v !== null);
  if (layer.model !== undefined) return inputs.length < given.length ? null : planNested(at, inputs, layer.model, make, problems, path);
  if (!Object.hasOwn(planners, layer.className)) throw new Uncovered('konv has no such layer');
  // What comes before it is not covered: nothing can be said about its input.
  if (inputs.length < given.length) return null;
  if (inputs.length === 0) throw new Uncovered('it has no input');
  const config = new Config(layer.config);
  const planner: Planner = planners[layer.className];
  if (!Object.hasOwn(mergePlanners, layer.className) && inputs.length > 1) throw new Uncovered(`it has ${inputs.length} inputs`);
  if ([...at.folded.padding.keys()].some((conv) => conv.calls[0][0].layer === layer.name)) return inputs[0];
  return planner(config, inputs, at, make);
}

/** A model within a model: a module of its own, with the layout that its own layers ask for. */
function planNested(at: Site, inputs: readonly Value[], model: Graph, make: MakeOptions, problems: string[], path: string): Value | null {
  const { layer } = at;
  if (model.outputs.length !== 1) throw new Uncovered(`it is a model with ${model.outputs.length} outputs within a model`);
  if (model.inputs.length !== inputs.length) throw new Uncovered(`it has ${model.inputs.length} inputs and is given ${inputs.length}`);
  const before = problems.length;
  const plan = planGraph(model, make, at.first ? problems : [], `${path}${layer.name}/`, new Plan(at.plan.stored), inputs);
  if (plan === null || problems.length > before) return null;
  const { paths } = layOut(plan);
  if (at.first) {
    for (const weight of plan.weights) {
      at.plan.weights.push({ ...weight, module: layer.name, param: `${paths.get(weight.module)}.${weight.param}` });
    }
  }
  const laid = inputs.map((v, i) => (plan.inputs[i].value.moved ? at.moved(v) : at.saved(v)));
  const [{ value }] = plan.outputs;
  return at.call('', () => buildModule(plan), laid, value.shape, value.moved);
}
