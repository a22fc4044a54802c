import type { TensorRef } from '@konv/core-tensor';
import type { Call } from '../call.js';
import type { ConvCase } from './geometry.js';
import { gradFilterPlanar, gradInputPlanar } from './planar.js';
import { gradFilterPointwise, gradInputPointwise, isPointwise } from './pointwise.js';

/** Writes a gradient of `x` (or dy) and dy (or the filter) into `out`; all are in tfjs's order of axes. */
type Gradient = (call: Call, a: TensorRef, b: TensorRef, c: ConvCase, out: TensorRef) => void;

interface Rule {
  readonly when: (c: ConvCase) => boolean;
  readonly filter: Gradient;
  readonly input: Gradient;
  /** What was measured, one core of an EPYC, Node 20, batches of 8 to 64. */
  readonly because: string;
}

/** Which gradients serve which convolution: the first rule that holds. */
const rules: readonly Rule[] = [
  {
    when: isPointwise,
    filter: gradFilterPointwise,
    input: gradInputPointwise,
    because: 'the images are matrices as they lie: 0.7 to 0.9 times the time of the transposes and the sweep at 64 to 256 channels',
  },
  {
    when: () => true,
    filter: gradFilterPlanar,
    input: gradInputPlanar,
    because:
      "konv's sweeps and Winograd want channels first. The transposes take 8 % of a pass at 64 channels and 3x3, 10 % at 6 to 16 and 5x5, " +
      '25 % at 3 to 32 and 3x3; a product for each tap on images as they lie would forgo Winograd, which is 2 times as fast there',
  },
];

const ruleOf = (c: ConvCase): Rule => rules.find(({ when }) => when(c)) as Rule;

export function gradFilter(c: ConvCase): Gradient {
  return ruleOf(c).filter;
}

export function gradInput(c: ConvCase): Gradient {
  return ruleOf(c).input;
}
