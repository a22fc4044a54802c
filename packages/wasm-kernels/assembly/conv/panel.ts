import { pixelAt, Sweep } from './sweep';

/** The even lanes of eight floats. */
// @ts-ignore: decorator
@inline
function evens(at: usize): v128 {
  return v128.shuffle<i32>(v128.load(at), v128.load(at, 16), 0, 2, 4, 6);
}

/**
 * Packs 8 pixels, of which `count` are wanted, from `pixel` on, for the taps whose offsets stand in [taps, tapsEnd):
 * to[tap][8]. `base`: from `makeSlab`. May write 32 bytes past the panel: panels are packed in the order of their addresses.
 *
 * Most panels lie in one row of the grid, or in two: then a tap is a few vector loads. Of the two stores of a panel that
 * goes over a row's end the second covers what the first has written too far.
 */
export function packPixels(s: Sweep, base: usize, pixel: i32, count: i32, taps: usize, tapsEnd: usize, to: usize): void {
  const room = s.gridW - (pixel % s.gridW);
  const p0 = base + pixelAt(s, pixel);
  const stride = s.strideW;
  if (stride <= 2) {
    if (room >= count) {
      if (stride == 1) {
        for (; taps != tapsEnd; taps += 4, to += 32) {
          const q = p0 + load<u32>(taps);
          v128.store(to, v128.load(q));
          v128.store(to, v128.load(q, 16), 16);
        }
      } else {
        for (; taps != tapsEnd; taps += 4, to += 32) {
          const q = p0 + load<u32>(taps);
          v128.store(to, evens(q));
          v128.store(to, evens(q + 32), 16);
        }
      }
      return;
    }
    if (room + s.gridW >= count) {
      const p1 = base + pixelAt(s, pixel + room);
      const shift = <usize>room << 2;
      if (stride == 1) {
        for (; taps != tapsEnd; taps += 4, to += 32) {
          const q = p0 + load<u32>(taps);
          const r = p1 + load<u32>(taps);
          const r0 = v128.load(r);
          const r1 = v128.load(r, 16);
          v128.store(to, v128.load(q));
          v128.store(to, v128.load(q, 16), 16);
          v128.store(to + shift, r0);
          v128.store(to + shift, r1, 16);
        }
      } else {
        for (; taps != tapsEnd; taps += 4, to += 32) {
          const q = p0 + load<u32>(taps);
          const r = p1 + load<u32>(taps);
          v128.store(to, evens(q));
          v128.store(to, evens(q + 32), 16);
          v128.store(to + shift, evens(r));
          v128.store(to + shift, evens(r + 32), 16);
        }
      }
      return;
    }
  }
  const last = pixel + count - 1;
  const p1 = base + pixelAt(s, min(pixel + 1, last));
  const p2 = base + pixelAt(s, min(pixel + 2, last));
  const p3 = base + pixelAt(s, min(pixel + 3, last));
  const p4 = base + pixelAt(s, min(pixel + 4, last));
  const p5 = base + pixelAt(s, min(pixel + 5, last));
  const p6 = base + pixelAt(s, min(pixel + 6, last));
  const p7 = base + pixelAt(s, min(pixel + 7, last));
  for (; taps != tapsEnd; taps += 4, to += 32) {
    const o = load<u32>(taps);
    store<f32>(to, load<f32>(p0 + o));
    store<f32>(to, load<f32>(p1 + o), 4);
    store<f32>(to, load<f32>(p2 + o), 8);
    store<f32>(to, load<f32>(p3 + o), 12);
    store<f32>(to, load<f32>(p4 + o), 16);
    store<f32>(to, load<f32>(p5 + o), 20);
    store<f32>(to, load<f32>(p6 + o), 24);
    store<f32>(to, load<f32>(p7 + o), 28);
  }
}
