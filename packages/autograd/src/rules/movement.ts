import {
  dispatch,
  embed,
  permute,
  reshape,
  setSliceOp,
  type Shape,
  type SliceAxis,
  slicedShape,
  sliceOp,
  type Tensor,
  zeros,
} from '@konv/core-tensor';
import { beside } from '../context.js';
import type { RuleTable } from '../rule.js';
import { reshapeName } from './names.js';
import { sumTo } from './sum-to.js';

type MovementRules = Pick<RuleTable, 'reshape' | 'permute' | 'expand' | 'slice' | 'clone' | 'embed' | 'setSlice' | 'cat'>;

function sliced(x: Tensor, axes: readonly SliceAxis[]): Tensor {
  return dispatch(sliceOp, [x], { axes });
}

/** The order that undoes `order`. */
function inverse(order: readonly number[]): number[] {
  const back = new Array<number>(order.length);
  for (let i = 0; i < order.length; i++) back[order[i]] = i;
  return back;
}

export const movementRules: MovementRules = {
  reshape: { name: reshapeName, each: [(c, dy) => reshape(dy, c.shape(0))] },
  permute: { name: 'PermuteBackward0', each: [(c, dy) => permute(dy, inverse(c.attrs.order))] },
  expand: { name: 'ExpandBackward0', each: [(c, dy) => sumTo(dy, c.shape(0))] },
  slice: { name: 'SliceBackward0', each: [(c, dy) => embed(dy, c.shape(0), c.attrs.axes)] },
  clone: { name: 'CloneBackward0', each: [(_, dy) => dy] },
  embed: { name: 'ConstantPadNdBackward0', each: [(c, dy) => sliced(dy, c.attrs.axes)] },
  // What was overwritten has no influence any more: 0 there.
  setSlice: {
    name: 'CopySlices',
    each: [
      (c, dy) => {
        const { axes } = c.attrs;
        return dispatch(setSliceOp, [dy, zeros(slicedShape(axes), beside(dy))], { axes });
      },
      (c, dy) => sliced(dy, c.attrs.axes),
    ],
  },
  cat: {
    name: 'CatBackward0',
    all: (c, dy) => {
      let start = 0;
      return c.needs.map((need, k) => {
        const shape = c.shape(k);
        const axes = part(shape, c.attrs.axis, start);
        start += shape[c.attrs.axis];
        return need ? sliced(dy, axes) : null;
      });
    },
  },
};

function part(shape: Shape, axis: number, start: number): SliceAxis[] {
  return shape.map((size, i) => ({ start: i === axis ? start : 0, step: 1, size, drop: false }));
}
