import { FormatError, KonvError } from '@konv/core-tensor';
import { Embedding, Identity, isModule, type Module } from '@konv/layers';
import { joined, type LayersModelArtifacts, type WeightSpec } from '../artifacts.js';
import { ToInt32 } from '../modules/axes.js';
import { LayersGraph } from '../modules/graph.js';
import { describe, isRecord, type Json, SAVE, Uncovered } from '../refuse.js';
import { hasFiles } from '../source.js';
import { reorder } from '../transpose.js';
import { encodeWeight, type QuantizedDType } from './encode.js';
import { type Flow, rowOf, type SavedWeight, tfjsName, writeRow } from './exporter.js';
import { flatSteps, writeGraph } from './graph-exporter.js';
import { writeFiles } from './files.js';
import { alongLength } from './input.js';
import { writerOf } from './writers.js';

export interface SaveLayersModelOptions {
  /** The shape of one input in konv, without the batch: [channels, height, width], [channels, length] or [features]; a list of them for several inputs. */
  inputShape: readonly number[] | readonly (readonly number[])[];
  /** Store weights in fewer bits: float16, or `q scale + min` with uint16 or uint8. Default: as float32. */
  quantize?: QuantizedDType;
}

/** What takes artifacts: an IOHandler of TensorFlow.js, such as `tf.io.browserDownloads()`. */
export interface LayersModelSaver {
  save(artifacts: never): Promise<unknown>;
}

/** A model in memory that `tf.loadLayersModel` takes as it is. */
export interface LayersModelInMemory {
  readonly artifacts: LayersModelArtifacts;
  load(): Promise<LayersModelArtifacts>;
}

/**
 * A konv network as a layers model of TensorFlow.js in memory, with the values of the moment: `tf.loadLayersModel(await
 * toLayersModel(net, { inputShape }))`. What `forward` computes there from [batch, height, width, channels] in evaluation
 * is what `net` computes here from [batch, channels, height, width]; the weights of linear layers behind a `Flatten` are
 * reordered for it.
 *
 * Takes layers, Sequentials of them, also nested, and graphs that `loadLayersModel` made. Errors: `FormatError` for all modules that TensorFlow.js cannot
 * express, each with its class, path and reason; for weights that are not float32 or do not fit `quantize`.
 */
export async function toLayersModel(net: Module, options: SaveLayersModelOptions): Promise<LayersModelInMemory> {
  const { inputShape, quantize } = checkOptions(net, options);
  const written = write(net, inputShape);
  const specs: WeightSpec[] = [];
  const chunks: Uint8Array[] = [];
  // All reads are asked for before the first is awaited: training may go on meanwhile.
  const values = await Promise.all(written.weights.map(({ tensor }) => tensor.data()));
  written.weights.forEach(({ name, reorder: order }, i) => {
    const data = values[i];
    if (!(data instanceof Float32Array)) throw refuseSave('float32 weights', `other values for "${name}"`, 'call await net.float() first');
    try {
      const { spec, bytes } = encodeWeight(name, reorder(data, order), order.shape, quantize);
      specs.push(spec);
      chunks.push(bytes);
    } catch (e) {
      if (!(e instanceof Uncovered)) throw e;
      throw refuseSave(`"${name}" to be quantised`, e.message, 'leave quantize out');
    }
  });
  const artifacts: LayersModelArtifacts = {
    format: 'layers-model',
    generatedBy: 'konv',
    convertedBy: null,
    modelTopology: topologyOf(written),
    weightSpecs: specs,
    weightData: joined(chunks).buffer,
  };
  return { artifacts, load: async () => artifacts };
}

/**
 * The same into model.json and shards of 4 MB beside it (Node), or to what has a `save(artifacts)`, such as
 * `tf.io.browserDownloads('model')`. `target` is the path of model.json, whose folder exists. At every moment there is a
 * whole model under that name, the old or the new. Errors: as `toLayersModel`; `FormatError` where it cannot be written.
 */
export async function saveLayersModel(
  net: Module,
  target: string | URL | LayersModelSaver,
  options: SaveLayersModelOptions,
): Promise<void> {
  const given: unknown = target;
  const saver = isRecord(given) && typeof given.save === 'function';
  if (!saver && typeof given !== 'string' && !(given instanceof URL)) {
    throw refuseSave('the path of model.json, or an object with save(artifacts)', describe(given), 'pass one of these');
  }
  let path = '';
  if (!saver) {
    if (!hasFiles()) {
      throw refuseSave('Node for a path', 'a browser', 'pass tf.io.browserDownloads() or call toLayersModel');
    }
    const named = given instanceof URL || /^file:/i.test(given as string);
    path = named ? process.getBuiltinModule('node:url').fileURLToPath(given as string | URL) : (given as string);
    if (!path.endsWith('.json')) throw refuseSave('a path that ends in .json', `"${path}"`, 'write folder/model.json');
  }
  const { artifacts } = await toLayersModel(net, options);
  if (saver) await (given as unknown as { save(a: LayersModelArtifacts): Promise<unknown> }).save(artifacts);
  else await writeFiles(path, artifacts);
}

function refuseSave(expected: string, got: string, remedy: string): FormatError {
  return new FormatError(SAVE, `expected ${expected}, got ${got}; ${remedy}`);
}

/** What goes into modules that run in this order. */
function inputOf(inputShape: readonly number[], modules: readonly Module[]): { flow: Flow; dtype: string } {
  const rank = inputShape.length;
  const moved = rank >= 3 || (rank === 2 && alongLength(modules));
  const first = modules.find((m) => m.constructor !== Identity && m.constructor !== ToInt32);
  const flow = { shape: moved ? [...inputShape.slice(1), inputShape[0]] : [...inputShape], moved };
  return { flow, dtype: first?.constructor === Embedding ? 'int32' : 'float32' };
}

interface Saved {
  readonly weights: readonly SavedWeight[];
  readonly className: string;
  readonly config: object;
}

function write(net: Module, inputShape: SaveLayersModelOptions['inputShape']): Saved {
  return net instanceof LayersGraph ? writeBranched(net, inputShape) : writeChain(net, inputShape);
}

function writeChain(net: Module, inputShape: SaveLayersModelOptions['inputShape']): Saved {
  const row = rowOf(net);
  if (typeof inputShape[0] !== 'number') throw refuseSave('one inputShape', 'several', 'pass the sizes of the input');
  const modules = row.map(([, module]) => module);
  const { flow, dtype } = inputOf(inputShape as readonly number[], modules);
  const { layers, weights, problems } = writeRow(row, flow, writerOf);
  checkWritten(layers, problems);
  const names = new Set(layers.map((layer) => (layer.config as { name: string }).name));
  let name = 'input';
  while (names.has(name)) name += '_';
  const first = { class_name: 'InputLayer', config: { batch_input_shape: [null, ...flow.shape], dtype, sparse: false, name } };
  return { weights, className: 'Sequential', config: { name: 'sequential', layers: [first, ...layers] } };
}

function writeBranched(net: LayersGraph, inputShape: SaveLayersModelOptions['inputShape']): Saved {
  const { inputs: ids } = LayersGraph.structureOf(net);
  const shapes = (typeof inputShape[0] === 'number' ? [inputShape] : inputShape) as readonly (readonly number[])[];
  if (shapes.length !== ids.length)
    throw refuseSave(`an inputShape for each of ${net.inputNames.join(', ')}`, `${shapes.length}`, 'pass a list of them');
  const steps = flatSteps(net);
  const inputs = ids.map((id, i) => {
    const reached = new Set([id]);
    const modules = steps
      .filter((step) => step.inputs.some((from) => reached.has(from)) && reached.add(step.output))
      .map(({ module }) => module);
    return inputOf(shapes[i], modules);
  });
  const { layers, weights, problems, outputs } = writeGraph(net, inputs, writerOf);
  checkWritten(layers, problems);
  const input_layers = net.inputNames.map((name) => [tfjsName(name), 0, 0]);
  return { weights, className: 'Model', config: { name: 'model', layers, input_layers, output_layers: outputs } };
}

function checkWritten(layers: readonly Json[], problems: readonly string[]): void {
  if (problems.length > 0) {
    throw refuseSave('modules that TensorFlow.js has, too', `others:\n  ${problems.join('\n  ')}\n`, 'replace them; nothing was saved');
  }
  if (layers.length === 0) throw refuseSave('a network with layers', 'none', 'add some');
  const names = layers.map((layer) => (layer.config as { name: string }).name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw refuseSave('modules of different names', `"${twice}" twice`, 'name them apart');
}

function topologyOf({ className, config }: Saved): object {
  return { class_name: className, config, keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js' };
}

function checkOptions(net: unknown, options: unknown): SaveLayersModelOptions {
  if (!isModule(net)) throw new KonvError(SAVE, `expected a Module, got ${describe(net)}; pass the network`);
  if (!isRecord(options))
    throw new KonvError(SAVE, `expected options in an object, got ${describe(options)}; write { inputShape: [3, 32, 32] }`);
  const odd = Object.keys(options).find((name) => !['inputShape', 'quantize'].includes(name));
  if (odd !== undefined) throw new KonvError(SAVE, `expected options among inputShape, quantize, got ${odd}; leave it out`);
  const { inputShape, quantize } = options;
  const isShape = (sizes: unknown): boolean =>
    Array.isArray(sizes) && sizes.length >= 1 && sizes.length <= 4 && sizes.every((d) => Number.isSafeInteger(d) && d >= 1);
  if (!isShape(inputShape) && !(Array.isArray(inputShape) && inputShape.length > 0 && inputShape.every(isShape))) {
    throw new KonvError(
      SAVE,
      `expected inputShape as sizes without the batch, got ${describe(inputShape)}; write [channels, height, width]`,
    );
  }
  if (quantize !== undefined && quantize !== 'uint8' && quantize !== 'uint16' && quantize !== 'float16') {
    throw new KonvError(
      SAVE,
      `expected quantize to be 'uint8', 'uint16' or 'float16', got ${describe(quantize)}; leave it out for float32`,
    );
  }
  return options as unknown as SaveLayersModelOptions;
}
