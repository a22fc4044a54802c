import { fromHost } from '../creation.js';
import { dispatch } from '../dispatch.js';
import type { Tensor } from '../tensor.js';
import { gatherOp } from './gather.js';
import { tidy } from './handles.js';
import { expand } from './view.js';

/** The slices of x at positions of `axis` that core itself has made: they are in range, nobody reads them back. */
export function pick(x: Tensor, axis: number, positions: Int32Array): Tensor {
  return tidy(() => dispatch(gatherOp, [x, along(x, axis, positions)], { axis }));
}

/** The positions as the index of a gather along `axis` of x: every line of x gets the same ones. */
export function along(x: Tensor, axis: number, positions: Int32Array): Tensor {
  const n = positions.length;
  const line = fromHost(
    x.device,
    positions,
    x.shape.map((_, i) => (i === axis ? n : 1)),
    'int32',
  );
  return expand(
    line,
    x.shape.map((d, i) => (i === axis ? n : d)),
  );
}
