import { Generator, KonvError, scope, type Tensor, tensor } from '@konv/core-tensor';
import type { Module } from '@konv/layers';
import { buildModule, layOut } from './build.js';
import { konvShape, type Plan, type Value } from './plan.js';
import { planModel } from './planner.js';
import { describe, isRecord, LOAD } from './refuse.js';
import { type Fetch, type LayersModelSource, openModel } from './source.js';
import { readTopology } from './topology.js';
import { reorder } from './transpose.js';
import { decodeWeight, matchWeights, readGroup, storedShapes } from './weights.js';

export interface LoadLayersModelOptions {
  /** Whether a weight that is missing or unknown is an error, as for `loadStateDict`. Default: true. */
  strict?: boolean;
  /** Where the parameters are made. Default: the current backend. */
  backend?: string;
  /** What fetches addresses, e.g. with credentials. Default: the global `fetch`. */
  fetch?: Fetch;
}

/** One input or output of a loaded model. */
export interface LayersModelTensor {
  readonly name: string;
  /** In konv, batch first; null where the model leaves it open. */
  readonly shape: readonly (number | null)[];
  /** In TensorFlow.js. */
  readonly tfjsShape: readonly (number | null)[];
  /** Whether the last axis of TensorFlow.js is at place 1 in konv: channels first. */
  readonly channelsMoved: boolean;
}

/** What became of a file. */
export interface LayersModelInfo {
  readonly inputs: readonly LayersModelTensor[];
  readonly outputs: readonly LayersModelTensor[];
  /** The key in the module's state dict, by the weight's name in the file: `conv2d_1/kernel` -> `conv2d_1.weight`. */
  readonly weights: Readonly<Record<string, string>>;
}

const infos = new WeakMap<Module, LayersModelInfo>();

/**
 * What inputs, outputs and weights of a loaded model correspond to. Errors: `KonvError` for a module that
 * `loadLayersModel` has not returned.
 */
export function layersModelInfo(net: Module): LayersModelInfo {
  const info = infos.get(net);
  if (info !== undefined) return info;
  throw new KonvError('layersModelInfo', 'expected a module that loadLayersModel returned, got another; keep the one it returned');
}

/**
 * A layers model of TensorFlow.js (model.json and its shards) as a konv Module, in evaluation mode: `net.forward(x)` is
 * what `model.predict(x)` is there. A `Sequential` of this house's layers where the model is a chain, else a Module that
 * runs its graph, with an array of outputs where there are several. Children have the names of the layers.
 *
 * Images come and go channels first: [batch, height, width, channels] there is [batch, channels, height, width] here, for
 * [batch, length, features] see `layersModelInfo(net).inputs`. Weights are laid out as PyTorch has them.
 *
 * Weights are float32, int32, bool or uint8, also quantised to uint8, uint16 or float16. Optimizer state is passed over.
 * Nothing is drawn from the global generator. Errors: `FormatError` for a source that cannot be read, a file that does
 * not add up, weights that are missing or too many (see `strict`), and, before any weight is read, one for all layers
 * that konv has not; `BackendError`. Nothing is left behind then.
 */
export async function loadLayersModel(source: LayersModelSource, options: LoadLayersModelOptions = {}): Promise<Module> {
  checkOptions(options);
  const { strict = true, backend, fetch: get = (url: string) => fetch(url) } = options;
  const open = await openModel(source, get);
  const graph = readTopology(open.topology);
  const plan = planModel(graph, { generator: new Generator(0), ...(backend === undefined ? {} : { backend }) }, storedShapes(open.groups));
  const { paths } = layOut(plan);
  const groups = matchWeights(open.groups, plan.weights, strict);
  const bytes: Uint8Array[] = [];
  for (const group of groups) bytes.push(await readGroup(group));
  const net = buildModule(plan);
  const weights: Record<string, string> = Object.create(null);
  try {
    groups.forEach((group, i) => {
      // Weight by weight, so that a large model is in memory little more than twice.
      for (const weight of group.weights) {
        if (weight.use === null) continue;
        const { module, param, reorder: order } = weight.use;
        const key = `${paths.get(module)}.${param}`;
        weights[weight.spec.name] = key;
        const values = reorder(decodeWeight(weight, bytes[i]), order);
        scope(() => {
          const state: Record<string, Tensor> = { [key]: tensor(values as Float32Array, { shape: order.shape, backend }) };
          net.loadStateDict(state, { strict: false });
        });
      }
    });
  } catch (e) {
    net.dispose();
    throw e;
  }
  infos.set(net, { ...tensorsOf(plan), weights });
  return net.eval();
}

function tensorsOf(plan: Plan): Pick<LayersModelInfo, 'inputs' | 'outputs'> {
  const show = ({ name, value }: { name: string; value: Value }): LayersModelTensor => ({
    name,
    shape: konvShape(value),
    tfjsShape: [...value.shape],
    channelsMoved: value.moved,
  });
  return { inputs: plan.inputs.map(show), outputs: plan.outputs.map(show) };
}

function checkOptions(options: unknown): void {
  if (!isRecord(options)) throw new KonvError(LOAD, `expected options in an object, got ${describe(options)}; write { strict: false }`);
  const odd = Object.keys(options).find((name) => !['strict', 'backend', 'fetch'].includes(name));
  if (odd !== undefined) throw new KonvError(LOAD, `expected options among strict, backend, fetch, got ${odd}; leave it out`);
  if (options.strict !== undefined && typeof options.strict !== 'boolean') {
    throw new KonvError(LOAD, `expected strict to be true or false, got ${describe(options.strict)}`);
  }
}
