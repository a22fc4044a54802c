import { full } from '../creation.js';
import { dispatch } from '../dispatch.js';
import { isFloat } from '../dtype.js';
import { ShapeError } from '../errors.js';
import { checkTensor } from '../operand.js';
import { checkShape, type Shape, showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { add } from './binary.js';
import type { SliceAxis } from './catalogue.js';
import { drop, replacing, tidy } from './handles.js';
import { clone, embedOp, setSliceOp } from './movement.js';
import { pick } from './pick.js';
import { slice } from './view.js';

export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

export interface PadOptions {
  /** What stands in the padding. Default: 'constant'. */
  mode?: PadMode;
  /** Of mode 'constant'. Default: 0. */
  value?: number;
}

/** The position within `size` that position `i` beyond its ends stands for. */
const sources: Readonly<Record<Exclude<PadMode, 'constant'>, (i: number, size: number) => number>> = {
  reflect: (i, size) => (i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i),
  replicate: (i, size) => Math.min(size - 1, Math.max(0, i)),
  circular: (i, size) => (i < 0 ? i + size : i >= size ? i - size : i),
};
/** The widest padding that an axis of `size` can fill. */
const most: Readonly<Record<Exclude<PadMode, 'constant'>, (size: number) => number>> = {
  reflect: (size) => size - 1,
  replicate: () => Number.POSITIVE_INFINITY,
  circular: (size) => size,
};

/** How many elements to add before and after each axis; to take away where negative. */
interface Sides {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

function parseSides(x: Tensor, padding: readonly number[]): Sides {
  if (!Array.isArray(padding) || padding.length % 2 !== 0 || padding.length > 2 * x.rank || !padding.every(Number.isInteger)) {
    throw new ShapeError(
      'pad',
      `expected an even list of at most ${2 * x.rank} whole numbers, got [${String(padding)}] for input ${showShape(x.shape)}; ` +
        'write [left, right, top, bottom, ...], the last axis first',
    );
  }
  const at = (i: number, end: number): number => padding[2 * (x.rank - 1 - i) + end] ?? 0;
  const sides = { low: x.shape.map((_, i) => at(i, 0)), high: x.shape.map((_, i) => at(i, 1)) };
  x.shape.forEach((size, i) => {
    const [low, high] = [sides.low[i], sides.high[i]];
    if (size + low + high < 0 || Math.min(low, 0) + Math.min(high, 0) < -size) {
      throw new ShapeError(
        'pad',
        `expected to take at most ${size} from axis ${i} of ${showShape(x.shape)}, got ${low} and ${high}; a negative number crops`,
      );
    }
  });
  return sides;
}

/** x without what negative padding takes away; x itself where there is none. */
function cropped(x: Tensor, { low, high }: Sides): Tensor {
  if (low.every((n) => n >= 0) && high.every((n) => n >= 0)) return x;
  return slice(x, ...x.shape.map((size, i) => [Math.max(0, -low[i]), size + Math.min(0, high[i])] as const));
}

/**
 * x with more elements around it: `value`, mirrored without the edge ('reflect'), the edge again ('replicate'), or from
 * the other end ('circular').
 *
 * x of any shape; `padding` counts from the last axis backwards, two whole numbers an axis: `[left, right, top, bottom,
 * ...]` -> that much larger. A negative number crops. The modes but 'constant' pad the last 1, 2 or 3 axes of x
 * [batch, channels, *spatial] or [channels, *spatial]. 'reflect' needs padding < size, 'circular' padding <= size.
 * Errors: `ShapeError`. Source: torch.nn.functional.pad.
 */
export function pad(x: Tensor, padding: readonly number[], options: PadOptions = {}): Tensor {
  checkTensor('pad', x);
  const { mode = 'constant', value = 0 } = options;
  const sides = parseSides(x, padding);
  if (mode === 'constant') return tidy(() => padConstant(x, sides, value));
  if (!Object.hasOwn(sources, mode)) {
    throw new ShapeError('pad', `expected mode 'constant', 'reflect', 'replicate' or 'circular', got '${String(mode)}'`);
  }
  if (value !== 0) throw new ShapeError('pad', `expected a value with mode 'constant' only, got ${value} with '${mode}'; leave it out`);
  const spatial = padding.length / 2;
  if (spatial < 1 || spatial > 3 || (x.rank !== spatial + 1 && x.rank !== spatial + 2)) {
    throw new ShapeError(
      'pad',
      `expected input [channels, *spatial] or [batch, channels, *spatial] with all of its 1 to 3 spatial axes padded for mode ` +
        `'${mode}', got ${padding.length} numbers for input ${showShape(x.shape)}; give two numbers for each`,
    );
  }
  return padFrom(x, mode, sides);
}

function padConstant(x: Tensor, sides: Sides, value: number): Tensor {
  const core = cropped(x, sides);
  const axes: SliceAxis[] = core.shape.map((size, i) => ({ start: Math.max(0, sides.low[i]), step: 1, size, drop: false }));
  const shape: Shape = checkShape(
    'pad',
    core.shape.map((size, i) => size + axes[i].start + Math.max(0, sides.high[i])),
  );
  if (value === 0) return dispatch(embedOp, [core], { shape, axes });
  // Nothing is put in, but the result stays in x's graph.
  if (core.size === 0 && isFloat(x.dtype)) return add(dispatch(embedOp, [core], { shape, axes }), value);
  const filled = full(shape, value, { dtype: x.dtype, backend: x.backend });
  return core.size === 0 ? filled : dispatch(setSliceOp, [filled, core], { axes });
}

/** One axis after the other: they do not influence one another. */
function padFrom(x: Tensor, mode: Exclude<PadMode, 'constant'>, sides: Sides): Tensor {
  // A circle closes over what is left; a mirror shows what was cropped, as in PyTorch.
  const source = mode === 'circular' ? cropped(x, sides) : x;
  const rest = (n: number): number => (mode === 'circular' ? Math.max(0, n) : n);
  const low = sides.low.map(rest);
  const high = sides.high.map(rest);
  for (let axis = 0; axis < x.rank; axis++) {
    const size = source.shape[axis];
    if (Math.max(low[axis], high[axis]) <= most[mode](size) && (size > 0 || (low[axis] === 0 && high[axis] === 0))) continue;
    drop(source, x);
    throw new ShapeError(
      'pad',
      `expected padding of at most ${size > 0 ? most[mode](size) : 0} for mode '${mode}' (input ${showShape(x.shape)}, axis ${axis}), ` +
        `got ${low[axis]} and ${high[axis]}; pad less or use another mode`,
    );
  }
  return tidy(() => {
    let y = source;
    for (let axis = 0; axis < x.rank; axis++) {
      if (low[axis] === 0 && high[axis] === 0) continue;
      const size = source.shape[axis];
      const from = Int32Array.from({ length: size + low[axis] + high[axis] }, (_, j) => sources[mode](j - low[axis], size));
      y = replacingUnless(x, y, pick(y, axis, from));
    }
    return y === source ? replacingUnless(x, source, clone(source)) : y;
  });
}

function replacingUnless(x: Tensor, inner: Tensor, outer: Tensor): Tensor {
  return inner === x ? outer : replacing(inner, outer);
}
