/** From the JSON of a model's topology, in all the shapes it comes in, to one graph of layer calls. */
import { AGAIN, describe, isRecord, type Json, refuse } from './refuse.js';

/** One output of one call of a layer. */
export interface Ref {
  readonly layer: string;
  readonly call: number;
  readonly tensor: number;
}

export interface LayerNode {
  readonly name: string;
  readonly className: string;
  readonly config: Json;
  /** The inputs of each call. An InputLayer has one call without any. */
  readonly calls: (readonly Ref[])[];
  /** What stands in the way of running it, besides its class and config. */
  readonly problem?: string;
  /** For a model within a model. */
  readonly model?: Graph;
}

export interface Graph {
  readonly name: string;
  readonly sequential: boolean;
  readonly layers: readonly LayerNode[];
  readonly inputs: readonly Ref[];
  readonly outputs: readonly Ref[];
}

/** The names of the layers so far, and how many models are around this one. */
interface Seen {
  readonly names: Set<string>;
  readonly depth: number;
}

const MODELS = ['Sequential', 'Model', 'Functional'];

/**
 * The graph of a `modelTopology`: tfjs-layers' own `{ class_name, config }`, or what Keras writes around it as
 * `{ keras_version, backend, model_config, training_config }`. Errors: `FormatError` for what is neither.
 */
export function readTopology(topology: unknown): Graph {
  if (!isRecord(topology)) throw refuse('modelTopology to be an object', describe(topology), AGAIN);
  let model: unknown = topology.model_config ?? topology.modelConfig ?? topology;
  if (typeof model === 'string') model = parse(model);
  if (isRecord(model) && Array.isArray(model.node)) {
    throw refuse(
      'a layers model',
      'a graph model (an exported TensorFlow graph)',
      'convert the Keras model with output format tfjs_layers_model',
    );
  }
  if (!isRecord(model) || typeof className(model) !== 'string')
    throw refuse('modelTopology with class_name and config', describe(model), AGAIN);
  const name = className(model) as string;
  if (!MODELS.includes(name)) throw refuse(`a model of class ${MODELS.join(', ')}`, describe(name), 'save it as one of these');
  return readModel(name, model.config, 0);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (e) {
    throw refuse('model_config in JSON', (e as Error).message, AGAIN, e);
  }
}

const className = (layer: Json): unknown => layer.class_name ?? layer.className;

/** No real model nests deeper; a file that does would overflow the stack. */
const MAX_DEPTH = 32;

function readModel(kind: string, config: unknown, depth: number): Graph {
  if (depth > MAX_DEPTH) throw refuse(`models within models at most ${MAX_DEPTH} deep`, 'deeper ones', AGAIN);
  const seen: Seen = { names: new Set(), depth };
  const list = kind === 'Sequential' && Array.isArray(config) ? config : isRecord(config) ? config.layers : undefined;
  if (!Array.isArray(list)) throw refuse(`the config of a ${kind} to have a list of layers`, describe(config), AGAIN);
  const name = isRecord(config) && typeof config.name === 'string' ? config.name : kind.toLowerCase();
  return kind === 'Sequential'
    ? readSequential(name, list, isRecord(config) ? config : {}, seen)
    : readFunctional(name, list, config as Json, seen);
}

function readLayer(layer: unknown, seen: Seen): Omit<LayerNode, 'calls'> & { raw: Json } {
  if (!isRecord(layer) || typeof className(layer) !== 'string') throw refuse('a layer with class_name and config', describe(layer), AGAIN);
  const kind = className(layer) as string;
  const config = layer.config;
  const list = kind === 'Sequential' && Array.isArray(config);
  if (!isRecord(config) && !list) throw refuse(`the layer of class ${kind} to have a config`, describe(config), AGAIN);
  const named = layer.name ?? (isRecord(config) ? config.name : undefined);
  if (typeof named !== 'string' || named === '' || named === '__proto__')
    throw refuse(`the layer of class ${kind} to have a name`, describe(named), AGAIN);
  if (seen.names.has(named)) throw refuse('layers of different names', `"${named}" twice`, AGAIN);
  seen.names.add(named);
  const model = MODELS.includes(kind) ? readModel(kind, config, seen.depth + 1) : undefined;
  return { name: named, className: kind, config: isRecord(config) ? config : {}, model, raw: layer };
}

/** The shape that an input has by config, batch first and null where open. */
export function declaredShape(config: Json): (number | null)[] | null {
  const shape = config.batch_input_shape ?? config.batchInputShape ?? config.batch_shape;
  const bare = config.input_shape ?? config.inputShape;
  const list = Array.isArray(shape) ? shape : Array.isArray(bare) ? [null, ...bare] : null;
  if (list === null) return null;
  if (list.length > 0 && list.length <= 8 && list.every((d) => d === null || (Number.isSafeInteger(d) && d >= -1 && d < 2 ** 31))) {
    return list.map((d: number | null, i) => (i === 0 || d === null || d < 0 ? null : d));
  }
  throw refuse('an input shape of sizes or null', describe(list), AGAIN);
}

function readSequential(name: string, list: unknown[], config: Json, seen: Seen): Graph {
  const read = list.map((layer) => readLayer(layer, seen));
  if (read.length === 0) throw refuse('a Sequential with layers', 'none', AGAIN);
  const layers: LayerNode[] = [];
  let last: Ref;
  const [first] = read;
  if (first.className === 'InputLayer') {
    layers.push({ ...first, calls: [[]] });
    last = { layer: first.name, call: 0, tensor: 0 };
    read.shift();
  } else {
    const inner = first.model?.layers.find((layer) => layer.name === first.model?.inputs[0]?.layer);
    const shape =
      declaredShape(first.config) ??
      (inner && declaredShape(inner.config)) ??
      declaredShape({ batch_input_shape: config.build_input_shape });
    const input = `${first.name}_input`;
    layers.push({ name: input, className: 'InputLayer', config: { batch_input_shape: shape, dtype: first.config.dtype }, calls: [[]] });
    last = { layer: input, call: 0, tensor: 0 };
  }
  const inputs = [last];
  for (const layer of read) {
    layers.push({ ...layer, calls: [[last]] });
    last = { layer: layer.name, call: 0, tensor: 0 };
  }
  return { name, sequential: true, layers, inputs, outputs: [last] };
}

function readFunctional(name: string, list: unknown[], config: Json, seen: Seen): Graph {
  const layers = list.map((item): LayerNode => {
    const layer = readLayer(item, seen);
    const nodes = layer.raw.inbound_nodes ?? layer.raw.inboundNodes ?? [];
    if (!Array.isArray(nodes)) throw refuse(`the inbound nodes of "${layer.name}" in a list`, describe(nodes), AGAIN);
    const problems: string[] = [];
    const calls = nodes.map((node) => readNode(layer.name, node, problems));
    if (layer.className === 'InputLayer') return { ...layer, calls: [[]] };
    return { ...layer, calls, problem: problems[0] };
  });
  const inputs = readRefs(config.input_layers ?? config.inputLayers, 'input_layers');
  const outputs = readRefs(config.output_layers ?? config.outputLayers, 'output_layers');
  return { name, sequential: false, ...countFromZero(layers, inputs, outputs) };
}

/** A model within a model counts its calls from 1, since it was called once when it was made; here all count from 0. */
function countFromZero(layers: LayerNode[], inputs: Ref[], outputs: Ref[]): Pick<Graph, 'layers' | 'inputs' | 'outputs'> {
  const used = new Map<string, number>();
  for (const ref of [...layers.flatMap((layer) => layer.calls.flat()), ...outputs]) {
    used.set(ref.layer, Math.min(used.get(ref.layer) ?? Infinity, ref.call));
  }
  const shifted = new Set(
    layers.filter((layer) => layer.model !== undefined && (used.get(layer.name) ?? 0) >= 1).map((layer) => layer.name),
  );
  const known = new Map(layers.map((layer) => [layer.name, layer]));
  const fix = (ref: Ref): Ref => {
    const target = known.get(ref.layer);
    const call = shifted.has(ref.layer) ? ref.call - 1 : ref.call;
    if (target === undefined) throw refuse('connections between layers of the model', `one from "${ref.layer}", which it lacks`, AGAIN);
    if (call < 0 || call >= target.calls.length) {
      throw refuse(`"${ref.layer}" to be called ${ref.call + 1} times`, `${target.calls.length} calls`, AGAIN);
    }
    return { ...ref, call };
  };
  return {
    layers: layers.map((layer) => ({ ...layer, calls: layer.calls.map((call) => call.map(fix)) })),
    inputs: inputs.map(fix),
    outputs: outputs.map(fix),
  };
}

function readNode(layer: string, node: unknown, problems: string[]): Ref[] {
  if (!Array.isArray(node)) {
    problems.push('its inbound nodes are in the form of Keras 3, which tfjs-layers does not read either');
    return [];
  }
  const items = typeof node[0] === 'string' ? [node] : node;
  return items.map((item) => {
    const kwargs = Array.isArray(item) ? item[3] : undefined;
    if (isRecord(kwargs) && Object.keys(kwargs).length > 0) problems.push(`it is called with ${Object.keys(kwargs).join(', ')}`);
    return readRef(item, `the inbound nodes of "${layer}"`);
  });
}

function readRef(item: unknown, where: string): Ref {
  if (Array.isArray(item) && typeof item[0] === 'string' && Number.isSafeInteger(item[1]) && Number.isSafeInteger(item[2])) {
    return { layer: item[0], call: item[1], tensor: item[2] };
  }
  throw refuse(`${where} to be [layer, call, tensor]`, describe(item), AGAIN);
}

function readRefs(list: unknown, where: string): Ref[] {
  if (!Array.isArray(list) || list.length === 0) throw refuse(`${where} in a list`, describe(list), AGAIN);
  return (typeof list[0] === 'string' ? [list] : list).map((item) => readRef(item, where));
}
