/** What is decided about a layer by those that come after it. */
import { Config } from './config.js';
import { isElementwise } from './layers/activation.js';
import { zeroPaddingOf } from './layers/pool.js';
import type { Folded } from './plan.js';
import { Uncovered } from './refuse.js';
import type { Graph, LayerNode } from './topology.js';

const EACH = ['ReLU', 'LeakyReLU', 'ELU', 'ThresholdedReLU', 'Dropout', 'AlphaDropout', 'GaussianNoise', 'GaussianDropout'];
const ALONG_TIME = /^(Conv1D|(Max|Average)Pooling1D|Global(Max|Average)Pooling1D|SpatialDropout1D)$/;
const OF_IMAGES = /^(Conv[23]D|Conv[23]DTranspose|DepthwiseConv2D|SeparableConv2D|.*Pooling[23]D|ZeroPadding2D|Cropping2D|UpSampling2D)$/;

type Consumers = (layer: LayerNode) => LayerNode[];

function consumersIn(graph: Graph): Consumers {
  const found = new Map<string, LayerNode[]>();
  for (const layer of graph.layers) {
    for (const ref of new Set(layer.calls.flat().map((r) => r.layer))) found.set(ref, [...(found.get(ref) ?? []), layer]);
  }
  return (layer) => found.get(layer.name) ?? [];
}

/** Whether every element is treated alike by the layer, so that their order does not matter to it. */
function treatsAlike(layer: LayerNode): boolean {
  if (EACH.includes(layer.className)) return true;
  if (layer.className !== 'Activation') return false;
  return quietly(() => isElementwise(new Config(layer.config).activation()), false);
}

/** What a config says, or `otherwise` where it cannot be read; its planner will say why. */
function quietly<T>(fn: () => T, otherwise: T): T {
  try {
    return fn();
  } catch (e) {
    if (e instanceof Uncovered) return otherwise;
    throw e;
  }
}

const channelsFirst = (layer: LayerNode): boolean => quietly(() => new Config(layer.config).channelsFirst(), false);

export function fold(graph: Graph): Folded {
  const consumers = consumersIn(graph);
  const isOutput = (layer: LayerNode): boolean => graph.outputs.some((ref) => ref.layer === layer.name);
  const onlyDense = (layer: LayerNode): boolean =>
    layer.calls.length === 1 &&
    !isOutput(layer) &&
    consumers(layer).every((next) => {
      if (next.className === 'Dense') return next.calls.length === 1;
      return (treatsAlike(next) || next.className === 'BatchNormalization') && onlyDense(next);
    });
  const flatten = new Set(graph.layers.filter((layer) => layer.className === 'Flatten' && onlyDense(layer)));
  const padding = new Map<LayerNode, readonly number[]>();
  for (const pad of graph.layers) {
    if (pad.className !== 'ZeroPadding2D' || pad.calls.length !== 1 || isOutput(pad)) continue;
    const [conv, ...others] = consumers(pad);
    if (conv === undefined || others.length > 0 || conv.calls.length !== 1) continue;
    if (conv.className !== 'Conv2D' && conv.className !== 'DepthwiseConv2D') continue;
    const sides = quietly(() => zeroPaddingOf(new Config(pad.config)), []);
    const valid = quietly(() => new Config(conv.config).choice('padding', ['valid', 'same'], 'valid') === 'valid', false);
    if (!valid || channelsFirst(pad) !== channelsFirst(conv)) continue;
    if (sides.length === 2 && sides.every(([before, after]) => before === after)) padding.set(conv, [sides[0][0], sides[1][0]]);
  }
  return { flatten, padding };
}

/** Whether layers of images in this model have their channels at place 1 already in TensorFlow.js. */
export function usesChannelsFirst(graph: Graph): boolean {
  return graph.layers.some(
    (layer) => (OF_IMAGES.test(layer.className) && channelsFirst(layer)) || (layer.model !== undefined && usesChannelsFirst(layer.model)),
  );
}

/**
 * Whether an input is given with its last axis moved to place 1. Images and volumes are, unless the model is
 * channels-first itself. Of [batch, length, features] the first layer decides that tells the two apart: convolutions,
 * pools and norms along the length see [batch, channels, length], all others the axes as they are.
 */
export function inputMoved(graph: Graph, input: LayerNode, rank: number): boolean {
  if (rank < 3) return false;
  if (rank > 3) return !usesChannelsFirst(graph);
  const consumers = consumersIn(graph);
  const queue = consumers(input);
  const seen = new Set(queue);
  for (let layer = queue.shift(); layer !== undefined; layer = queue.shift()) {
    if (ALONG_TIME.test(layer.className)) return true;
    if (layer.className === 'BatchNormalization') return [-1, 2, undefined, null].includes(layer.config.axis as number);
    if (layer.model !== undefined) {
      const at = layer.calls[0].findIndex((ref) => ref.layer === input.name);
      const inner = layer.model.layers.find((l) => l.name === layer?.model?.inputs[Math.max(at, 0)]?.layer);
      return inner !== undefined && inputMoved(layer.model, inner, rank);
    }
    if (!treatsAlike(layer)) return false;
    for (const next of consumers(layer)) if (!seen.has(next)) queue.push(next);
    for (const next of queue) seen.add(next);
  }
  return false;
}
