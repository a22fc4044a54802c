import { storeFirst } from '../lanes';
import { endTap, firstTap, triple } from './windows';

// Pools of images whose channels stand last, [batch, depth, height, width, channels]: four channels are a vector, whatever
// the windows are. Taps are next to each other; a NaN never is the greatest.

/** Where in its image the row of taps (z, y) of a window begins, as a pixel. */
// @ts-ignore: decorator
@inline
function rowAt(z: i32, y: i32, column: usize, height: i32, width: i32): i32 {
  return (z * height + y) * width + firstTap(column);
}

/**
 * Maxima of x [batch, *inSize, channels], -infinity where a window holds no number, and, where `indices` is not 0, where
 * they stand (i32): (pixel channels + channel) of the image, with `acrossBatch` of all x, -1 where there is no maximum; the
 * first of equals. An item is a row of output pixels.
 */
export function max_pool_last(
  x: usize,
  out: usize,
  indices: usize,
  acrossBatch: i32,
  table: usize,
  inDepth: i32,
  inHeight: i32,
  inWidth: i32,
  outDepth: i32,
  outHeight: i32,
  outWidth: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const heights = triple(table, outDepth);
  const widths = triple(heights, outHeight);
  const pixel = <usize>channels << 2;
  const inPlane = inDepth * inHeight * inWidth;
  for (let item = begin; item < end; item++) {
    const n = item / (outDepth * outHeight);
    const depth = triple(table, (item / outHeight) % outDepth);
    const height = triple(heights, item % outHeight);
    const image = x + <usize>n * <usize>inPlane * pixel;
    const base = acrossBatch ? n * inPlane : 0;
    let to = <usize>item * <usize>outWidth * pixel;
    for (let i = 0; i < outWidth; i++, to += pixel) {
      const column = triple(widths, i);
      const taps = endTap(column) - firstTap(column);
      for (let c = 0; c < channels; c += 4) {
        const channel = <usize>c << 2;
        let best = f32x4.splat(-Infinity);
        let where = i32x4.splat(-1);
        for (let z = firstTap(depth); z < endTap(depth); z++) {
          for (let y = firstTap(height); y < endTap(height); y++) {
            let position = rowAt(z, y, column, inHeight, inWidth);
            let from = image + <usize>position * pixel + channel;
            for (let tap = 0; tap < taps; tap++, position++, from += pixel) {
              const v = v128.load(from);
              const more = f32x4.gt(v, best);
              best = v128.bitselect(v, best, more);
              where = v128.bitselect(i32x4.splat(position), where, more);
            }
          }
        }
        storeFirst(out + to + channel, best, channels - c);
        if (indices != 0) {
          const flat = i32x4.mul(i32x4.add(where, i32x4.splat(base)), i32x4.splat(channels));
          const index = i32x4.add(flat, i32x4.add(i32x4.splat(c), i32x4(0, 1, 2, 3)));
          storeFirst(indices + to + channel, v128.or(index, i32x4.lt_s(where, i32x4.splat(0))), channels - c);
        }
      }
    }
  }
}

/**
 * dx [batch, *inSize, channels]: each element of dy [batch, *outSize, channels] is added where x has the maximum of its
 * window: at the first of equals, or with `last` at the last. An item is an image.
 */
export function max_pool_last_grad(
  x: usize,
  dy: usize,
  dx: usize,
  last: i32,
  table: usize,
  inDepth: i32,
  inHeight: i32,
  inWidth: i32,
  outDepth: i32,
  outHeight: i32,
  outWidth: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const heights = triple(table, outDepth);
  const widths = triple(heights, outHeight);
  const pixel = <usize>channels << 2;
  const imageBytes = <usize>(inDepth * inHeight * inWidth) * pixel;
  for (let item = begin; item < end; item++) {
    const from = x + <usize>item * imageBytes;
    const to = dx + <usize>item * imageBytes;
    let at = dy + <usize>item * <usize>(outDepth * outHeight * outWidth) * pixel;
    memory.fill(to, 0, imageBytes);
    for (let row = 0, rows = outDepth * outHeight; row < rows; row++) {
      const depth = triple(table, row / outHeight);
      const height = triple(heights, row % outHeight);
      for (let i = 0; i < outWidth; i++, at += pixel) {
        const column = triple(widths, i);
        const taps = endTap(column) - firstTap(column);
        for (let c = 0; c < channels; c += 4) {
          const channel = <usize>c << 2;
          let best = f32x4.splat(-Infinity);
          let where = i32x4.splat(-1);
          for (let z = firstTap(depth); z < endTap(depth); z++) {
            for (let y = firstTap(height); y < endTap(height); y++) {
              let position = rowAt(z, y, column, inHeight, inWidth);
              let source = from + <usize>position * pixel + channel;
              for (let tap = 0; tap < taps; tap++, position++, source += pixel) {
                const v = v128.load(source);
                const more = last ? f32x4.ge(v, best) : f32x4.gt(v, best);
                best = v128.bitselect(v, best, more);
                where = v128.bitselect(i32x4.splat(position), where, more);
              }
            }
          }
          const d = v128.load(at + channel);
          for (let z = firstTap(depth); z < endTap(depth); z++) {
            for (let y = firstTap(height); y < endTap(height); y++) {
              let position = rowAt(z, y, column, inHeight, inWidth);
              let target = to + <usize>position * pixel + channel;
              for (let tap = 0; tap < taps; tap++, position++, target += pixel) {
                const mine = v128.and(d, i32x4.eq(where, i32x4.splat(position)));
                storeFirst(target, f32x4.add(v128.load(target), mine), channels - c);
              }
            }
          }
        }
      }
    }
  }
}

/**
 * Averages of x [batch, *inSize, channels] over what windows hold of the input, padding not counted; of windows that hold
 * nothing 0 divided by `least` (0 or 1). An item is a row of output pixels.
 */
export function avg_pool_last(
  x: usize,
  out: usize,
  least: i32,
  table: usize,
  inDepth: i32,
  inHeight: i32,
  inWidth: i32,
  outDepth: i32,
  outHeight: i32,
  outWidth: i32,
  channels: i32,
  begin: i32,
  end: i32,
): void {
  const heights = triple(table, outDepth);
  const widths = triple(heights, outHeight);
  const pixel = <usize>channels << 2;
  const imageBytes = <usize>(inDepth * inHeight * inWidth) * pixel;
  for (let item = begin; item < end; item++) {
    const depth = triple(table, (item / outHeight) % outDepth);
    const height = triple(heights, item % outHeight);
    const image = x + <usize>(item / (outDepth * outHeight)) * imageBytes;
    let to = out + <usize>item * <usize>outWidth * pixel;
    const rows = max(0, endTap(depth) - firstTap(depth)) * max(0, endTap(height) - firstTap(height));
    for (let i = 0; i < outWidth; i++, to += pixel) {
      const column = triple(widths, i);
      const taps = max(0, endTap(column) - firstTap(column));
      const count = f32x4.splat(<f32>max(least, rows * taps));
      for (let c = 0; c < channels; c += 4) {
        const channel = <usize>c << 2;
        let sum = f32x4.splat(0);
        for (let z = firstTap(depth); z < endTap(depth); z++) {
          for (let y = firstTap(height); y < endTap(height); y++) {
            let from = image + <usize>rowAt(z, y, column, inHeight, inWidth) * pixel + channel;
            let ofRow = f32x4.splat(0);
            for (let tap = 0; tap < taps; tap++, from += pixel) ofRow = f32x4.add(ofRow, v128.load(from));
            sum = f32x4.add(sum, ofRow);
          }
        }
        storeFirst(to + channel, f32x4.div(sum, count), channels - c);
      }
    }
  }
}
