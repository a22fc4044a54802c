import { arange, cumsum, dispatch, expand, gatherOp, reshape, scatterAddOp, type Shape, type Tensor, zeros } from '@konv/core-tensor';
import { beside } from '../context.js';
import { B, NOTHING, type RuleTable } from '../rule.js';

// The indices of these ops were checked when the op ran; the ops themselves are called, not the checking functions.
function gathered(x: Tensor, axis: number, index: Tensor): Tensor {
  return dispatch(gatherOp, [x, index], { axis });
}
/** Zeros of `shape` with `source` added at the index. */
function scattered(shape: Shape, axis: number, index: Tensor, source: Tensor): Tensor {
  return dispatch(scatterAddOp, [zeros(shape, beside(source)), index, source], { axis });
}

/** The values in reverse order along `axis`. */
function flipped(x: Tensor, axis: number): Tensor {
  const n = x.shape[axis];
  const order = arange(n - 1, -1, -1, beside(x, 'int32'));
  return gathered(
    x,
    axis,
    expand(
      reshape(
        order,
        x.shape.map((_, i) => (i === axis ? n : 1)),
      ),
      x.shape,
    ),
  );
}

export const indexingRules: Pick<RuleTable, 'gather' | 'scatterAdd' | 'cumsum' | 'sort'> = {
  // Each element was read where the index says: add its gradient there.
  gather: {
    name: 'GatherBackward0',
    saves: [B, NOTHING],
    each: [(c, dy) => scattered(c.shape(0), c.attrs.axis, c.input(1), dy)],
  },
  scatterAdd: {
    name: 'ScatterAddBackward0',
    saves: [NOTHING, NOTHING, B],
    each: [(_, dy) => dy, (_, dy) => dy, (c, dy) => gathered(dy, c.attrs.axis, c.input(1))],
  },
  // Element i is part of the sums i, i + 1, ...: the running sum of dy from the end.
  cumsum: {
    name: 'CumsumBackward0',
    each: [(c, dy) => (dy.size === 0 ? dy : flipped(cumsum(flipped(dy, c.attrs.axis), c.attrs.axis), c.attrs.axis))],
  },
  // (x) -> (values, indices) along the last axis: each gradient goes back to where its value came from.
  sort: {
    name: 'SortBackward0',
    savesOutputs: [B],
    each: [(c, dy) => scattered(c.shape(0), dy.rank - 1, c.output(1), dy)],
  },
};
