import type { TensorRef } from '@konv/core-tensor';
import type { Call } from '../call.js';
import type { ConvCase } from './geometry.js';
import { gradFilterPlanar, gradInputPlanar } from './planar.js';
import { gradFilterPointwise, gradInputPointwise, isPointwise } from './pointwise.js';

type Gradient = (call: Call, a: TensorRef, b: TensorRef, c: ConvCase, out: TensorRef) => void;

export function gradFilter(c: ConvCase): Gradient {
  return isPointwise(c) ? gradFilterPointwise : gradFilterPlanar;
}

export function gradInput(c: ConvCase): Gradient {
  return isPointwise(c) ? gradInputPointwise : gradInputPlanar;
}
