import { dispatch } from '../dispatch.js';
import { ShapeError } from '../errors.js';
import { checkTensor } from '../operand.js';
import { checkShape, normalizeAxis, type Shape, showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { replacing, tidy } from './handles.js';
import { cat, clone, cloneOp } from './movement.js';
import { pick } from './pick.js';
import { expand, reshape, slice, unsqueeze } from './view.js';

/**
 * The elements in reverse order along the axes; a copy (in PyTorch too).
 * Errors: `ShapeError` for an axis that is not there or stands twice. Source: torch.flip.
 */
export function flip(x: Tensor, axes: number | readonly number[]): Tensor {
  checkTensor('flip', x);
  const list = (Array.isArray(axes) ? axes : [axes]).map((a) => normalizeAxis('flip', a as number, x.rank));
  if (new Set(list).size !== list.length) throw new ShapeError('flip', `expected distinct axes, got [${String(axes)}]; name each once`);
  const turned = list.filter((a) => x.shape[a] > 1);
  if (turned.length === 0) return clone(x);
  return tidy(() =>
    turned.reduce(
      (y, a) =>
        pick(
          y,
          a,
          Int32Array.from({ length: x.shape[a] }, (_, i) => x.shape[a] - 1 - i),
        ),
      x,
    ),
  );
}

/**
 * y[(i + shift) mod n] = x[i] along each axis: what leaves at one end comes in at the other. Without axes the tensor is
 * rolled as if it were flat.
 *
 * x of any shape, one whole shift for each axis (an axis may stand twice) -> the same shape. Errors: `ShapeError`.
 * Source: torch.roll.
 */
export function roll(x: Tensor, shifts: number | readonly number[], axes?: number | readonly number[] | null): Tensor {
  checkTensor('roll', x);
  const by = Array.isArray(shifts) ? (shifts as readonly number[]) : [shifts as number];
  if (by.length === 0 || !by.every(Number.isSafeInteger)) throw new ShapeError('roll', `expected whole shifts, got [${String(shifts)}]`);
  const flat = axes === undefined || axes === null;
  const list = flat ? [0] : (Array.isArray(axes) ? axes : [axes]).map((a) => normalizeAxis('roll', a as number, x.rank));
  if (by.length !== list.length) {
    throw new ShapeError(
      'roll',
      `expected one shift for each axis, got ${by.length} for ${flat ? 'the flat tensor' : `axes [${String(axes)}]`}`,
    );
  }
  return tidy(() => {
    if (flat && x.rank !== 1) {
      const y = rolled(reshape(x, [x.size]), by[0], 0);
      return replacing(y, reshape(y, x.shape));
    }
    return by.reduce((y, shift, i) => rolled(y, shift, list[i]), x);
  });
}

function rolled(x: Tensor, shift: number, axis: number): Tensor {
  const n = x.shape[axis];
  const by = n === 0 ? 0 : ((shift % n) + n) % n;
  if (by === 0) return clone(x);
  const part = (start: number, end: number): Tensor => slice(x, ...x.shape.map((_, i) => (i === axis ? ([start, end] as const) : null)));
  return cat([part(n - by, n), part(0, n - by)], axis);
}

function checkRepeats(op: string, repeats: readonly number[]): void {
  if (Array.isArray(repeats) && repeats.every((r) => Number.isInteger(r) && r >= 0)) return;
  throw new ShapeError(op, `expected whole numbers of copies >= 0, got [${String(repeats)}]; write [2, 1]`);
}

/**
 * Copies side by side: `repeats[i]` of them along axis i.
 *
 * x [d1, ...] and at least as many repeats as axes (surplus ones count for new axes in front) -> [repeats1 d1, ...].
 * Gradient: the sum over the copies. Errors: `ShapeError`. Source: torch.Tensor.repeat.
 */
export function repeat(x: Tensor, repeats: readonly number[]): Tensor {
  checkTensor('repeat', x);
  checkRepeats('repeat', repeats);
  const lead = repeats.length - x.rank;
  if (lead < 0) {
    throw new ShapeError(
      'repeat',
      `expected at least ${x.rank} numbers for input ${showShape(x.shape)}, got [${String(repeats)}]; use tile, or add 1s`,
    );
  }
  return copies(x, [...new Array<number>(lead).fill(1), ...x.shape], repeats);
}

/** As `repeat`, where missing numbers in front are 1. Source: torch.tile. */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  checkTensor('tile', x);
  checkRepeats('tile', repeats);
  const rank = Math.max(repeats.length, x.rank);
  const lifted = [...new Array<number>(rank - x.rank).fill(1), ...x.shape];
  return copies(x, lifted, [...new Array<number>(rank - repeats.length).fill(1), ...repeats]);
}

/** One strided copy: every repeated axis gets an expanded one before it. */
function copies(x: Tensor, shape: Shape, repeats: readonly number[]): Tensor {
  const to = checkShape(
    'repeat',
    shape.map((d, i) => d * repeats[i]),
  );
  const split = shape.flatMap((d, i) => (repeats[i] === 1 ? [d] : [1, d]));
  const wide = shape.flatMap((d, i) => (repeats[i] === 1 ? [d] : [repeats[i], d]));
  return tidy(() => {
    const y = dispatch(cloneOp, [expand(reshape(x, split), wide)], null);
    return replacing(y, reshape(y, to));
  });
}

/**
 * Every element `repeats` times in a row along `axis`, or as often as a list says for each; the flat tensor without an
 * axis.
 *
 * x [..., n, ...] -> [..., repeats n, ...] (the sum of the list). Gradient: the sum over the copies.
 * Errors: `ShapeError` for negative numbers or a list of another length than n. Source: torch.repeat_interleave.
 */
export function repeatInterleave(x: Tensor, repeats: number | readonly number[], axis?: number | null): Tensor {
  const op = 'repeatInterleave';
  checkTensor(op, x);
  if (axis === undefined || axis === null) {
    if (x.rank !== 1) return tidy(() => repeatInterleave(reshape(x, [x.size]), repeats, 0));
  }
  const a = normalizeAxis(op, axis ?? 0, x.rank);
  const n = x.shape[a];
  if (Array.isArray(repeats)) {
    const list: readonly number[] = repeats;
    checkRepeats(op, list);
    if (list.length !== n)
      throw new ShapeError(op, `expected one number for each of ${n} (axis ${a} of ${showShape(x.shape)}), got ${list.length}`);
    return pick(x, a, Int32Array.from(list.flatMap((r, i) => new Array<number>(r).fill(i))));
  }
  const times = repeats as number;
  checkRepeats(op, [times]);
  const to = checkShape(
    op,
    x.shape.map((d, i) => (i === a ? d * times : d)),
  );
  return tidy(() => {
    const wide = [...x.shape.slice(0, a + 1), times, ...x.shape.slice(a + 1)];
    const y = dispatch(cloneOp, [expand(unsqueeze(x, a + 1), wide)], null);
    return replacing(y, reshape(y, to));
  });
}
