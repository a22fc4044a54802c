import { storeFirst } from '../lanes';
import { endTap, firstTap, triple } from './windows';

// Pools of images whose channels stand last, [batch, depth, height, width, channels]: four channels are a vector, whatever
// the windows are. Taps are next to each other; a NaN never is the greatest.
//
// Windows are walked by bytes: `slice`, `row` and `pixel` are those of the input.

/**
 * Maxima of x [batch, *inSize, channels], -infinity where a window holds no number. An item is a row of output pixels.
 */
export function max_pool_last(
  x: usize,
  out: usize,
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
  const row = <usize>inWidth * pixel;
  const slice = <usize>inHeight * row;
  for (let item = begin; item < end; item++) {
    const depth = triple(table, (item / outHeight) % outDepth);
    const height = triple(heights, item % outHeight);
    const slices = endTap(depth) - firstTap(depth);
    const rows = endTap(height) - firstTap(height);
    const image = x + <usize>(item / (outDepth * outHeight)) * <usize>inDepth * slice;
    const line = image + <usize>firstTap(depth) * slice + <usize>firstTap(height) * row;
    let to = out + <usize>item * <usize>outWidth * pixel;
    for (let i = 0; i < outWidth; i++, to += pixel) {
      const column = triple(widths, i);
      const first = firstTap(column);
      const taps = endTap(column) - first;
      const from = line + <usize>first * pixel;
      let c: usize = 0;
      for (; c + 64 <= pixel; c += 64) {
        let a = f32x4.splat(-Infinity);
        let b = a;
        let d = a;
        let e = a;
        for (let z = 0, plane = from + c; z < slices; z++, plane += slice) {
          for (let y = 0, start = plane; y < rows; y++, start += row) {
            for (let tap = 0, at = start; tap < taps; tap++, at += pixel) {
              // p < v ? v : p, so that a NaN is passed over.
              a = f32x4.pmax(a, v128.load(at));
              b = f32x4.pmax(b, v128.load(at, 16));
              d = f32x4.pmax(d, v128.load(at, 32));
              e = f32x4.pmax(e, v128.load(at, 48));
            }
          }
        }
        v128.store(to + c, a);
        v128.store(to + c, b, 16);
        v128.store(to + c, d, 32);
        v128.store(to + c, e, 48);
      }
      for (; c < pixel; c += 16) {
        let a = f32x4.splat(-Infinity);
        for (let z = 0, plane = from + c; z < slices; z++, plane += slice) {
          for (let y = 0, start = plane; y < rows; y++, start += row) {
            for (let tap = 0, at = start; tap < taps; tap++, at += pixel) a = f32x4.pmax(a, v128.load(at));
          }
        }
        storeFirst(to + c, a, <i32>((pixel - c) >> 2));
      }
    }
  }
}

/**
 * Where the maxima of x [batch, *inSize, channels] stand, i32 [batch, *outSize, channels]: (pixel channels + channel) of the
 * image, with `acrossBatch` of all x, -1 where a window holds no number; the first of equals. An item is a row of output pixels.
 */
export function max_pool_last_at(
  x: usize,
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
  const row = <usize>inWidth * pixel;
  const slice = <usize>inHeight * row;
  const imageBytes = <usize>inDepth * slice;
  for (let item = begin; item < end; item++) {
    const depth = triple(table, (item / outHeight) % outDepth);
    const height = triple(heights, item % outHeight);
    const slices = endTap(depth) - firstTap(depth);
    const rows = endTap(height) - firstTap(height);
    const image = <usize>(item / (outDepth * outHeight)) * imageBytes;
    const line = image + <usize>firstTap(depth) * slice + <usize>firstTap(height) * row;
    const base = acrossBatch ? <usize>0 : image;
    let to = indices + <usize>item * <usize>outWidth * pixel;
    for (let i = 0; i < outWidth; i++, to += pixel) {
      const column = triple(widths, i);
      const first = firstTap(column);
      const taps = endTap(column) - first;
      const from = line + <usize>first * pixel;
      for (let c: usize = 0; c < pixel; c += 16) {
        let best = f32x4.splat(-Infinity);
        let where = i32x4.splat(-1);
        for (let z = 0, plane = from + c; z < slices; z++, plane += slice) {
          for (let y = 0, start = plane; y < rows; y++, start += row) {
            for (let tap = 0, at = start; tap < taps; tap++, at += pixel) {
              const v = v128.load(x + at);
              const more = f32x4.gt(v, best);
              best = v128.bitselect(v, best, more);
              where = v128.bitselect(i32x4.splat(<i32>((at - base) >> 2)), where, more);
            }
          }
        }
        const none = i32x4.lt_s(where, i32x4.splat(0));
        storeFirst(to + c, v128.or(i32x4.add(where, i32x4(0, 1, 2, 3)), none), <i32>((pixel - c) >> 2));
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
  const row = <usize>inWidth * pixel;
  const slice = <usize>inHeight * row;
  const imageBytes = <usize>inDepth * slice;
  // What decides between equals: all ones where the last of them is meant.
  const ties = i32x4.splat(last ? -1 : 0);
  for (let item = begin; item < end; item++) {
    const image = <usize>item * imageBytes;
    let from = dy + <usize>item * <usize>(outDepth * outHeight * outWidth) * pixel;
    memory.fill(dx + image, 0, imageBytes);
    for (let line = 0; line < outDepth * outHeight; line++) {
      const depth = triple(table, line / outHeight);
      const height = triple(heights, line % outHeight);
      const slices = endTap(depth) - firstTap(depth);
      const rows = endTap(height) - firstTap(height);
      const corner = image + <usize>firstTap(depth) * slice + <usize>firstTap(height) * row;
      for (let i = 0; i < outWidth; i++, from += pixel) {
        const column = triple(widths, i);
        const first = firstTap(column);
        const taps = endTap(column) - first;
        const window = corner + <usize>first * pixel;
        for (let c: usize = 0; c < pixel; c += 16) {
          let best = f32x4.splat(-Infinity);
          let where = i32x4.splat(-1);
          for (let z = 0, plane = window + c; z < slices; z++, plane += slice) {
            for (let y = 0, start = plane; y < rows; y++, start += row) {
              for (let tap = 0, at = start; tap < taps; tap++, at += pixel) {
                const v = v128.load(x + at);
                const more = v128.or(f32x4.gt(v, best), v128.and(f32x4.eq(v, best), ties));
                best = f32x4.pmax(best, v);
                where = v128.bitselect(i32x4.splat(<i32>at), where, more);
              }
            }
          }
          const d = v128.load(from + c);
          const lanes = <i32>((pixel - c) >> 2);
          // Each tap takes what is its own. Where channels end within a vector, nothing behind them is written.
          for (let z = 0, plane = window + c; z < slices; z++, plane += slice) {
            for (let y = 0, start = plane; y < rows; y++, start += row) {
              for (let tap = 0, at = start; tap < taps; tap++, at += pixel) {
                const sum = f32x4.add(v128.load(dx + at), v128.and(d, i32x4.eq(where, i32x4.splat(<i32>at))));
                if (lanes >= 4) v128.store(dx + at, sum);
                else storeFirst(dx + at, sum, lanes);
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
  const row = <usize>inWidth * pixel;
  const slice = <usize>inHeight * row;
  for (let item = begin; item < end; item++) {
    const depth = triple(table, (item / outHeight) % outDepth);
    const height = triple(heights, item % outHeight);
    const slices = endTap(depth) - firstTap(depth);
    const rows = endTap(height) - firstTap(height);
    const image = x + <usize>(item / (outDepth * outHeight)) * <usize>inDepth * slice;
    const line = image + <usize>firstTap(depth) * slice + <usize>firstTap(height) * row;
    let to = out + <usize>item * <usize>outWidth * pixel;
    for (let i = 0; i < outWidth; i++, to += pixel) {
      const column = triple(widths, i);
      const first = firstTap(column);
      const taps = endTap(column) - first;
      const from = line + <usize>first * pixel;
      const count = f32x4.splat(<f32>max(least, slices * rows * taps));
      let c: usize = 0;
      for (; c + 32 <= pixel; c += 32) {
        let a = f32x4.splat(0);
        let b = f32x4.splat(0);
        for (let z = 0, plane = from + c; z < slices; z++, plane += slice) {
          for (let y = 0, start = plane; y < rows; y++, start += row) {
            let rowA = f32x4.splat(0);
            let rowB = f32x4.splat(0);
            for (let tap = 0, at = start; tap < taps; tap++, at += pixel) {
              rowA = f32x4.add(rowA, v128.load(at));
              rowB = f32x4.add(rowB, v128.load(at, 16));
            }
            a = f32x4.add(a, rowA);
            b = f32x4.add(b, rowB);
          }
        }
        v128.store(to + c, f32x4.div(a, count));
        v128.store(to + c, f32x4.div(b, count), 16);
      }
      for (; c < pixel; c += 16) {
        let a = f32x4.splat(0);
        for (let z = 0, plane = from + c; z < slices; z++, plane += slice) {
          for (let y = 0, start = plane; y < rows; y++, start += row) {
            let rowA = f32x4.splat(0);
            for (let tap = 0, at = start; tap < taps; tap++, at += pixel) rowA = f32x4.add(rowA, v128.load(at));
            a = f32x4.add(a, rowA);
          }
        }
        storeFirst(to + c, f32x4.div(a, count), <i32>((pixel - c) >> 2));
      }
    }
  }
}

/**
 * dx [batch, *inSize, channels]: each element of dy [batch, *outSize, channels], divided by `divisor`, is added to what its
 * window holds of the input. An item is an image.
 */
export function avg_pool_last_grad(
  dy: usize,
  dx: usize,
  divisor: i32,
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
  const row = <usize>inWidth * pixel;
  const slice = <usize>inHeight * row;
  const imageBytes = <usize>inDepth * slice;
  const whole = f32x4.splat(<f32>divisor);
  for (let item = begin; item < end; item++) {
    const image = dx + <usize>item * imageBytes;
    let from = dy + <usize>item * <usize>(outDepth * outHeight * outWidth) * pixel;
    memory.fill(image, 0, imageBytes);
    for (let line = 0; line < outDepth * outHeight; line++) {
      const depth = triple(table, line / outHeight);
      const height = triple(heights, line % outHeight);
      const slices = endTap(depth) - firstTap(depth);
      const rows = endTap(height) - firstTap(height);
      const corner = image + <usize>firstTap(depth) * slice + <usize>firstTap(height) * row;
      for (let i = 0; i < outWidth; i++, from += pixel) {
        const column = triple(widths, i);
        const first = firstTap(column);
        const taps = endTap(column) - first;
        const window = corner + <usize>first * pixel;
        for (let c: usize = 0; c < pixel; c += 16) {
          const share = f32x4.div(v128.load(from + c), whole);
          const lanes = <i32>((pixel - c) >> 2);
          for (let z = 0, plane = window + c; z < slices; z++, plane += slice) {
            for (let y = 0, start = plane; y < rows; y++, start += row) {
              for (let tap = 0, at = start; tap < taps; tap++, at += pixel) {
                const sum = f32x4.add(v128.load(at), share);
                if (lanes >= 4) v128.store(at, sum);
                else storeFirst(at, sum, lanes);
              }
            }
          }
        }
      }
    }
  }
}
