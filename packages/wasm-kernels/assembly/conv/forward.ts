import { block, TILE_BYTES } from '../gemm/block';
import { ACCUMULATE, BIAS_ROW, MR, NR, RELU } from '../gemm/tile';
import { scratch } from '../scratch';
import { lines } from '../simd';
import { packPixels } from './panel';
import { makeSlab, pixelsOf, slabChannel, Sweep, tapsOf } from './sweep';

/** Spreads the rows of a block, `nc` pixels from `p0`, over an output whose neighbours are further apart than the grid's. */
function scatter(s: Sweep, from: usize, rows: i32, p0: i32, nc: i32, out: usize): void {
  const step = <usize>s.stepW << 2;
  for (let m = 0; m < rows; m++, out += <usize>s.outSize << 2) {
    let p = p0;
    const end = p0 + nc;
    while (p < end) {
      const row = p / s.gridW;
      const w = p - row * s.gridW;
      const d = row / s.gridH;
      const h = row - d * s.gridH;
      const stop = min(end, (row + 1) * s.gridW);
      let to = out + (<usize>(s.outStart + (d * s.stepD * s.outH + h * s.stepH) * s.outW + w * s.stepW) << 2);
      for (; p < stop; p++, to += step, from += 4) store<f32>(to, load<f32>(from));
    }
  }
}

/**
 * Implicit GEMM: out[image, group, row, pixel] = sum over taps of weight[row, tap] * source[pixel, tap] + bias[row], then
 * max(0, ·) where `relu`. `weight`: each group's [rows, taps], packed by `gemm_pack_a` with the same `kBlock`; `bias` 0 for
 * none; `sweep`: see Sweep. Panels are packed straight from the slab: there is no im2col buffer. An item is a block of
 * pixels of one group of one image, the pixels innermost.
 * Scratch: 256 + 4 * (channels * slab + kBlock * (block + 16) + (rows + 4) * block where outputs are apart) bytes.
 */
export function conv_gemm(
  source: usize,
  weight: usize,
  bias: usize,
  out: usize,
  sweep: usize,
  rows: i32,
  kBlock: i32,
  relu: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Sweep>(sweep);
  const taps = tapsOf(s);
  const k = s.taps;
  const pixels = pixelsOf(s);
  const blocks = (pixels + s.block - 1) / s.block;
  const panelRows = (rows + MR - 1) & ~(MR - 1);
  const imageBytes = <usize>(s.channels * s.sourceD * s.sourceH * s.sourceW) << 2;
  const groupBytes = <usize>rows * <usize>s.outSize << 2;
  const apart = pixels != s.outSize;
  const tile = scratch;
  const slab = lines(scratch + TILE_BYTES);
  const packed = s.inPlace ? slab : lines(slab + <usize>s.channels * slabChannel(s) + 64);
  const result = lines(packed + (<usize>kBlock * <usize>(s.block + 16) << 2));
  for (let item = begin; item < end; item++) {
    const part = item / blocks;
    const p0 = (item - part * blocks) * s.block;
    const nc = min(s.block, pixels - p0);
    const group = part % s.groups;
    const base = makeSlab(s, source + <usize>part * imageBytes, p0, p0 + nc, 0, s.channels, slab);
    const left = weight + (<usize>group * <usize>panelRows * <usize>k << 2);
    const target = out + <usize>part * groupBytes;
    const c = apart ? result : target + (<usize>p0 << 2);
    const ldc = <usize>(apart ? nc : s.outSize) << 2;
    const groupBias = bias + (<usize>(group * rows) << 2);
    for (let k0 = 0; k0 < k; k0 += kBlock) {
      const kc = min(kBlock, k - k0);
      const first = taps + (<usize>k0 << 2);
      for (let j = 0; j < nc; j += NR) {
        packPixels(s, base, p0 + j, min(NR, nc - j), first, first + (<usize>kc << 2), packed + (<usize>j * <usize>kc << 2));
      }
      let mode = k0 > 0 ? ACCUMULATE : 0;
      if (k0 == 0 && bias) mode |= BIAS_ROW;
      if (relu && k0 + kc == k) mode |= RELU;
      block(rows, nc, kc, left + (<usize>k0 * <usize>panelRows << 2), packed, c, ldc, mode, groupBias, tile);
    }
    if (apart) scatter(s, result, rows, p0, nc, target);
  }
}
