import { opFixtures } from '@konv/backend-testkit';
import * as konv from 'konv';
import type { Row } from './rows.js';

/** Functions that compute nothing of tensors: they manage backends, scopes, modes, random numbers and printing. */
const management = new Set(
  (
    'backends breathe cpuJs debug defaultGenerator defineFunction enableGrad getBackend getRngState grad gradcheck gradgradcheck isGradEnabled isKonvError ' +
    'isTensor keep manualSeed memory noGrad ready registerBackend scope setPrintOptions setRngState unavailableBackends unregisterBackend useBackend wasm webgl'
  ).split(' '),
);
/** Training tools, which have tests of their own against PyTorch where it has them. */
const training = new Set(
  (
    'accuracy checkpoint earlyStopping f1 jsonlLog lrScheduler precision progressBar recall ' +
    'readCheckpoint summary tensorBoard terminateOnNaN topKAccuracy clipGradNorm clipGradValue'
  ).split(' '),
);
/** Pinned by other fixtures than those of ops: random numbers bit by bit, and creation. */
const elsewhere: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    'rand randn randint randperm normal uniform'.split(' ').map((name) => [name, 'packages/core-tensor/test/random: bit by bit']),
  ),
  ...Object.fromEntries(
    'dropout dropout1d dropout2d dropout3d alphaDropout featureAlphaDropout'
      .split(' ')
      .map((name) => [name, 'packages/core-tensor/test/random: masks bit by bit']),
  ),
  ...Object.fromEntries(
    'arange empty eye full ones onesLike tensor zeros zerosLike linspace cast'
      .split(' ')
      .map((name) => [name, 'packages/core-tensor/test: creation and dtypes']),
  ),
  // They promise a boolean.
  ...Object.fromEntries(['allclose', 'equal'].map((name) => [name, 'packages/core-tensor/test/ops/elementwise.test.ts'])),
};
/** konv's names whose fixtures bear another. */
const renamed: Readonly<Record<string, string>> = { variance: 'var' };

/** Their outputs are positions, truth values or whole numbers: nothing flows through them. */
const WITHOUT_GRADIENT = 'not differentiable';
const withoutGradient = new Set(
  'eq ne lt le gt ge argmax argmin argsort logicalNot logicalAnd logicalOr logicalXor isnan isinf isfinite isclose any all allclose equal oneHot'.split(
    ' ',
  ),
);
/** PyTorch takes every float tensor of every shape. */
const TOTAL = 'refuses no tensor';
const total = new Set(
  (
    'abs acos acosh asin asinh atan atanh ceil cos cosh erf erfc exp exp2 expm1 floor frac log log10 log1p log2 neg reciprocal relu relu6 round ' +
    'rsqrt sigmoid sign sin sinh sqrt square tan tanh trunc isnan isinf isfinite logicalNot elu gelu silu selu mish hardswish hardsigmoid ' +
    'hardtanh leakyRelu logSigmoid softplus softsign tanhshrink clamp'
  ).split(' '),
);

function isFunction(x: unknown): x is (...args: never[]) => unknown {
  return typeof x === 'function' && !/^class\b/.test(Function.prototype.toString.call(x));
}

/** Every function that users find on `konv` and `konv.nn.functional`, by name. */
function publicOps(): string[] {
  const found = new Map<unknown, string>();
  for (const [name, value] of [...Object.entries(konv), ...Object.entries(konv.nn.functional)]) {
    if (isFunction(value) && !management.has(name) && !training.has(name) && !found.has(value)) found.set(value, name);
  }
  return [...found.values()].sort();
}

export function opRows(): Row[] {
  const cases = opFixtures.flatMap((file) => file.cases);
  return publicOps().map((name): Row => {
    const reason = elsewhere[name];
    if (reason !== undefined) return { kind: 'op', name, forward: reason, gradient: reason, error: reason };
    const mine = cases.filter((c) => c.op === (renamed[name] ?? name));
    const errors = mine.filter((c) => c.error !== undefined).length;
    const gradients = mine.filter((c) => c.grads?.some((g) => g !== null)).length;
    return {
      kind: 'op',
      name,
      forward: mine.length - errors,
      gradient: gradients === 0 && withoutGradient.has(name) ? WITHOUT_GRADIENT : gradients,
      error: errors === 0 && total.has(name) ? TOTAL : errors,
    };
  });
}
