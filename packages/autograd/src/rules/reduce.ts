import { cast, div, eq, expand, mul, sum, type Tensor } from '@konv/core-tensor';
import type { RuleContext } from '../context.js';
import { A, type RuleTable } from '../rule.js';
import { shapeOf } from './names.js';

/** Each of the n that tie for the extreme gets dy / n. */
function shared(c: RuleContext<{ readonly axes: readonly number[] }>, dy: Tensor): Tensor {
  const x = c.input(0);
  const ties = cast(eq(x, c.output(0)), x.dtype);
  return mul(ties, div(dy, sum(ties, c.attrs.axes, true)));
}

export const reduceRules: Pick<RuleTable, 'sum' | 'amax' | 'amin'> = {
  sum: {
    name: (node) => ((node.attrs as { axes: unknown[] }).axes.length === shapeOf(node.inputs[0]).length ? 'SumBackward0' : 'SumBackward1'),
    each: [(c, dy) => expand(dy, c.shape(0))],
  },
  amax: { name: 'AmaxBackward0', saves: [A], savesOutputs: [A], each: [shared] },
  amin: { name: 'AminBackward0', saves: [A], savesOutputs: [A], each: [shared] },
};
