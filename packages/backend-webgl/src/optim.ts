import type { AdamAttrs, SgdAttrs, TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import type { Kernel } from './gl/kernel.js';

/**
 * Optimizer steps: one draw a parameter, from the old values into new textures of parameter and state together.
 *
 *     texel t of each output   elements 4t to 4t + 3 of parameter, momentum, ...
 *
 * What changes from step to step are uniforms.
 */
const load = (name: string): string => `${name}_four(${name}_at + (t << 2))`;

const plainSgd: Kernel = {
  name: 'sgd',
  inputs: { p: 'float32', g: 'float32' },
  output: ['float32'],
  uniforms: { lr: 'float', decay: 'float' },
  body: `void compute(int t) {
  vec4 old = ${load('p')};
  out0 = old - lr * (${load('g')} + decay * old);
}`,
};

const momentumSgd: Kernel = {
  name: 'sgd momentum',
  inputs: { p: 'float32', g: 'float32', b: 'float32' },
  output: ['float32', 'float32'],
  uniforms: { lr: 'float', decay: 'float', momentum: 'float', share: 'float', first: 'int', nesterov: 'int' },
  body: `void compute(int t) {
  vec4 old = ${load('p')};
  vec4 d = ${load('g')} + decay * old;
  // The first step leaves nothing of what stood in the buffer, not even NaN.
  vec4 v = d;
  if (first == 0) v = momentum * ${load('b')} + share * d;
  if (nesterov != 0) d += momentum * v;
  else d = v;
  out0 = old - lr * d;
  out1 = v;
}`,
};

/**
 * d = g + weightDecay p; buf = momentum buf + (1 - dampening) d, at first d itself; d = buf, with nesterov
 * d + momentum buf; p -= lr d.
 */
export function sgdStep(engine: Engine, parameter: TensorRef, gradient: TensorRef, buffer: TensorRef | null, attrs: SgdAttrs): void {
  const { dynamic, weightDecay: decay, momentum } = attrs;
  const { lr } = dynamic;
  if (buffer === null) {
    engine.computeMany(plainSgd, { inputs: { p: parameter, g: gradient }, uniforms: { lr, decay } }, [parameter]);
    return;
  }
  const flags = { first: Number(dynamic.firstStep), nesterov: Number(attrs.nesterov) };
  const uniforms = { lr, decay, momentum, share: 1 - attrs.dampening, ...flags };
  engine.computeMany(momentumSgd, { inputs: { p: parameter, g: gradient, b: buffer }, uniforms }, [parameter, buffer]);
}

const adam: Kernel = {
  name: 'adam',
  inputs: { p: 'float32', g: 'float32', m: 'float32', v: 'float32' },
  output: ['float32', 'float32', 'float32'],
  uniforms: {
    shrink: 'float',
    decay: 'float',
    beta: 'float[2]',
    share: 'float[2]',
    eps: 'float',
    stride: 'float',
    root: 'float',
  },
  body: `void compute(int t) {
  vec4 p = shrink * ${load('p')};
  vec4 d = ${load('g')} + decay * p;
  vec4 m = beta[0] * ${load('m')} + share[0] * d;
  vec4 v = beta[1] * ${load('v')} + share[1] * d * d;
  out0 = p - stride * m / (sqrt(v) / root + eps);
  out1 = m;
  out2 = v;
}`,
};

/**
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; p -= lr / bc1 * m / (sqrt(v) / sqrt(bc2) + eps).
 * Weight decay joins g, or, decoupled, p *= 1 - lr weightDecay comes first.
 */
export function adamStep(engine: Engine, parameter: TensorRef, gradient: TensorRef, m: TensorRef, v: TensorRef, attrs: AdamAttrs): void {
  const { beta1, beta2, eps, weightDecay, decoupled } = attrs;
  const { lr, biasCorrection1, biasCorrection2 } = attrs.dynamic;
  const uniforms = {
    shrink: decoupled ? 1 - lr * weightDecay : 1,
    decay: decoupled ? 0 : weightDecay,
    beta: [beta1, beta2],
    share: [1 - beta1, 1 - beta2],
    eps,
    stride: lr / biasCorrection1,
    root: Math.sqrt(biasCorrection2),
  };
  engine.computeMany(adam, { inputs: { p: parameter, g: gradient, m, v }, uniforms }, [parameter, m, v]);
}

/** What a training may need that no pass through its model shows. */
export const optimizerKernels: readonly Kernel[] = [plainSgd, momentumSgd, adam];
