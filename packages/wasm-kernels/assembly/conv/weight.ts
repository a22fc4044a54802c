import { block, TILE_BYTES } from '../gemm/block';
import { packRows4, transpose4 } from '../gemm/pack';
import { ACCUMULATE, MR, NR } from '../gemm/tile';
import { scratch } from '../scratch';
import { lines } from '../simd';
import { makeSlab, pixelAt, pixelsOf, slabChannel, Sweep, tapsOf } from './sweep';

/** Four pixels, one stride apart. */
// @ts-ignore: decorator
@inline
function pixels4(at: usize, stride: i32): v128 {
  if (stride == 1) return v128.load(at);
  if (stride == 2) return v128.shuffle<i32>(v128.load(at), v128.load(at, 16), 0, 2, 4, 6);
  const step = <usize>stride << 2;
  let v = v128.load32_zero(at);
  v = v128.load_lane<f32>(at + step, v, 1);
  v = v128.load_lane<f32>(at + 2 * step, v, 2);
  return v128.load_lane<f32>(at + 3 * step, v, 3);
}

/**
 * Packs the pixels [p0, p1) for 8 taps, of which `count` are wanted: to[pixel][8 taps]. Writes up to 96 bytes past the panel,
 * as the last pixels of a grid row come in fours and the next row overwrites what was too much.
 */
function packTaps(s: Sweep, base: usize, p0: i32, p1: i32, taps: usize, count: i32, to: usize): void {
  const last = taps + (<usize>(count - 1) << 2);
  const t0 = load<u32>(taps);
  const t1 = load<u32>(min(taps + 4, last));
  const t2 = load<u32>(min(taps + 8, last));
  const t3 = load<u32>(min(taps + 12, last));
  const t4 = load<u32>(min(taps + 16, last));
  const t5 = load<u32>(min(taps + 20, last));
  const t6 = load<u32>(min(taps + 24, last));
  const t7 = load<u32>(min(taps + 28, last));
  const stride = s.strideW;
  const step = <usize>stride << 4;
  while (p0 < p1) {
    const stop = min(p1, p0 - (p0 % s.gridW) + s.gridW);
    let at = base + pixelAt(s, p0);
    const next = to + (<usize>(stop - p0) << 5);
    if (stride == 1) {
      for (; to < next; to += 128, at += 16) {
        transpose4(v128.load(at + t0), v128.load(at + t1), v128.load(at + t2), v128.load(at + t3), to, 32);
        transpose4(v128.load(at + t4), v128.load(at + t5), v128.load(at + t6), v128.load(at + t7), to + 16, 32);
      }
    } else {
      for (; to < next; to += 128, at += step) {
        transpose4(pixels4(at + t0, stride), pixels4(at + t1, stride), pixels4(at + t2, stride), pixels4(at + t3, stride), to, 32);
        transpose4(pixels4(at + t4, stride), pixels4(at + t5, stride), pixels4(at + t6, stride), pixels4(at + t7, stride), to + 16, 32);
      }
    }
    to = next;
    p0 = stop;
  }
}

/**
 * Weight gradient as implicit GEMM, in parts: parts[part, group, row, tap] = sum over the part's pixels of
 * dy[row, pixel] * source[pixel, tap]. The pixels of all images are cut into blocks of `sweep.block`, and those into
 * `parts` runs of equal length, whatever the threads; `sum_parts` adds the parts up. `tapBlock` taps are computed at a time.
 * An item is a (part, group, block of taps), the taps innermost.
 * Scratch: 512 + 4 * (channels * slab + block * (rows + 4 + tapBlock + 16)) bytes.
 */
export function conv_weight(
  source: usize,
  dy: usize,
  to: usize,
  sweep: usize,
  rows: i32,
  images: i32,
  parts: i32,
  tapBlock: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Sweep>(sweep);
  const taps = tapsOf(s);
  const k = s.taps;
  const pixels = pixelsOf(s);
  const positions = k / s.channels;
  const blocks = (pixels + s.block - 1) / s.block;
  const tapBlocks = (k + tapBlock - 1) / tapBlock;
  const runs = images * blocks;
  const imageBytes = <usize>(s.channels * s.sourceD * s.sourceH * s.sourceW) << 2;
  const dyBytes = <usize>rows * <usize>pixels << 2;
  const tile = scratch;
  const slab = lines(scratch + TILE_BYTES);
  const left = s.inPlace ? slab : lines(slab + <usize>s.channels * slabChannel(s) + 64);
  const right = lines(left + (<usize>((rows + 3) & ~3) * <usize>s.block << 2));
  for (let item = begin; item < end; item++) {
    const t0 = (item % tapBlocks) * tapBlock;
    const nt = min(tapBlock, k - t0);
    const rest = item / tapBlocks;
    const group = rest % s.groups;
    const part = rest / s.groups;
    const c = to + (((<usize>(part * s.groups + group) * <usize>rows) * <usize>k + <usize>t0) << 2);
    const firstRun = <i32>((<i64>runs * part) / parts);
    const lastRun = <i32>((<i64>runs * (part + 1)) / parts);
    for (let run = firstRun; run < lastRun; run++) {
      const image = run / blocks;
      const p0 = (run - image * blocks) * s.block;
      const nc = min(s.block, pixels - p0);
      const plane = image * s.groups + group;
      const from = source + <usize>plane * imageBytes;
      const base = makeSlab(s, from, p0, p0 + nc, t0 / positions, (t0 + nt - 1) / positions + 1, slab);
      const gradient = dy + <usize>plane * dyBytes + (<usize>p0 << 2);
      for (let i = 0; i < rows; i += MR) {
        const at = left + (<usize>i * <usize>nc << 2);
        packRows4(nc, min(MR, rows - i), gradient + (<usize>i * <usize>pixels << 2), <usize>pixels << 2, at);
      }
      for (let j = 0; j < nt; j += NR) {
        packTaps(s, base, p0, p0 + nc, taps + (<usize>(t0 + j) << 2), min(NR, nt - j), right + (<usize>j * <usize>nc << 2));
      }
      block(rows, nt, nc, left, right, c, <usize>k << 2, run > firstRun ? ACCUMULATE : 0, 0, tile);
    }
  }
}
