import type { CrossEntropyAttrs, TensorRef } from '@konv/core-tensor';
import { floatsOf, intsOf } from './memory.js';
import type { FloatArray } from './memory.js';

/** The greatest of n elements; NaN if one is. */
function greatest(n: number, x: FloatArray, ix: number): number {
  let max = -Infinity;
  for (let i = 0; i < n; i++) max = Math.max(max, x[ix + i]);
  return max;
}

function sumOfExp(n: number, x: FloatArray, ix: number, max: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.exp(x[ix + i] - max);
  return sum;
}

function logSoftmaxRow(n: number, x: FloatArray, ix: number, out: FloatArray, io: number): void {
  const max = greatest(n, x, ix);
  const logSum = Math.log(sumOfExp(n, x, ix, max));
  for (let i = 0; i < n; i++) out[io + i] = x[ix + i] - max - logSum;
}

/** All in double, rounded once. A row of only -infinity is NaN, as in PyTorch. */
export function softmax(x: TensorRef, out: TensorRef): void {
  const [rows, n] = x.shape;
  const from = floatsOf(x);
  const to = floatsOf(out);
  for (let row = 0; row < rows; row++) {
    const ix = x.offset + row * n;
    const io = out.offset + row * n;
    const max = greatest(n, from, ix);
    const scale = 1 / sumOfExp(n, from, ix, max);
    for (let i = 0; i < n; i++) to[io + i] = Math.exp(from[ix + i] - max) * scale;
  }
}

export function logSoftmax(x: TensorRef, out: TensorRef): void {
  const [rows, n] = x.shape;
  const from = floatsOf(x);
  const to = floatsOf(out);
  for (let row = 0; row < rows; row++) logSoftmaxRow(n, from, x.offset + row * n, to, out.offset + row * n);
}

export function crossEntropy(
  x: TensorRef,
  targets: TensorRef,
  attrs: CrossEntropyAttrs,
  loss: TensorRef,
  logProbabilities: TensorRef,
): void {
  const [rows, n] = x.shape;
  const from = floatsOf(x);
  const target = intsOf(targets);
  const losses = floatsOf(loss);
  const logs = floatsOf(logProbabilities);
  for (let row = 0; row < rows; row++) {
    const at = logProbabilities.offset + row * n;
    logSoftmaxRow(n, from, x.offset + row * n, logs, at);
    const t = target[targets.offset + row];
    losses[loss.offset + row] = t === attrs.ignoreIndex ? 0 : t >= 0 && t < n ? -logs[at + t] : NaN;
  }
}
