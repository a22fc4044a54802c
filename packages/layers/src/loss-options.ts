import type { Reduction } from '@konv/core-tensor';
import { oneOf } from './arguments.js';

export interface LossOptions {
  /** 'mean' (default), 'sum', or 'none' for one loss an element. */
  reduction?: Reduction;
}

export function checkReduction(layer: string, reduction: unknown): Reduction {
  return oneOf<Reduction>(layer, 'reduction', reduction ?? 'mean', ['mean', 'sum', 'none']);
}
