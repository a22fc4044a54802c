import { sizeOf } from '@konv/core-tensor';
import {
  AlphaDropout,
  BatchNorm1d,
  BatchNorm2d,
  Dropout,
  Dropout1d,
  ELU,
  Embedding,
  Flatten,
  GELU,
  Hardtanh,
  Identity,
  LayerNorm,
  LeakyReLU,
  Linear,
  LogSoftmax,
  Mish,
  type Module,
  PReLU,
  ReLU,
  ReLU6,
  SELU,
  Sigmoid,
  SiLU,
  Softmax,
  Softplus,
  Softsign,
  Tanh,
  Unflatten,
} from '@konv/layers';
import { ElementPReLU, GaussianDropout, GaussianNoise, HardSigmoid, ThresholdedReLU } from '../modules/activations.js';
import { FlattenChannelsLast, GlobalPool, Permute, RepeatVector, Reshape, ToInt32 } from '../modules/axes.js';
import { type Json, Uncovered } from '../refuse.js';
import type { Reorder } from '../transpose.js';
import { type Desk, type Flow, KeepOrder, type Writer } from './exporter.js';
import { sizeWriters } from './writers-sizes.js';
import { type WriterRow, windowWriters } from './writers-windows.js';

/** A vector over features that were flattened channels first, in the order of TensorFlow.js. */
function featureOrder(x: Flow): Partial<Reorder> {
  if (x.flat === undefined) return {};
  const channels = x.flat[x.flat.length - 1];
  const rank = x.flat.length;
  return { view: [channels, ...x.flat.slice(0, -1)], order: [...x.flat.map((_, i) => i + 1).slice(0, rank - 1), 0] };
}

function linear(m: Linear, x: Flow, at: Desk): Flow {
  const features = x.shape[x.shape.length - 1];
  if (x.moved) throw new Uncovered('its input is an image: flatten it before');
  if (features !== m.inFeatures) throw new Uncovered(`it takes ${m.inFeatures} features and is given ${features}`);
  at.layer('Dense', { units: m.outFeatures, activation: 'linear', use_bias: m.bias !== null });
  const { view, order } = featureOrder(x);
  // [units, channels height width] -> [height width channels, units]
  at.weight('kernel', m.weight, {
    view: [m.outFeatures, ...(view ?? [features])],
    order: [...(order ?? [0]).map((i) => i + 1), 0],
    shape: [features, m.outFeatures],
  });
  if (m.bias) at.weight('bias', m.bias);
  return { shape: [...x.shape.slice(0, -1), m.outFeatures], moved: false };
}

function flatten(m: Flatten, x: Flow, at: Desk): Flow {
  const konvRank = x.shape.length + 1;
  const end = m.endDim < 0 ? m.endDim + konvRank : m.endDim;
  if (m.startDim !== 1 || end !== konvRank - 1)
    throw new Uncovered(`it flattens axes ${m.startDim} to ${m.endDim}, not all behind the batch`);
  if (x.shape.length === 1) return x;
  const size = sizeOf(x.shape);
  if (x.moved && at.keepOrder) at.layer('Permute', { dims: [x.shape.length, ...x.shape.map((_, i) => i + 1).slice(0, -1)] }, '_order');
  at.layer('Flatten', {});
  const reordered = x.moved && !at.keepOrder && x.shape.slice(0, -1).some((d) => d !== 1);
  return { shape: [size], moved: false, flat: reordered ? x.shape : undefined };
}

function permute(m: Permute, x: Flow, at: Desk): Flow {
  const rank = x.shape.length + 1;
  const is = (order: readonly number[]): boolean => m.order.length === rank && order.every((axis, i) => m.order[i] === axis);
  const inner = x.shape.map((_, i) => i);
  if (x.moved && is([0, ...inner.slice(0, -1).map((i) => i + 2), 1])) return { shape: x.shape, moved: false };
  if (!x.moved && rank >= 3 && is([0, rank - 1, ...inner.slice(0, -1).map((i) => i + 1)])) return { shape: x.shape, moved: true };
  if (x.moved || m.order[0] !== 0 || m.order.length !== rank) throw new Uncovered(`its order is ${m.order.join(', ')}`);
  at.layer('Permute', { dims: m.order.slice(1) });
  return { shape: m.order.slice(1).map((i) => x.shape[i - 1]), moved: false };
}

function reshape(m: Reshape, x: Flow, at: Desk): Flow {
  if (x.moved) throw new Uncovered('its input is an image with the channels first');
  const known = sizeOf(m.shape.filter((d) => d !== -1));
  const shape = m.shape.map((d) => (d === -1 ? sizeOf(x.shape) / known : d));
  at.layer('Reshape', { target_shape: shape });
  return { shape, moved: false };
}

/** [features] -> [channels, ...spatial]: there, the shape with the channels first, and then their move to the end. */
function unflatten(m: Unflatten, x: Flow, at: Desk): Flow {
  if (x.shape.length !== 1 || (m.dim !== 1 && m.dim !== -1)) throw new Uncovered('its input is not [batch, features]');
  const known = sizeOf(m.unflattenedSize.filter((d) => d !== -1));
  const sizes = m.unflattenedSize.map((d) => (d === -1 ? x.shape[0] / known : d));
  at.layer('Reshape', { target_shape: sizes });
  if (sizes.length < 3) return { shape: sizes, moved: false };
  at.layer('Permute', { dims: [...sizes.map((_, i) => i + 2).slice(0, -1), 1] }, '_order');
  return { shape: [...sizes.slice(1), sizes[0]], moved: true };
}

function batchNorm(m: BatchNorm2d, x: Flow, at: Desk): Flow {
  if (!m.trackRunningStats || m.running_mean === null || m.running_var === null) throw new Uncovered('it has no running statistics');
  if (m.momentum === null) throw new Uncovered('its statistics are plain averages (momentum null)');
  if (!x.moved && x.shape.length > 1) throw new Uncovered('its channels are not the last axis there, which tfjs computes wrongly');
  const channels = x.shape[x.shape.length - 1];
  if (channels !== m.numFeatures) throw new Uncovered(`it takes ${m.numFeatures} channels and is given ${channels}`);
  at.layer('BatchNormalization', {
    axis: -1,
    momentum: Number((1 - m.momentum).toPrecision(12)),
    epsilon: m.eps,
    center: m.affine,
    scale: m.affine,
  });
  const order = featureOrder(x);
  if (m.weight) at.weight('gamma', m.weight, order);
  if (m.bias) at.weight('beta', m.bias, order);
  at.weight('moving_mean', m.running_mean, order);
  at.weight('moving_variance', m.running_var, order);
  return x;
}

function layerNorm(m: LayerNorm, x: Flow, at: Desk): Flow {
  const start = x.shape.length - m.normalizedShape.length;
  if (x.moved || start < 0 || m.normalizedShape.some((d, i) => d !== x.shape[start + i])) {
    throw new Uncovered('what it normalises are not the last axes there');
  }
  const axis = m.normalizedShape.map((_, i) => start + i + 1);
  at.layer('LayerNormalization', { axis, epsilon: m.eps, center: m.elementwiseAffine, scale: m.elementwiseAffine });
  const order = featureOrder(x);
  if (m.weight) at.weight('gamma', m.weight, order);
  if (m.bias) at.weight('beta', m.bias, order);
  return x;
}

function embedding(m: Embedding, x: Flow, at: Desk): Flow {
  if (m.maxNorm !== null) throw new Uncovered('it has a maxNorm');
  if (x.moved) throw new Uncovered('its input is an image');
  at.layer('Embedding', { input_dim: m.numEmbeddings, output_dim: m.embeddingDim, mask_zero: false, input_length: null });
  at.weight('embeddings', m.weight);
  return { shape: [...x.shape, m.embeddingDim], moved: false };
}

function prelu(m: PReLU, x: Flow, at: Desk): Flow {
  const rank = x.shape.length;
  const channels = x.moved || rank === 1 ? x.shape[rank - 1] : x.shape[0];
  const one = m.numParameters === 1;
  if (!one && m.numParameters !== channels) throw new Uncovered(`it has ${m.numParameters} slopes for ${channels} channels`);
  const place = x.moved || rank === 1 ? rank - 1 : 0;
  const shape = x.shape.map((_, i) => (!one && i === place ? channels : 1));
  at.layer('PReLU', { shared_axes: x.shape.map((_, i) => i + 1).filter((axis) => one || axis - 1 !== place) });
  at.weight('alpha', m.weight, { ...(one ? {} : featureOrder(x)), shape });
  return x;
}

function elementPrelu(m: ElementPReLU, x: Flow, at: Desk): Flow {
  const { shape: slopes } = m.weight;
  const rank = slopes.length;
  const order = x.moved ? [...slopes.map((_, i) => i + 1).slice(0, rank - 1), 0] : null;
  const shape = order === null ? slopes : order.map((i) => slopes[i]);
  if (rank !== x.shape.length) throw new Uncovered('its slopes have other axes than its input');
  at.layer('PReLU', { shared_axes: shape.flatMap((d, i) => (d === 1 ? [i + 1] : [])) });
  at.weight('alpha', m.weight, { order, shape });
  return x;
}

/** The sum is over the last axis there, which all that tfjs has does. */
function alongLast(name: string) {
  return (m: Softmax, x: Flow, at: Desk): Flow => {
    const rank = x.shape.length + 1;
    const dim = m.dim < 0 ? m.dim + rank : m.dim;
    if (dim !== (x.moved ? 1 : rank - 1)) throw new Uncovered(`its dim is ${m.dim}, which is not the last axis there`);
    at.layer('Activation', { activation: name });
    return x;
  };
}

function globalPool(m: GlobalPool, x: Flow, at: Desk): Flow {
  const rank = x.shape.length - 1;
  const axes = x.shape.slice(0, -1).map((_, i) => i + (x.moved ? 2 : 1));
  if (rank < 1 || rank > 2 || m.axes.length !== rank || axes.some((axis, i) => axis !== m.axes[i]))
    throw new Uncovered(`its axes are ${m.axes.join(', ')}`);
  at.layer(`Global${m.kind === 'mean' ? 'Average' : 'Max'}Pooling${rank}D`, rank === 2 ? { data_format: 'channels_last' } : {});
  return { shape: x.shape.slice(-1), moved: false };
}

/** A layer that treats every element alike. */
function each<M extends Module>(className: string, config: (m: M) => Json, check?: (m: M) => string | false): Writer {
  return ((m: M, x: Flow, at: Desk): Flow => {
    const wrong = check?.(m);
    if (wrong) throw new Uncovered(wrong);
    at.layer(className, config(m));
    return x;
  }) as Writer;
}
function activation<M extends Module>(name: string, check?: (m: M) => string | false): Writer {
  return each('Activation', () => ({ activation: name }), check);
}
const rate = (m: { p: number }): string | false => m.p >= 1 && 'its p is 1, with which TensorFlow.js drops nothing';

/** For what looks at where a feature stands: features that were flattened before must be in konv's order. */
function ordered(writer: Writer): Writer {
  return (m, x, at) => {
    if (x.flat !== undefined) throw new KeepOrder();
    return writer(m, x, at);
  };
}

/** Refuses pads that nothing took. */
function unpadded(writer: Writer): Writer {
  return (m, x, at) => {
    if (at.pad !== null) throw new Uncovered('it is padded');
    return writer(m, x, at);
  };
}

const rows: readonly WriterRow[] = [
  [Linear, linear as Writer],
  [Flatten, flatten as Writer],
  [
    FlattenChannelsLast,
    ((_: Module, x: Flow, at: Desk): Flow => {
      at.layer('Flatten', {});
      return { shape: [sizeOf(x.shape)], moved: false };
    }) as Writer,
  ],
  [Permute, ordered(permute as Writer)],
  [Reshape, ordered(reshape as Writer)],
  [Unflatten, ordered(unflatten as Writer)],
  [
    RepeatVector,
    ordered(((m: RepeatVector, x: Flow, at: Desk): Flow => {
      at.layer('RepeatVector', { n: m.n });
      return { shape: [m.n, ...x.shape], moved: false };
    }) as Writer),
  ],
  [BatchNorm1d, batchNorm as Writer],
  [BatchNorm2d, batchNorm as Writer],
  [LayerNorm, layerNorm as Writer],
  [Embedding, ordered(embedding as Writer)],
  [PReLU, prelu as Writer],
  [ElementPReLU, ordered(elementPrelu as Writer)],
  [GlobalPool, globalPool as Writer],
  [Softmax, alongLast('softmax') as Writer],
  [LogSoftmax, alongLast('log_softmax') as Writer],
  [Identity, ((_: Module, x: Flow) => x) as Writer],
  [ToInt32, ((_: Module, x: Flow) => x) as Writer],
  [ReLU, activation('relu')],
  [ReLU6, activation('relu6')],
  [SELU, activation('selu')],
  [Sigmoid, activation('sigmoid')],
  [HardSigmoid, activation('hard_sigmoid')],
  [Tanh, activation('tanh')],
  [Softsign, activation('softsign')],
  [SiLU, activation('swish')],
  [Mish, activation('mish')],
  [ELU, activation<ELU>('elu', (m) => m.alpha !== 1 && `its alpha is ${m.alpha}, and tfjs-layers has 1 only`)],
  [GELU, activation<GELU>('gelu', (m) => m.approximate !== 'none' && 'it is approximate, which tfjs-layers saves but does not load')],
  [Softplus, activation<Softplus>('softplus', (m) => (m.beta !== 1 || m.threshold < 20) && 'its beta or threshold is not the default')],
  [LeakyReLU, each<LeakyReLU>('LeakyReLU', (m) => ({ alpha: m.negativeSlope }))],
  [ThresholdedReLU, each<ThresholdedReLU>('ThresholdedReLU', (m) => ({ theta: m.theta }))],
  [
    Hardtanh,
    each<Hardtanh>(
      'ReLU',
      (m) => ({ max_value: m.maxVal }),
      (m) => m.minVal !== 0 && `its lower bound is ${m.minVal}, not 0`,
    ),
  ],
  [Dropout, each<Dropout>('Dropout', (m) => ({ rate: m.p, noise_shape: null, seed: null }), rate)],
  [AlphaDropout, each<AlphaDropout>('AlphaDropout', (m) => ({ rate: m.p }), rate)],
  [GaussianNoise, each<GaussianNoise>('GaussianNoise', (m) => ({ stddev: m.stddev }))],
  [GaussianDropout, each<GaussianDropout>('GaussianDropout', (m) => ({ rate: m.p }), rate)],
  [
    Dropout1d,
    ((m: Dropout1d, x: Flow, at: Desk) => {
      if (!x.moved || x.shape.length !== 2) throw new Uncovered('its input is no [channels, length]');
      return (each<Dropout1d>('SpatialDropout1D', () => ({ rate: m.p }), rate) as (m: Dropout1d, x: Flow, at: Desk) => Flow)(m, x, at);
    }) as Writer,
  ],
];

const writers = new Map<unknown, Writer>([
  ...rows.map(([type, writer]) => [type, unpadded(writer)] as const),
  ...windowWriters,
  ...sizeWriters,
]);

/** What writes a module of this very class; null for a subclass, which may compute otherwise. */
export function writerOf(module: Module): Writer | null {
  return Object.hasOwn(module, 'forward') ? null : (writers.get(module.constructor) ?? null);
}
