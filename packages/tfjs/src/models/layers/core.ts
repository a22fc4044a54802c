import {
  AlphaDropout,
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  Dropout,
  Dropout1d,
  Embedding,
  Flatten,
  LayerNorm,
  Linear,
  type Module,
} from '@konv/layers';
import { declaredShape } from '../topology.js';
import type { Config } from '../config.js';
import { GaussianDropout, GaussianNoise } from '../modules/activations.js';
import { FlattenChannelsLast, Permute, RepeatVector, Reshape, ToInt32 } from '../modules/axes.js';
import { features, known, ofRank, type OpenShape, type Site, type Value } from '../plan.js';
import { describe, Uncovered } from '../refuse.js';
import { activated } from './activation.js';
import type { MakeOptions, Planners } from './site.js';

function dense(config: Config, [given]: readonly Value[], at: Site, make: MakeOptions): Value {
  if (given.shape.length < 2) throw new Uncovered('its input has no features');
  const x = at.saved(given);
  const inputs = known(x.shape[x.shape.length - 1], 'the number of features');
  const units = config.whole('units', 1);
  const bias = config.flag('use_bias', true);
  // [height width channels, units] -> [units, channels height width]
  const view = x.flat === undefined ? [inputs, units] : [...x.flat, units];
  const last = view.length - 1;
  const order = [last, last - 1, ...view.map((_, i) => i).slice(0, last - 1)];
  at.weight('kernel', [inputs, units], 'weight', { view, order, shape: [units, inputs] });
  if (bias) at.weight('bias', [units], 'bias');
  const y = at.call('', () => new Linear(inputs, units, { bias, ...make }), [x], [...x.shape.slice(0, -1), units], false);
  return activated(at, config.activation(), y);
}

function flatten(config: Config, [x]: readonly Value[], at: Site): Value {
  const channelsFirst = config.channelsFirst();
  const shape = [x.shape[0], features(x.shape)];
  const from = channelsFirst ? at.saved(x) : x;
  // Of tensors with the channels at place 1; for others konv's order is TensorFlow.js's.
  if (x.shape.length < 3 || !(channelsFirst || from.moved)) return at.helper('', () => new Flatten(), [from], shape, false);
  if (!at.folded.flatten.has(at.layer)) return at.helper('', () => new FlattenChannelsLast(), [from], shape, false);
  const sizes = x.shape.slice(1) as number[];
  const flat = channelsFirst ? [...sizes.slice(1), sizes[0]] : sizes;
  return at.call('', () => new Flatten(), [from], shape, false, flat);
}

function reshape(config: Config, [given]: readonly Value[], at: Site): Value {
  const raw = config.raw('target_shape');
  if (!Array.isArray(raw) || raw.length > 7 || !raw.every((d) => d === null || (Number.isSafeInteger(d) && d >= -1 && d < 2 ** 31))) {
    throw new Uncovered(`target_shape is ${describe(raw)}, no shape`);
  }
  const x = at.saved(given);
  const target = raw.map((d: number | null) => (d === null || d < 0 ? -1 : d));
  const open = target.filter((d) => d === -1).length;
  if (open > 1) throw new Uncovered('target_shape leaves more than one size open');
  let out: OpenShape = target.map((d) => (d === -1 ? null : d));
  if (x.shape.slice(1).every((d) => d !== null)) {
    const size = features(x.shape);
    const rest = target.filter((d) => d !== -1).reduce((a, b) => a * b, 1);
    if (open === 0 ? rest !== size : rest === 0 || size % rest !== 0)
      throw new Uncovered(`target_shape is ${describe(raw)} for ${size} values`);
    out = target.map((d) => (d === -1 ? size / rest : d));
  }
  return at.helper('', () => new Reshape(target), [x], [x.shape[0], ...out], false);
}

function permute(config: Config, [given]: readonly Value[], at: Site): Value {
  const dims = config.raw('dims');
  const rank = given.shape.length;
  const sorted = Array.isArray(dims) ? [...dims].sort() : [];
  if (!Array.isArray(dims) || dims.length !== rank - 1 || !sorted.every((d, i) => d === i + 1)) {
    throw new Uncovered(`dims is ${describe(dims)}, no order of the ${rank - 1} axes behind the batch`);
  }
  const x = at.saved(given);
  const order = [0, ...dims] as number[];
  return at.helper(
    '',
    () => new Permute(order),
    [x],
    order.map((i) => x.shape[i]),
    false,
  );
}

function batchNorm(config: Config, [given]: readonly Value[], at: Site, make: MakeOptions): Value {
  ofRank(given, 2, 3, 4, 5);
  const rank = given.shape.length;
  const raw = config.raw('axis') ?? -1;
  const axis = Array.isArray(raw) && raw.length === 1 ? raw[0] : raw;
  const i = axis < 0 ? axis + rank : axis;
  if (i !== 1 && i !== rank - 1) throw new Uncovered(`axis is ${describe(raw)}, neither the first behind the batch nor the last`);
  const x = i === rank - 1 ? at.moved(given) : at.saved(given);
  const size = known(x.shape[i], 'the number of channels');
  const scale = config.flag('scale', true);
  const center = config.flag('center', true);
  const eps = config.number('epsilon', 1e-3);
  // Keras: running = m running + (1 - m) batch; PyTorch: running = (1 - m) running + m batch.
  const momentum = Number((1 - config.number('momentum', 0.99)).toPrecision(12));
  // Features that were flattened channels first have their statistics in that order, too.
  const order = x.flat === undefined ? {} : { view: x.flat, order: [x.flat.length - 1, ...x.flat.map((_, k) => k).slice(0, -1)] };
  if (scale) at.weight('gamma', [size], 'weight', order);
  if (center) at.weight('beta', [size], 'bias', order);
  at.weight('moving_mean', [size], 'running_mean', order);
  at.weight('moving_variance', [size], 'running_var', order);
  const Norm = rank <= 3 ? BatchNorm1d : rank === 4 ? BatchNorm2d : BatchNorm3d;
  const built = (): Module => {
    const norm = new Norm(size, { eps, momentum, affine: scale || center, backend: make.backend });
    if (norm.weight) norm.weight.requiresGrad = scale;
    if (norm.bias) norm.bias.requiresGrad = center;
    return norm;
  };
  return at.call('', built, [x], x.shape, x.moved, x.flat);
}

function layerNorm(config: Config, [given]: readonly Value[], at: Site, make: MakeOptions): Value {
  const rank = given.shape.length;
  const raw = config.raw('axis') ?? -1;
  const axes = (Array.isArray(raw) ? raw : [raw]).map((axis) => (axis < 0 ? axis + rank : axis)).sort();
  const start = rank - axes.length;
  if (start < 1 || !axes.every((axis, k) => axis === start + k)) throw new Uncovered(`axis is ${describe(raw)}, not the last axes`);
  const x = at.saved(given);
  const sizes = x.shape.slice(start).map((d) => known(d, 'a size that is normalised'));
  const scale = config.flag('scale', true);
  const center = config.flag('center', true);
  const eps = config.number('epsilon', 1e-3);
  if (scale) at.weight('gamma', sizes, 'weight');
  if (center) at.weight('beta', sizes, 'bias');
  const built = (): Module => {
    const norm = new LayerNorm(sizes, { eps, elementwiseAffine: scale || center, backend: make.backend });
    if (norm.weight) norm.weight.requiresGrad = scale;
    if (norm.bias) norm.bias.requiresGrad = center;
    return norm;
  };
  return at.call('', built, [x], x.shape, false);
}

function embedding(config: Config, [given]: readonly Value[], at: Site, make: MakeOptions): Value {
  if (config.raw('mask_zero') === true) throw new Uncovered('mask_zero is true, and konv has no masks');
  const rows = config.whole('input_dim', 1);
  const size = config.whole('output_dim', 1);
  const x = at.saved(given);
  at.weight('embeddings', [rows, size], 'weight');
  const whole = at.call('indices', () => new ToInt32(), [x], x.shape, false);
  return at.call('', () => new Embedding(rows, size, make), [whole], [...x.shape, size], false);
}

/** Keras drops nothing where the rate is 0 or 1. */
function rateOf(config: Config): number {
  const rate = config.number('rate');
  if (config.has('noise_shape')) throw new Uncovered('noise_shape is given');
  return rate > 0 && rate < 1 ? rate : 0;
}

function noise(make: (rate: number) => Module, of: (config: Config) => number = rateOf) {
  return (config: Config, [x]: readonly Value[], at: Site): Value => {
    const rate = of(config);
    return at.call('', () => make(rate), [x], x.shape, x.moved, x.flat);
  };
}

export const corePlanners: Planners = {
  Dense: dense,
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  RepeatVector: (config, [x], at) => {
    ofRank(x, 2);
    const n = config.whole('n', 1);
    return at.call('', () => new RepeatVector(n), [x], [x.shape[0], n, x.shape[1]], false);
  },
  BatchNormalization: batchNorm,
  LayerNormalization: layerNorm,
  Embedding: embedding,
  Dropout: noise((rate) => new Dropout(rate)),
  AlphaDropout: noise((rate) => new AlphaDropout(rate)),
  GaussianNoise: noise(
    (stddev) => new GaussianNoise(stddev),
    (config) => config.number('stddev'),
  ),
  GaussianDropout: noise((rate) => new GaussianDropout(rate)),
  SpatialDropout1D: (config, [given], at) => {
    ofRank(given, 3);
    const rate = rateOf(config);
    const x = at.moved(given);
    return at.call('', () => new Dropout1d(rate), [x], x.shape, true);
  },
};

/** The value of an InputLayer; `moved` is decided by who reads it. */
export function inputOf(at: Site, moved: boolean): Value {
  const shape = declaredShape(at.layer.config);
  if (shape === null) throw new Uncovered('it says no shape of its input');
  return at.plan.value(shape, moved && shape.length >= 3);
}
