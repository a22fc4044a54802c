import { DTypeError, type Generator, KonvError, ShapeError } from '@konv/core-tensor';
import type { HostTensor } from '../host-tensor.js';
import { checkOptions, flag, imageSize, oneOf, sizes, source, wholes } from './arguments.js';
import { identity, type Line, OUTSIDE, select } from './pixels.js';
import type { Transform } from './transform.js';

const MODES = ['constant', 'edge', 'reflect', 'symmetric'] as const;
/** `constant` fills; `edge` repeats the outermost pixel; `reflect` mirrors without repeating it, `symmetric` with. */
export type CropPaddingMode = (typeof MODES)[number];

export interface RandomCropOptions {
  /** Pixels put around the image first: on all sides, `[left and right, top and bottom]` or `[left, top, right, bottom]`. Default: 0. */
  padding?: number | readonly number[];
  /** Pad an image that is smaller than the crop by what it lacks, on both sides. Default: false. */
  padIfNeeded?: boolean;
  /** What `constant` padding is filled with. Default: 0. */
  fill?: number;
  /** Default: `constant`. */
  paddingMode?: CropPaddingMode;
  /** Default: the global generator, which `manualSeed` seeds. */
  generator?: Generator;
}

/** The line with `before` and `after` more at its ends. */
function padded(op: string, line: Line, before: number, after: number, mode: CropPaddingMode): Line {
  if (before === 0 && after === 0) return line;
  const n = line.length;
  const most = mode === 'reflect' ? n - 1 : mode === 'symmetric' ? n : n === 0 && mode === 'edge' ? 0 : Infinity;
  if (before > most || after > most) {
    const got = `${before} and ${after} for ${n}`;
    throw new ShapeError(op, `expected '${mode}' padding of at most ${Math.max(most, 0)} pixels, got ${got}; pad less, or with 'constant'`);
  }
  return Int32Array.from({ length: before + n + after }, (_, k) => {
    const i = k - before;
    if (i >= 0 && i < n) return line[i];
    if (mode === 'constant') return OUTSIDE;
    if (mode === 'edge') return line[i < 0 ? 0 : n - 1];
    const repeated = mode === 'symmetric' ? 1 : 0;
    return line[i < 0 ? -i - repeated : 2 * n - 2 - i + repeated];
  });
}

function checkFill(op: string, fill: number, { dtype }: HostTensor): void {
  const fits = dtype === 'bool' ? fill === 0 || fill === 1 : dtype !== 'int32' || (fill | 0) === fill;
  if (!fits) throw new DTypeError(op, `expected a fill that ${dtype} can hold, got ${fill}; pass another, or scale the sample first`);
}

/**
 * y[..., i, j] = padded x[..., top + i, left + j], a window of the given size at a random place.
 *
 * x `[..., height, width]` of any dtype, `size` of the window one number or `[height, width]`. First `padding` is put around
 * x, then what `padIfNeeded` adds: on both sides the whole of what is lacking. Draws top, then left, PyTorch's
 * `torch.randint(0, height - h + 1, (1,))`; nothing where the window is the whole.
 *
 * Errors: `ShapeError` for sizes, for a window that is larger than the image and for padding that a mirror cannot give;
 * `DTypeError` for a fill that the sample cannot hold; `KonvError` for other options.
 * Source: torchvision.transforms.RandomCrop.
 */
export function randomCrop(size: number | readonly number[], options: RandomCropOptions = {}): Transform {
  const op = 'randomCrop';
  const [h, w] = sizes(op, size);
  checkOptions(op, options, ['padding', 'padIfNeeded', 'fill', 'paddingMode', 'generator']);
  const [left, top = left, right = left, bottom = top] = wholes(op, 'padding', options.padding ?? 0, [1, 2, 4], 0);
  const grow = flag(op, 'padIfNeeded', options.padIfNeeded ?? false);
  const mode = oneOf(op, 'paddingMode', options.paddingMode ?? 'constant', MODES);
  const { fill = 0 } = options;
  if (typeof fill !== 'number') throw new KonvError(op, `expected fill to be a number, got ${typeof fill}; one for all channels`);
  const random = source(op, options.generator);
  return (x) => {
    checkFill(op, fill, x);
    const [height, width] = imageSize(op, x);
    let rows = padded(op, identity(height), top, bottom, mode);
    let columns = padded(op, identity(width), left, right, mode);
    if (grow && columns.length < w) columns = padded(op, columns, w - columns.length, w - columns.length, mode);
    if (grow && rows.length < h) rows = padded(op, rows, h - rows.length, h - rows.length, mode);
    if (h > rows.length || w > columns.length) {
      const got = `${rows.length} by ${columns.length}`;
      throw new ShapeError(
        op,
        `expected an image of at least ${h} by ${w} pixels, padding included, got ${got}; pad more, or set padIfNeeded`,
      );
    }
    if (h === rows.length && w === columns.length) return select(x, rows, columns, fill);
    const generator = random();
    const i = generator.random32() % (rows.length - h + 1);
    const j = generator.random32() % (columns.length - w + 1);
    return select(x, rows.subarray(i, i + h), columns.subarray(j, j + w), fill);
  };
}

/** To the nearest whole number, halves to the even one: Python's `round`. */
function roundToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

function centered(line: Line, size: number): Line {
  const lack = size - line.length;
  if (lack >= 0) return padded('centerCrop', line, Math.floor(lack / 2), Math.ceil(lack / 2), 'constant');
  const from = roundToEven(-lack / 2);
  return line.subarray(from, from + size);
}

/**
 * The window of the given size in the middle; an image that is smaller is padded with 0.
 *
 * x `[..., height, width]` of any dtype, `size` one number or `[height, width]`. Where the middle is between two pixels, PyTorch's
 * choice: from round((height - h) / 2), halves to the even number; padding has its greater half at the end.
 * Errors: `ShapeError`. Source: torchvision.transforms.CenterCrop.
 */
export function centerCrop(size: number | readonly number[]): Transform {
  const [h, w] = sizes('centerCrop', size);
  return (x) => {
    const [height, width] = imageSize('centerCrop', x);
    return select(x, centered(identity(height), h), centered(identity(width), w), 0);
  };
}
