import type { ActivationKind } from '@konv/core-tensor';
import type { FloatArray } from './memory.js';
import { unaryRows } from './unary.js';

/** x = activation(x) in place, n elements from `at`: the end of a fused kernel, while they are in the cache. */
export function activate(kind: ActivationKind | null, x: FloatArray, at: number, n: number): void {
  if (kind !== null) unaryRows[kind](n, x, at, 1, x, at, 1);
}
