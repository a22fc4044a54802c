import type { CrossEntropyAttrs, TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import type { Kernel } from './gl/kernel.js';
import { logSoftmax } from './softmax.js';

/** texel t = the losses of rows 4t to 4t + 3: each looks up one log probability. */
const losses: Kernel = {
  name: 'cross entropy',
  inputs: { log_p: 'float32', targets: 'int32' },
  output: 'float32',
  uniforms: { classes: 'int', ignored: 'int' },
  body: `float loss(int row) {
  int target = targets_el(targets_at + row);
  if (target == ignored) return 0.0;
  if (target < 0 || target >= classes) return intBitsToFloat(0x7fc00000);
  return -log_p_el(log_p_at + row * classes + target);
}
void compute(int t) {
  int row = t << 2;
  out0 = vec4(loss(row), loss(row + 1), loss(row + 2), loss(row + 3));
}`,
};

/** Two draws for few classes: the log probabilities, which the gradient needs anyway, then a look-up. */
export function crossEntropy(
  engine: Engine,
  x: TensorRef,
  targets: TensorRef,
  attrs: CrossEntropyAttrs,
  loss: TensorRef,
  logProbabilities: TensorRef,
): void {
  logSoftmax(engine, x, logProbabilities);
  const uniforms = { classes: x.shape[1], ignored: attrs.ignoreIndex };
  engine.compute(losses, { inputs: { log_p: logProbabilities, targets }, uniforms }, loss);
}
