import {
  amax,
  amin,
  cat,
  clone,
  cumsum,
  dispatch,
  embed,
  expand,
  gather,
  mul,
  parseIndex,
  permute,
  reshape,
  scatterAdd,
  setSliceOp,
  slice,
  sort,
  sum,
} from '@konv/core-tensor';
import { constant, int32, leaf, stridedLeaf } from '../support.js';
import { type CasesFor, row } from './kit.js';

export const movementCases: CasesFor<
  | 'sum'
  | 'amax'
  | 'amin'
  | 'reshape'
  | 'permute'
  | 'expand'
  | 'slice'
  | 'clone'
  | 'embed'
  | 'setSlice'
  | 'cat'
  | 'gather'
  | 'scatterAdd'
  | 'cumsum'
  | 'sort'
> = {
  sum: [
    row(
      'all',
      () => [leaf([2, 3])],
      (x) => sum(x.square()),
    ),
    row(
      'some axes of strided',
      () => [stridedLeaf([2, 3, 2])],
      (x) => sum(x.square(), [0, 2]),
    ),
    row(
      'kept',
      () => [leaf([2, 3])],
      (x) => sum(x.square(), 1, true),
    ),
    row(
      'none',
      () => [leaf([2, 3])],
      (x) => sum(x.square(), []),
    ),
  ],
  amax: [
    row(
      'all',
      () => [leaf([2, 3])],
      (x) => amax(x).square(),
    ),
    row(
      'an axis of strided',
      () => [stridedLeaf([2, 3])],
      (x) => amax(x, 1).square(),
    ),
  ],
  amin: [
    row(
      'all',
      () => [leaf([2, 3])],
      (x) => amin(x).square(),
    ),
    row(
      'two axes',
      () => [stridedLeaf([2, 3, 2])],
      (x) => amin(x, [0, 2], true).square(),
    ),
  ],

  reshape: [
    row(
      'contiguous',
      () => [leaf([2, 6])],
      (x) => reshape(x, [3, -1]).square(),
    ),
    row(
      'strided',
      () => [stridedLeaf([2, 6])],
      (x) => reshape(x, [4, 3]).square(),
    ),
  ],
  permute: [
    row(
      'three axes',
      () => [leaf([2, 3, 4])],
      (x) => permute(x.square(), [2, 0, 1]),
    ),
    row(
      'strided',
      () => [stridedLeaf([2, 3])],
      (x) => x.transpose(0, 1).square(),
    ),
  ],
  expand: [
    row(
      'an axis and new ones',
      () => [leaf([2, 1, 2])],
      (x) => expand(x, [2, 2, 3, 2]).square(),
    ),
    row(
      'a scalar',
      () => [leaf([])],
      (x) => expand(x, [2, 2]).square(),
    ),
  ],
  slice: [
    row(
      'steps and drops',
      () => [leaf([4, 3, 5])],
      (x) => slice(x, [1, null, 2], 2, [0, -1]).square(),
    ),
    row(
      'overlapping slices add up',
      () => [stridedLeaf([5])],
      (x) => mul(x.slice([0, 4]), x.slice([1, 5])),
    ),
  ],
  clone: [
    row(
      'strided',
      () => [stridedLeaf([2, 3])],
      (x) => clone(x).square(),
    ),
  ],
  embed: [
    row(
      'a stepped window',
      () => [stridedLeaf([2, 3])],
      (x) => embed(x.square(), [5, 3, 2], parseIndex('embed', [[0, 4, 2], null, 1], [5, 3, 2])),
    ),
  ],
  setSlice: [
    row(
      'both operands',
      () => [leaf([4, 3]), stridedLeaf([2, 3])],
      (base, value) => dispatch(setSliceOp, [base.square(), value.square()], { axes: parseIndex('setSlice', [[0, 4, 2]], [4, 3]) }),
    ),
    row(
      'a dropped axis',
      () => [leaf([2, 3]), leaf([2])],
      (base, value) => dispatch(setSliceOp, [base.square(), value.square()], { axes: parseIndex('setSlice', [null, 1], [2, 3]) }),
    ),
  ],
  cat: [
    row(
      'middle axis',
      () => [leaf([2, 1, 2]), stridedLeaf([2, 3, 2]), constant([2, 1, 2])],
      (...xs) => cat(xs, 1).square(),
    ),
    row(
      'one twice',
      () => [leaf([2])],
      (x) => cat([x, x.square()]),
    ),
  ],

  gather: [
    row(
      'with repeats',
      () => [leaf([3, 2])],
      (x) => gather(x.square(), 0, int32([2, 0, 2, 1], [2, 2])),
    ),
  ],
  scatterAdd: [
    row(
      'with repeats',
      () => [leaf([3, 2]), stridedLeaf([2, 2])],
      (base, source) => scatterAdd(base.square(), 0, int32([2, 0, 2, 1], [2, 2]), source.square()),
    ),
  ],
  cumsum: [
    row(
      'first axis',
      () => [leaf([3, 2])],
      (x) => cumsum(x.square(), 0),
    ),
    row(
      'last axis of strided',
      () => [stridedLeaf([2, 4])],
      (x) => cumsum(x, 1).square(),
    ),
  ],
  sort: [
    row(
      'both directions',
      () => [leaf([2, 4])],
      (x) => [sort(x.square(), -1).values, sort(x.square(), -1, true).values],
    ),
  ],
};
