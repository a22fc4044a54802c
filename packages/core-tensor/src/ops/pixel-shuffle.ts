import { ShapeError } from '../errors.js';
import { checkTensor } from '../operand.js';
import { showShape } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { replacing, tidy } from './handles.js';
import { contiguous } from './movement.js';
import { permute, reshape } from './view.js';

function checkFactor(op: string, name: string, factor: unknown): number {
  if (Number.isSafeInteger(factor) && (factor as number) >= 1) return factor as number;
  throw new ShapeError(op, `expected ${name} to be a whole number >= 1, got ${String(factor)}`);
}

function checkImage(op: string, x: Tensor): void {
  if (checkTensor(op, x).rank >= 3) return;
  throw new ShapeError(op, `expected input [..., channels, height, width], got ${showShape(x.shape)}; unsqueeze it`);
}

/** x as `split`, its last five axes in the `order` given, then as `merged`: a tensor of its own. */
function rearranged(x: Tensor, split: readonly number[], order: readonly number[], merged: readonly number[]): Tensor {
  return tidy(() => {
    const parts = reshape(x, split);
    const lead = split.length - 5;
    const axes = [...Array(lead).keys(), ...order.map((axis) => lead + axis)];
    const turned = contiguous(permute(parts, axes));
    return replacing(turned, reshape(turned, merged));
  });
}

/**
 * y[..., c, h r + i, w r + j] = x[..., c r r + i r + j, h, w]: channels become resolution.
 *
 * x [..., channels r r, height, width] -> [..., channels, height r, width r], r = upscaleFactor. Gradient:
 * `pixelUnshuffle`. Errors: `ShapeError` where the channels do not divide. Source: torch.nn.functional.pixel_shuffle.
 */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  const op = 'pixelShuffle';
  const r = checkFactor(op, 'upscaleFactor', upscaleFactor);
  checkImage(op, x);
  const lead = x.shape.slice(0, -3);
  const [channels, height, width] = x.shape.slice(-3);
  if (channels % (r * r) !== 0) {
    throw new ShapeError(
      op,
      `expected channels divisible by ${r * r} (the square of ${r}), got ${channels} from input ${showShape(x.shape)}`,
    );
  }
  const c = channels / (r * r);
  return rearranged(x, [...lead, c, r, r, height, width], [0, 3, 1, 4, 2], [...lead, c, height * r, width * r]);
}

/**
 * y[..., c r r + i r + j, h, w] = x[..., c, h r + i, w r + j]: resolution becomes channels.
 *
 * x [..., channels, height r, width r] -> [..., channels r r, height, width], r = downscaleFactor. Gradient:
 * `pixelShuffle`. Errors: `ShapeError` where height or width do not divide. Source: torch.nn.functional.pixel_unshuffle.
 */
export function pixelUnshuffle(x: Tensor, downscaleFactor: number): Tensor {
  const op = 'pixelUnshuffle';
  const r = checkFactor(op, 'downscaleFactor', downscaleFactor);
  checkImage(op, x);
  const lead = x.shape.slice(0, -3);
  const [c, height, width] = x.shape.slice(-3);
  if (height % r !== 0 || width % r !== 0) {
    throw new ShapeError(op, `expected height and width divisible by ${r}, got input ${showShape(x.shape)}; pad or crop it`);
  }
  const [h, w] = [height / r, width / r];
  return rearranged(x, [...lead, c, h, r, w, r], [0, 2, 4, 1, 3], [...lead, c * r * r, h, w]);
}
