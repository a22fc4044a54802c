import {
  AvgPool1d,
  AdaptiveAvgPool1d,
  BatchNorm1d,
  ConstantPad1d,
  Conv1d,
  Dropout1d,
  Embedding,
  Flatten,
  LayerNorm,
  Linear,
  MaxPool1d,
  type Module,
} from '@konv/layers';
import { GlobalPool, Permute, Reshape } from '../modules/axes.js';
import { SameAvgPool, SamePad } from '../modules/same.js';

const ALONG: readonly unknown[] = [
  Conv1d,
  MaxPool1d,
  AvgPool1d,
  AdaptiveAvgPool1d,
  BatchNorm1d,
  Dropout1d,
  ConstantPad1d,
  SamePad,
  SameAvgPool,
];
const AS_IT_IS: readonly unknown[] = [Linear, LayerNorm, Embedding, Flatten, Reshape, Permute];

/** Whether an input of two axes is [channels, length] to the first module that tells, and not [length, features]. */
export function alongLength(row: readonly Module[]): boolean {
  for (const module of row) {
    if (ALONG.includes(module.constructor)) return true;
    if (AS_IT_IS.includes(module.constructor)) return false;
    if (module instanceof GlobalPool) return module.axes[0] === 2;
  }
  return false;
}
