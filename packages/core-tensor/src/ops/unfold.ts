import { full } from '../creation.js';
import { dispatch } from '../dispatch.js';
import { DTypeError, ShapeError } from '../errors.js';
import { checkTensor } from '../operand.js';
import { checkShape, showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { scatterAddOp } from './gather.js';
import { replacing, tidy } from './handles.js';
import { contiguous } from './movement.js';
import { pad } from './pad.js';
import { along, pick } from './pick.js';
import { extentOf, type PerAxis, perAxis } from './spatial.js';
import { reshape, slice } from './view.js';

export interface UnfoldOptions {
  /** The distance between the elements of a window. Default: 1. */
  dilation?: PerAxis;
  /** Zeros on both sides of each axis. Default: 0. */
  padding?: PerAxis;
  /** The distance between windows. Default: 1. */
  stride?: PerAxis;
}

interface Windows {
  readonly kernel: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly number[];
  readonly stride: readonly number[];
  /** Of the image with its padding. */
  readonly padded: readonly number[];
  /** How many windows, an axis. */
  readonly count: readonly number[];
}

function parseWindows(op: string, size: readonly number[], kernelSize: PerAxis, options: UnfoldOptions): Windows {
  const kernel = perAxis(op, 'kernelSize', kernelSize, 2, 1);
  const dilation = perAxis(op, 'dilation', options.dilation ?? 1, 2, 1);
  const padding = perAxis(op, 'padding', options.padding ?? 0, 2, 0);
  const stride = perAxis(op, 'stride', options.stride ?? 1, 2, 1);
  const extent = extentOf(kernel, dilation);
  const padded = size.map((n, i) => n + 2 * padding[i]);
  const count = padded.map((n, i) => Math.floor((n - extent[i]) / stride[i]) + 1);
  if (count.some((n) => n < 1)) {
    throw new ShapeError(
      op,
      `expected windows that fit into the image, got windows over ${showShape(extent)} for ${showShape(size)} ` +
        `(with padding ${showShape(padded)}); pad more or take a smaller kernel`,
    );
  }
  return { kernel, dilation, padding, stride, padded, count };
}

/** Where in the flattened padded plane each element of each window stands: [kernel position, window]. */
function positionsOf({ kernel, dilation, stride, padded, count }: Windows): Int32Array {
  const [height, width] = count;
  const out = new Int32Array(kernel[0] * kernel[1] * height * width);
  let next = 0;
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      for (let h = 0; h < height; h++) {
        const row = (h * stride[0] + i * dilation[0]) * padded[1] + j * dilation[1];
        for (let w = 0; w < width; w++) out[next++] = row + w * stride[1];
      }
    }
  }
  return out;
}

/**
 * The windows of an image as columns (im2col): y[n, c k + i, l] is element i of window l in channel c, where k is the
 * number of elements of a window.
 *
 * x [batch, channels, height, width] or [channels, height, width] -> [batch, channels prod(kernelSize), windows], windows
 * = the product over both axes of floor((size + 2 padding - dilation (kernelSize - 1) - 1) / stride) + 1. Sizes are one
 * number or [height, width]. Gradient: `fold`. Errors: `ShapeError`. Source: torch.nn.functional.unfold.
 */
export function unfold(x: Tensor, kernelSize: PerAxis, options: UnfoldOptions = {}): Tensor {
  const op = 'unfold';
  const { rank, shape } = checkTensor(op, x);
  if ((rank !== 3 && rank !== 4) || shape.slice(rank - 3).includes(0)) {
    throw new ShapeError(
      op,
      `expected input [batch, channels, height, width] or [channels, height, width] with sizes >= 1, got ${showShape(shape)}`,
    );
  }
  const windows = parseWindows(op, shape.slice(-2), kernelSize, options);
  const lead = shape.slice(0, rank - 3);
  const channels = shape[rank - 3];
  const planes = (lead[0] ?? 1) * channels;
  const [high, wide] = windows.padding;
  const positions = positionsOf(windows);
  const columns = checkShape(op, [...lead, channels * windows.kernel[0] * windows.kernel[1], windows.count[0] * windows.count[1]]);
  return tidy(() => {
    const padded = high + wide > 0 ? pad(x, [wide, wide, high, high]) : x;
    const y = pick(reshape(padded, [planes, windows.padded[0] * windows.padded[1]]), 1, positions);
    return replacing(y, reshape(y, columns));
  });
}

/**
 * The columns of `unfold` added back where they came from (col2im), so that what several windows share is the sum over
 * them: the adjoint of `unfold`, not its inverse.
 *
 * x [batch, channels prod(kernelSize), windows] or without batch -> [batch, channels, *outputSize]. Sizes are one number
 * or [height, width]. Gradient: `unfold`. Errors: `ShapeError` where channels or windows do not fit; `DTypeError` for
 * bool. Source: torch.nn.functional.fold.
 */
export function fold(x: Tensor, outputSize: PerAxis, kernelSize: PerAxis, options: UnfoldOptions = {}): Tensor {
  const op = 'fold';
  const { rank, shape } = checkTensor(op, x);
  if (x.dtype === 'bool') throw new DTypeError(op, "expected numbers, got bool; use cast('int32') first");
  const size = perAxis(op, 'outputSize', outputSize, 2, 1);
  const windows = parseWindows(op, size, kernelSize, options);
  const each = windows.kernel[0] * windows.kernel[1];
  const total = windows.count[0] * windows.count[1];
  if ((rank !== 2 && rank !== 3) || shape[rank - 2] === 0 || shape[rank - 2] % each !== 0 || shape[rank - 1] !== total) {
    throw new ShapeError(
      op,
      `expected input [batch, channels ${each}, ${total}] or [channels ${each}, ${total}] (kernel ${showShape(windows.kernel)}, ` +
        `${showShape(windows.count)} windows in ${showShape(size)}), got ${showShape(shape)}; use the numbers given to unfold`,
    );
  }
  const lead = shape.slice(0, rank - 2);
  const channels = shape[rank - 2] / each;
  const planes = (lead[0] ?? 1) * channels;
  const [high, wide] = windows.padding;
  const positions = positionsOf(windows);
  const image = checkShape(op, [...lead, channels, ...windows.padded]);
  return tidy(() => {
    const columns = reshape(x, [planes, each * total]);
    const zeros = full([planes, windows.padded[0] * windows.padded[1]], 0, { dtype: x.dtype, backend: x.backend });
    const y = dispatch(scatterAddOp, [zeros, along(columns, 1, positions), columns], { axis: 1 });
    const whole = replacing(y, reshape(y, image));
    if (high + wide === 0) return whole;
    return contiguous(slice(whole, ...image.slice(0, -2).map(() => null), [high, high + size[0]], [wide, wide + size[1]]));
  });
}
