import { scratch } from '../scratch';
import { lines, madd } from '../simd';
import { makeSlab, pixelsOf, Sweep, tapsOf } from './sweep';

/** Rows and columns of a tile: 8 accumulators, 4 of the source, 1 weight and a product are 14 registers of V8's 15. */
const ROWS: i32 = 2;
const COLUMNS: i32 = 16;

/**
 * Packs a weight for `conv_direct`: to[row / 2][tap][2], taps in the order (kernel row, channel, kernel column). The weight of
 * (row, channel, kernel position) stands `row * rowStep + channel * channelStep + positions[kernel row * nx + kernel column]`
 * floats into its group, groups are `groupStep` floats apart. An item is a pair of rows of one group.
 */
export function conv_pack_direct(
  weight: usize,
  rows: i32,
  channels: i32,
  rowStep: i32,
  channelStep: i32,
  groupStep: i32,
  positions: usize,
  ny: i32,
  nx: i32,
  to: usize,
  begin: i32,
  end: i32,
): void {
  const pairs = (rows + 1) / ROWS;
  const pairBytes = <usize>(channels * ny * nx) << 3;
  for (let item = begin; item < end; item++) {
    const group = item / pairs;
    const row = (item - group * pairs) * ROWS;
    const from = weight + ((<usize>group * <usize>groupStep + <usize>row * <usize>rowStep) << 2);
    const next: usize = row + 1 < rows ? <usize>rowStep << 2 : 0;
    let at = to + <usize>item * pairBytes;
    for (let y = 0; y < ny; y++) {
      for (let c = 0; c < channels; c++) {
        for (let x = 0; x < nx; x++, at += 8) {
          const q = from + (<usize>(c * channelStep + load<i32>(positions + (<usize>(y * nx + x) << 2))) << 2);
          store<f32>(at, load<f32>(q));
          store<f32>(at, load<f32>(q + next), 4);
        }
      }
    }
  }
}

/** Two rows of 16 pixels: c[row][16] = bias + sum over [tap, tapEnd) of weight[tap][row] * source[pixel + offset(tap)]. */
function tile2x16(source: usize, tap: usize, tapEnd: usize, weight: usize, bias0: f32, bias1: f32, relu: i32, c: usize, ldc: usize): void {
  let c00 = f32x4.splat(bias0);
  let c01 = c00;
  let c02 = c00;
  let c03 = c00;
  let c10 = f32x4.splat(bias1);
  let c11 = c10;
  let c12 = c10;
  let c13 = c10;
  for (; tap != tapEnd; tap += 4, weight += 8) {
    const q = source + load<u32>(tap);
    const b0 = v128.load(q);
    const b1 = v128.load(q, 16);
    const b2 = v128.load(q, 32);
    const b3 = v128.load(q, 48);
    const a0 = v128.load32_splat(weight);
    c00 = madd(c00, a0, b0);
    c01 = madd(c01, a0, b1);
    c02 = madd(c02, a0, b2);
    c03 = madd(c03, a0, b3);
    const a1 = v128.load32_splat(weight, 4);
    c10 = madd(c10, a1, b0);
    c11 = madd(c11, a1, b1);
    c12 = madd(c12, a1, b2);
    c13 = madd(c13, a1, b3);
  }
  if (relu) {
    const zero = f32x4.splat(0);
    c00 = f32x4.max(c00, zero);
    c01 = f32x4.max(c01, zero);
    c02 = f32x4.max(c02, zero);
    c03 = f32x4.max(c03, zero);
    c10 = f32x4.max(c10, zero);
    c11 = f32x4.max(c11, zero);
    c12 = f32x4.max(c12, zero);
    c13 = f32x4.max(c13, zero);
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c, c02, 32);
  v128.store(c, c03, 48);
  c += ldc;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  v128.store(c, c12, 32);
  v128.store(c, c13, 48);
}

/**
 * A convolution of few output channels, straight from the slab: what packing a panel costs is not repaid by one or two tiles
 * of four rows. Two dimensions, horizontal stride 1. `sweep`: its block is whole grid rows, its taps are in the order of
 * `conv_pack_direct`, and behind them stand `ny` i32: what each kernel row adds to the source row. Kernel rows that lie in the
 * padding are left out. `weight`: from `conv_pack_direct`. An item is a block of one group of one image.
 * Scratch: 512 + 4 * channels * slab bytes.
 */
export function conv_direct(
  source: usize,
  weight: usize,
  bias: usize,
  out: usize,
  sweep: usize,
  rows: i32,
  ny: i32,
  relu: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Sweep>(sweep);
  const taps = tapsOf(s);
  const k = s.taps;
  const perRow = k / ny;
  const rowOffsets = taps + (<usize>k << 2);
  const pixels = pixelsOf(s);
  const blocks = (pixels + s.block - 1) / s.block;
  const pairs = (rows + 1) / ROWS;
  const width = s.gridW;
  const imageBytes = <usize>(s.channels * s.sourceD * s.sourceH * s.sourceW) << 2;
  const plane = <usize>s.outSize << 2;
  const step = <usize>s.stepW << 2;
  const tile = scratch;
  const slab = lines(scratch + 128);
  for (let item = begin; item < end; item++) {
    const part = item / blocks;
    const p0 = (item - part * blocks) * s.block;
    const p1 = min(pixels, p0 + s.block);
    const group = part % s.groups;
    const base = makeSlab(s, source + <usize>part * imageBytes, p0, p1, 0, s.channels, slab);
    const left = weight + <usize>(group * pairs) * (<usize>k << 3);
    const target = out + <usize>(part * rows) * plane + (<usize>s.outStart << 2);
    for (let h = p0 / width; h * width < p1; h++) {
      // The kernel rows of which the source row exists: they are neighbours in the table.
      let lo = 0;
      let hi = ny;
      const y = h * s.strideH - s.padH;
      while (lo < ny && <u32>(y + load<i32>(rowOffsets + (<usize>lo << 2))) >= <u32>s.sourceH) lo++;
      while (hi > lo && <u32>(y + load<i32>(rowOffsets + (<usize>(hi - 1) << 2))) >= <u32>s.sourceH) hi--;
      const first = taps + (<usize>(lo * perRow) << 2);
      const last = taps + (<usize>(hi * perRow) << 2);
      const from = base + (<usize>(h * s.strideH * s.slabW) << 2);
      const line = target + (<usize>(h * s.stepH * s.outW) << 2);
      let w = 0;
      while (true) {
        for (let pair = 0; pair < pairs; pair++) {
          const row = pair * ROWS;
          const both = row + 1 < rows;
          const bias0: f32 = bias ? load<f32>(bias + (<usize>(group * rows + row) << 2)) : 0;
          const bias1: f32 = bias && both ? load<f32>(bias + (<usize>(group * rows + row) << 2), 4) : 0;
          const a = left + <usize>pair * (<usize>k << 3) + (<usize>(lo * perRow) << 3);
          const q = from + (<usize>w << 2);
          const c = line + <usize>row * plane + <usize>w * step;
          if (both && width >= COLUMNS && s.stepW == 1) {
            tile2x16(q, first, last, a, bias0, bias1, relu, c, plane);
            continue;
          }
          tile2x16(q, first, last, a, bias0, bias1, relu, tile, COLUMNS << 2);
          const count = <usize>min(COLUMNS, width - w);
          const lines2: usize = both ? 2 : 1;
          for (let r: usize = 0; r < lines2; r++) {
            for (let j: usize = 0; j < count; j++) store<f32>(c + r * plane + j * step, load<f32>(tile + (r << 6) + (j << 2)));
          }
        }
        w += COLUMNS;
        if (w >= width) break;
        // The last tile begins earlier and computes some pixels again, to the same values.
        if (w + COLUMNS > width) w = width - COLUMNS;
      }
    }
  }
}
