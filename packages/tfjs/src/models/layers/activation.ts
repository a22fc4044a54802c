import {
  ELU,
  GELU,
  Hardtanh,
  LeakyReLU,
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
} from '@konv/layers';
import type { Config } from '../config.js';
import { ElementPReLU, HardSigmoid, ThresholdedReLU } from '../modules/activations.js';
import { axisOf, known, type Site, type Value } from '../plan.js';
import { describe, Uncovered } from '../refuse.js';
import type { Planner, Planners } from './site.js';

/** By Keras's names. The two that sum over the last axis are below. */
const elementwise: Readonly<Record<string, () => Module>> = {
  relu: () => new ReLU(),
  relu6: () => new ReLU6(),
  elu: () => new ELU(),
  selu: () => new SELU(),
  sigmoid: () => new Sigmoid(),
  hard_sigmoid: () => new HardSigmoid(),
  tanh: () => new Tanh(),
  softplus: () => new Softplus(),
  softsign: () => new Softsign(),
  swish: () => new SiLU(),
  silu: () => new SiLU(),
  gelu: () => new GELU(),
  gelu_new: () => new GELU({ approximate: 'tanh' }),
  mish: () => new Mish(),
};

/** Whether an activation of this name treats every element alike. */
export function isElementwise(name: string): boolean {
  return name === 'linear' || Object.hasOwn(elementwise, name);
}

/** The activation `name` of a layer or after it, as a module of its own; 'linear' is none. */
export function activated(at: Site, name: string, x: Value, suffix = 'activation'): Value {
  if (name === 'linear') return x;
  if (Object.hasOwn(elementwise, name)) return at.call(suffix, elementwise[name], [x], x.shape, x.moved, x.flat);
  if (name === 'softmax' || name === 'log_softmax') {
    const axis = axisOf(x, -1);
    return at.call(suffix, () => (name === 'softmax' ? new Softmax(axis) : new LogSoftmax(axis)), [x], x.shape, x.moved);
  }
  throw new Uncovered(`activation is "${name}", which konv has not`);
}

/** A planner of a layer that treats every element alike. */
function each(make: (config: Config) => () => Module): Planner {
  return (config, [x], at) => {
    const module = make(config);
    return at.call('', module, [x], x.shape, x.moved, x.flat);
  };
}

function prelu(config: Config, [x]: readonly Value[], at: Site, make: { backend?: string }): Value {
  const raw = config.raw('shared_axes') ?? [];
  const list: unknown[] = Array.isArray(raw) ? raw : [raw];
  if (!list.every((axis) => Number.isInteger(axis) && (axis as number) >= 1 && (axis as number) < x.shape.length)) {
    throw new Uncovered(`shared_axes is ${describe(raw)}, not axes of its input`);
  }
  const shared = new Set(list as number[]);
  const shape = x.shape.slice(1).map((d, i) => (shared.has(i + 1) ? 1 : known(d, 'a size that has slopes of its own')));
  const order = x.moved ? [shape.length - 1, ...shape.map((_, i) => i).slice(0, -1)] : null;
  const laid = order === null ? shape : order.map((i) => shape[i]);
  const [channels, ...rest] = laid;
  if (rest.every((d) => d === 1)) {
    at.weight('alpha', shape, 'weight', { order, shape: [channels] });
    return at.call('', () => new PReLU({ numParameters: channels, backend: make.backend }), [x], x.shape, x.moved);
  }
  at.weight('alpha', shape, 'weight', { order, shape: laid });
  return at.call('', () => new ElementPReLU(laid, make.backend), [x], x.shape, x.moved);
}

export const activationPlanners: Planners = {
  Activation: (config, [x], at) => activated(at, config.activation(), x, ''),
  ReLU: each((config) => {
    config.only('negative_slope', 0, 'tfjs-layers ignores it and Keras does not');
    config.only('threshold', 0, 'tfjs-layers ignores it and Keras does not');
    if (!config.has('max_value')) return () => new ReLU();
    const max = config.number('max_value');
    if (!(max > 0)) throw new Uncovered(`max_value is ${max}, not above 0`);
    return () => (max === 6 ? new ReLU6() : new Hardtanh({ minVal: 0, maxVal: max }));
  }),
  LeakyReLU: each((config) => {
    const negativeSlope = config.number('alpha', 0.3);
    return () => new LeakyReLU({ negativeSlope });
  }),
  ELU: each((config) => {
    const alpha = config.number('alpha', 1);
    return () => new ELU({ alpha });
  }),
  ThresholdedReLU: each((config) => {
    const theta = config.number('theta', 1);
    return () => new ThresholdedReLU(theta);
  }),
  PReLU: prelu,
  Softmax: (config, [x], at) => {
    const raw = config.raw('axis');
    const list: unknown[] = Array.isArray(raw) ? raw : [raw ?? 1];
    if (list.length !== 1 || !Number.isInteger(list[0])) throw new Uncovered(`axis is ${describe(raw)}, not one axis`);
    const axis = axisOf(x, list[0] as number);
    return at.call('', () => new Softmax(axis), [x], x.shape, x.moved);
  },
};
