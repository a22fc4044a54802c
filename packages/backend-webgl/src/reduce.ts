import type { ReduceKind, TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
export function reduce(engine: Engine, kind: ReduceKind, x: TensorRef, axes: readonly number[], out: TensorRef): void {
  void [engine, kind, x, axes, out];
  throw new Error('todo');
}
