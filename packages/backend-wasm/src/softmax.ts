import type { CrossEntropyAttrs, TensorRef } from '@konv/core-tensor';
import type { Engine, Spread } from './engine.js';
import { grainOf } from './grain.js';
import { addressOf } from './operand.js';

/** An exponential costs some elements of plain arithmetic. */
const rowsOf = (rows: number, n: number): Spread => ({ items: rows, grain: grainOf(n, 8192), scratch: 256 });

/** Each row about its greatest element. A row of only -infinity is NaN, as in PyTorch. */
export function softmax(engine: Engine, x: TensorRef, out: TensorRef): void {
  const [rows, n] = x.shape;
  engine.run('softmax', [addressOf(x), addressOf(out), n], rowsOf(rows, n));
}

export function logSoftmax(engine: Engine, x: TensorRef, out: TensorRef): void {
  const [rows, n] = x.shape;
  engine.run('log_softmax', [addressOf(x), addressOf(out), n], rowsOf(rows, n));
}

export function crossEntropy(
  engine: Engine,
  x: TensorRef,
  targets: TensorRef,
  attrs: CrossEntropyAttrs,
  loss: TensorRef,
  logProbabilities: TensorRef,
): void {
  const [rows, n] = x.shape;
  const given = [addressOf(x), addressOf(targets), addressOf(loss), addressOf(logProbabilities), n, attrs.ignoreIndex] as const;
  engine.run('cross_entropy', [...given], rowsOf(rows, n));
}
