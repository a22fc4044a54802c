import { layerName, moduleFixtures } from '@konv/backend-testkit';
import { nn } from 'konv';
import type { Row } from './rows.js';

/** Base classes: nobody builds them. */
const abstracts = new Set(['Module']);
/** They compute nothing of their own. */
const containers = new Set(['ModuleList', 'ModuleDict', 'ParameterList', 'ParameterDict']);
/** PyTorch takes every float tensor of every shape, and no argument that could be wrong. */
const total = new Set(
  (
    'ReLU ReLU6 Sigmoid Tanh Identity LeakyReLU ELU SELU CELU GELU SiLU Mish Hardswish Hardsigmoid Hardtanh Hardshrink LogSigmoid Softplus ' +
    'Softsign Tanhshrink'
  ).split(' '),
);

type Constructor = abstract new (...args: never[]) => unknown;

/** Every class of `nn` that is a module and can be built. */
function publicLayers(): string[] {
  return Object.entries(nn)
    .filter(([name, value]) => typeof value === 'function' && isModuleClass(value as unknown as Constructor) && !abstracts.has(name))
    .map(([name]) => name)
    .filter((name) => !/Nd$/.test(name))
    .sort();
}

function isModuleClass(value: Constructor): boolean {
  return value.prototype instanceof nn.Module;
}

export function layerRows(): Row[] {
  const cases = moduleFixtures.flatMap((file) => file.cases);
  return publicLayers().map((name): Row => {
    const mine = cases.filter((c) => layerName(c.layer) === name);
    const errors = mine.filter((c) => c.error !== undefined).length;
    const gradients = mine.filter(
      (c) => c.grads?.some((g) => g !== null) || Object.values(c.parameterGrads ?? {}).some((g) => g !== null),
    ).length;
    const kind = /Loss$/.test(name) ? 'loss' : 'layer';
    if (containers.has(name)) {
      const reason = 'holds others: keys and text are pinned in packages/layers/test';
      return { kind, name, forward: reason, gradient: reason, error: errors === 0 ? reason : errors };
    }
    const error = errors === 0 && total.has(name) ? 'refuses no tensor' : errors;
    return { kind, name, forward: mine.length - errors, gradient: gradients, error };
  });
}
