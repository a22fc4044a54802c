import { FormatError, KonvError } from '@konv/core-tensor';
import { Embedding, Identity, isModule, type Module } from '@konv/layers';
import type { LayersModelArtifacts, WeightSpec } from '../artifacts.js';
import { ToInt32 } from '../modules/axes.js';
import { describe, isRecord, SAVE, Uncovered } from '../refuse.js';
import { reorder } from '../transpose.js';
import { encodeWeight, type QuantizedDType } from './encode.js';
import { type Flow, rowOf, tfjsName, writeRow, type Written } from './exporter.js';
import { writeFiles } from './files.js';
import { alongLength } from './input.js';
import { writerOf } from './writers.js';

export interface SaveLayersModelOptions {
  /** The shape of one input in konv, without the batch: [channels, height, width], [channels, length] or [features]. */
  inputShape: readonly number[];
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
 * Takes layers, and Sequentials of them, also nested. Errors: `FormatError` for all modules that TensorFlow.js cannot
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
    modelTopology: topologyOf(written, isEmbedding(net)),
    weightSpecs: specs,
    weightData: joined(chunks),
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
    if (typeof process !== 'object' || typeof process?.versions?.node !== 'string') {
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

function write(net: Module, inputShape: readonly number[]): Written {
  const row = rowOf(net);
  const rank = inputShape.length;
  const moved = rank >= 3 || (rank === 2 && alongLength(row.map(([, module]) => module)));
  const input: Flow = { shape: moved ? [...inputShape.slice(1), inputShape[0]] : [...inputShape], moved };
  const written = writeRow(row, input, writerOf);
  if (written.problems.length > 0) {
    throw refuseSave(
      'modules that TensorFlow.js has, too',
      `others:\n  ${written.problems.join('\n  ')}\n`,
      'replace them; nothing was saved',
    );
  }
  if (written.layers.length === 0) throw refuseSave('a network with layers', 'none', 'add some');
  const names = written.layers.map((layer) => (layer.config as { name: string }).name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw refuseSave('modules of different names', `"${twice}" twice`, 'a module that is used twice cannot be saved; name others apart');
  return written;
}

/** Whether indices go in: the first module that computes is an Embedding. */
const isEmbedding = (net: Module): boolean =>
  rowOf(net).find(([, m]) => m.constructor !== Identity && m.constructor !== ToInt32)?.[1].constructor === Embedding;

function topologyOf({ layers, input }: Written, whole: boolean): object {
  const names = new Set(layers.map((layer) => (layer.config as { name: string }).name));
  let name = tfjsName('input');
  while (names.has(name)) name += '_';
  const first = {
    class_name: 'InputLayer',
    config: { batch_input_shape: [null, ...input], dtype: whole ? 'int32' : 'float32', sparse: false, name },
  };
  return {
    class_name: 'Sequential',
    config: { name: 'sequential', layers: [first, ...layers] },
    keras_version: 'tfjs-layers 4.22.0',
    backend: 'tensor_flow.js',
  };
}

function joined(chunks: readonly Uint8Array[]): ArrayBuffer {
  const out = new Uint8Array(chunks.reduce((n, chunk) => n + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out.buffer;
}

function checkOptions(net: unknown, options: unknown): SaveLayersModelOptions {
  if (!isModule(net)) throw new KonvError(SAVE, `expected a Module, got ${describe(net)}; pass the network`);
  if (!isRecord(options))
    throw new KonvError(SAVE, `expected options in an object, got ${describe(options)}; write { inputShape: [3, 32, 32] }`);
  const odd = Object.keys(options).find((name) => !['inputShape', 'quantize'].includes(name));
  if (odd !== undefined) throw new KonvError(SAVE, `expected options among inputShape, quantize, got ${odd}; leave it out`);
  const { inputShape, quantize } = options;
  if (
    !Array.isArray(inputShape) ||
    inputShape.length < 1 ||
    inputShape.length > 4 ||
    !inputShape.every((d) => Number.isSafeInteger(d) && d >= 1)
  ) {
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
