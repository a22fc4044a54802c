import { firstLanes } from '../lanes';
import { scratch } from '../scratch';
import { lines, madd, sum4 } from '../simd';
import { makeSlab, pixelsOf, slabChannel, Sweep, tapsOf } from './sweep';

/** Rows of dy and taps of a tile: 10 accumulators, 2 of dy, 1 of the source and a product are 14 registers of V8's 15. */
const ROWS: i32 = 2;
const TAPS: i32 = 5;
/** Bytes of a tile's sums, four lanes each. */
const TILE_BYTES: usize = 160;

/** Adds to sums[row][tap] (vectors of partial sums) the products of `height` grid rows, but for the last pixels of a row. */
function tile2x5(s: Sweep, taps: usize, count: i32, base: usize, dy0: usize, dy1: usize, height: i32, sums: usize): void {
  const last = taps + (<usize>(count - 1) << 2);
  const t0 = load<u32>(taps);
  const t1 = load<u32>(min(taps + 4, last));
  const t2 = load<u32>(min(taps + 8, last));
  const t3 = load<u32>(min(taps + 12, last));
  const t4 = load<u32>(min(taps + 16, last));
  let s00 = v128.load(sums);
  let s01 = v128.load(sums, 16);
  let s02 = v128.load(sums, 32);
  let s03 = v128.load(sums, 48);
  let s04 = v128.load(sums, 64);
  let s10 = v128.load(sums, 80);
  let s11 = v128.load(sums, 96);
  let s12 = v128.load(sums, 112);
  let s13 = v128.load(sums, 128);
  let s14 = v128.load(sums, 144);
  const width = s.gridW & ~3;
  const rowBytes = <usize>(s.strideH * s.slabW) << 2;
  const lineBytes = <usize>s.gridW << 2;
  for (let h = 0; h < height; h++) {
    let at = base;
    for (let w = 0; w < width; w += 4, at += 16) {
      let d0 = v128.load(dy0 + (at - base));
      let d1 = v128.load(dy1 + (at - base));
      const x0 = v128.load(at + t0);
      s00 = madd(s00, d0, x0);
      s10 = madd(s10, d1, x0);
      const x1 = v128.load(at + t1);
      s01 = madd(s01, d0, x1);
      s11 = madd(s11, d1, x1);
      const x2 = v128.load(at + t2);
      s02 = madd(s02, d0, x2);
      s12 = madd(s12, d1, x2);
      const x3 = v128.load(at + t3);
      s03 = madd(s03, d0, x3);
      s13 = madd(s13, d1, x3);
      const x4 = v128.load(at + t4);
      s04 = madd(s04, d0, x4);
      s14 = madd(s14, d1, x4);
    }
    base += rowBytes;
    dy0 += lineBytes;
    dy1 += lineBytes;
  }
  v128.store(sums, s00);
  v128.store(sums, s01, 16);
  v128.store(sums, s02, 32);
  v128.store(sums, s03, 48);
  v128.store(sums, s04, 64);
  v128.store(sums, s10, 80);
  v128.store(sums, s11, 96);
  v128.store(sums, s12, 112);
  v128.store(sums, s13, 128);
  v128.store(sums, s14, 144);
}

/** As `tile2x5`, the last 1 to 3 pixels of each row. What lies beyond them, in either operand, must not count. */
function tail2x5(s: Sweep, taps: usize, count: i32, base: usize, dy0: usize, dy1: usize, height: i32, sums: usize): void {
  const inside = firstLanes(s.gridW & 3);
  const skip = <usize>(s.gridW & ~3) << 2;
  for (let h = 0; h < height; h++) {
    const d0 = v128.and(v128.load(dy0 + skip), inside);
    const d1 = v128.and(v128.load(dy1 + skip), inside);
    for (let t: usize = 0; t < <usize>count; t++) {
      const x = v128.and(v128.load(base + skip + load<u32>(taps + (t << 2))), inside);
      const sum = sums + (t << 4);
      v128.store(sum, madd(v128.load(sum), d0, x));
      v128.store(sum, madd(v128.load(sum, 80), d1, x), 80);
    }
    base += <usize>(s.strideH * s.slabW) << 2;
    dy0 += <usize>s.gridW << 2;
    dy1 += <usize>s.gridW << 2;
  }
}

/**
 * As `conv_weight`, for few output channels and few taps: both operands are read where they are, four pixels at a time, where
 * packing them would cost as much as the sums. Two dimensions, horizontal stride 1; `sweep.block` is whole grid rows.
 * An item is a (part, group). Scratch: 512 + 4 * channels * slab + 160 * ceil(rows / 2) * ceil(taps / 5) bytes.
 */
export function conv_weight_direct(
  source: usize,
  dy: usize,
  to: usize,
  sweep: usize,
  rows: i32,
  images: i32,
  parts: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Sweep>(sweep);
  const taps = tapsOf(s);
  const k = s.taps;
  const pixels = pixelsOf(s);
  const blocks = (pixels + s.block - 1) / s.block;
  const runs = images * blocks;
  const pairs = (rows + ROWS - 1) / ROWS;
  const fives = (k + TAPS - 1) / TAPS;
  const imageBytes = <usize>(s.channels * s.sourceD * s.sourceH * s.sourceW) << 2;
  const planeBytes = <usize>pixels << 2;
  const slab = lines(scratch);
  const sums = s.inPlace ? slab : lines(slab + <usize>s.channels * slabChannel(s) + 64);
  for (let item = begin; item < end; item++) {
    const group = item % s.groups;
    const part = item / s.groups;
    memory.fill(sums, 0, <usize>(pairs * fives) * TILE_BYTES);
    const firstRun = <i32>((<i64>runs * part) / parts);
    const lastRun = <i32>((<i64>runs * (part + 1)) / parts);
    for (let run = firstRun; run < lastRun; run++) {
      const image = run / blocks;
      const p0 = (run - image * blocks) * s.block;
      const p1 = min(pixels, p0 + s.block);
      const plane = image * s.groups + group;
      const row0 = p0 / s.gridW;
      const height = (p1 - p0) / s.gridW;
      const base = makeSlab(s, source + <usize>plane * imageBytes, p0, p1, 0, s.channels, slab);
      const from = base + (<usize>(row0 * s.strideH * s.slabW) << 2);
      const gradient = dy + <usize>(plane * rows) * planeBytes + (<usize>p0 << 2);
      let tile = sums;
      for (let row = 0; row < rows; row += ROWS) {
        const dy0 = gradient + <usize>row * planeBytes;
        const dy1 = row + 1 < rows ? dy0 + planeBytes : dy0;
        for (let t = 0; t < k; t += TAPS, tile += TILE_BYTES) {
          const count = min(TAPS, k - t);
          tile2x5(s, taps + (<usize>t << 2), count, from, dy0, dy1, height, tile);
          if (s.gridW & 3) tail2x5(s, taps + (<usize>t << 2), count, from, dy0, dy1, height, tile);
        }
      }
    }
    const out = to + (<usize>((part * s.groups + group) * rows) * <usize>k << 2);
    for (let row = 0; row < rows; row++) {
      for (let t = 0; t < k; t++) {
        const tile = sums + <usize>((row >> 1) * fives + t / TAPS) * TILE_BYTES;
        const sum = v128.load(tile + (<usize>((row & 1) * TAPS + (t % TAPS)) << 4));
        store<f32>(out + (<usize>(row * k + t) << 2), sum4(sum));
      }
    }
  }
}
