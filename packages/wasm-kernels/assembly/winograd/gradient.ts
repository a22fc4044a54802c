import { makeSlab, pixelAt, slabChannel, Sweep } from '../conv/sweep';
import { block, TILE_BYTES } from '../gemm/block';
import { transpose4 } from '../gemm/pack';
import { ACCUMULATE, MR, NR } from '../gemm/tile';
import { scratch } from '../scratch';
import { lines } from '../simd';
import { transformInput } from './input';
import { CUBE_HALF, CUBE_TWO, PRODUCTS, ROOT_HALF, ROOT_TWO } from './matrices';

/** Room between two of the 36 matrices, as in `winograd`. */
const APART: usize = 64;
const WORK: usize = 768;

/** Stores A times the column (y0 ... y3), `step` bytes between its six elements: the powers p^0 .. p^3 of each point. */
// @ts-ignore: decorator
@inline
function timesA(y0: v128, y1: v128, y2: v128, y3: v128, to: usize, step: usize): void {
  const even1 = f32x4.add(y0, f32x4.mul(f32x4.splat(0.5), y2));
  const odd1 = f32x4.add(f32x4.mul(f32x4.splat(ROOT_HALF), y1), f32x4.mul(f32x4.splat(CUBE_HALF), y3));
  const even2 = f32x4.add(y0, f32x4.add(y2, y2));
  const odd2 = f32x4.add(f32x4.mul(f32x4.splat(ROOT_TWO), y1), f32x4.mul(f32x4.splat(CUBE_TWO), y3));
  v128.store(to, y0);
  v128.store(to + step, f32x4.add(even1, odd1));
  v128.store(to + 2 * step, f32x4.sub(even1, odd1));
  v128.store(to + 3 * step, f32x4.add(even2, odd2));
  v128.store(to + 4 * step, f32x4.sub(even2, odd2));
  v128.store(to + 5 * step, y3);
}

/** A y A^T of one 4x4 tile of four channels, whose rows are `row` bytes apart: lanes are channels. `work`: 448 bytes. */
function transformGradient(p0: usize, p1: usize, p2: usize, p3: usize, row: usize, to: usize, step: usize, work: usize): void {
  const line = work;
  const rows = work + 64;
  for (let i: usize = 0; i < 4; i++) {
    transpose4(v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), line, 16);
    timesA(v128.load(line), v128.load(line, 16), v128.load(line, 32), v128.load(line, 48), rows + i * 96, 16);
    p0 += row;
    p1 += row;
    p2 += row;
    p3 += row;
  }
  for (let j: usize = 0; j < 6; j++) {
    const at = rows + (j << 4);
    timesA(v128.load(at), v128.load(at, 96), v128.load(at, 192), v128.load(at, 288), to + j * step, 6 * step);
  }
}

/**
 * Weight gradient of a 3x3 convolution of stride 1 by Winograd's algorithm, the adjoint of `winograd`:
 * dg = G^T [(A dy A^T) * (B^T d B)] G, summed over all tiles. This computes the sums in brackets, in parts:
 * sums[part, group, product, row, channel]; `sum_parts` adds them up, `winograd_weight_output` applies G.
 *
 * `sweep` is that of `winograd`; `gradient` sweeps over dy with the same tiles, stride 4 and a reach of 4. Blocks of tiles of
 * all images are cut into `parts` runs, whatever the threads. An item is a (part, group).
 * Scratch: 4096 + 4 * (channels * slab + rows * slab of dy + 36 * (block * (channels + rows + 12) + 32)) bytes.
 */
export function winograd_weight_sums(
  source: usize,
  dy: usize,
  to: usize,
  sweep: usize,
  gradient: usize,
  images: i32,
  rows: i32,
  parts: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Sweep>(sweep);
  const t = changetype<Sweep>(gradient);
  const k = s.channels;
  const tiles = s.gridH * s.gridW;
  const blocks = (tiles + s.block - 1) / s.block;
  const runs = images * blocks;
  const imageBytes = <usize>(k * s.sourceH * s.sourceW) << 2;
  const dyBytes = <usize>(rows * t.sourceH * t.sourceW) << 2;
  const channel = slabChannel(s);
  const plane = slabChannel(t);
  const matrix = <usize>rows * <usize>k << 2;
  const tile = scratch;
  const work = lines(tile + TILE_BYTES);
  const slab = work + WORK;
  const dySlab = lines(slab + (s.inPlace ? 0 : <usize>k * channel) + 64);
  const left = lines(dySlab + (t.inPlace ? 0 : <usize>rows * plane) + 64);
  const leftStep = ((<usize>((rows + MR - 1) & ~(MR - 1)) * <usize>s.block) << 2) + APART;
  const right = lines(left + <usize>PRODUCTS * leftStep);
  const rightStep = ((<usize>((k + NR - 1) & ~(NR - 1)) * <usize>s.block) << 2) + APART;
  for (let item = begin; item < end; item++) {
    const group = item % s.groups;
    const part = item / s.groups;
    const sums = to + <usize>item * <usize>PRODUCTS * matrix;
    const firstRun = <i32>((<i64>runs * part) / parts);
    const lastRun = <i32>((<i64>runs * (part + 1)) / parts);
    for (let run = firstRun; run < lastRun; run++) {
      const image = run / blocks;
      const t0 = (run - image * blocks) * s.block;
      const n = min(s.block, tiles - t0);
      const index = <usize>(image * s.groups + group);
      const base = makeSlab(s, source + index * imageBytes, t0, t0 + n, 0, k, slab);
      const dyBase = makeSlab(t, dy + index * dyBytes, t0, t0 + n, 0, rows, dySlab);
      // Panels [channels / 8][tile][8] and [rows / 4][tile][4]; channels that are too many repeat the last one.
      for (let q = 0; q < n; q++) {
        const at = base + pixelAt(s, t0 + q);
        for (let c = 0; c < k; c += 4) {
          const panel = right + (<usize>(c >> 3) * <usize>n << 5) + (<usize>q << 5) + (<usize>(c & 4) << 2);
          const p0 = at + <usize>c * channel;
          const p1 = at + <usize>min(c + 1, k - 1) * channel;
          const p2 = at + <usize>min(c + 2, k - 1) * channel;
          transformInput(p0, p1, p2, at + <usize>min(c + 3, k - 1) * channel, <usize>s.slabW << 2, panel, rightStep, work);
        }
        const from = dyBase + pixelAt(t, t0 + q);
        for (let o = 0; o < rows; o += 4) {
          const panel = left + (<usize>(o >> 2) * <usize>n << 4) + (<usize>q << 4);
          const p0 = from + <usize>o * plane;
          const p1 = from + <usize>min(o + 1, rows - 1) * plane;
          const p2 = from + <usize>min(o + 2, rows - 1) * plane;
          transformGradient(p0, p1, p2, from + <usize>min(o + 3, rows - 1) * plane, <usize>t.slabW << 2, panel, leftStep, work);
        }
      }
      const mode = run > firstRun ? ACCUMULATE : 0;
      for (let e: usize = 0; e < <usize>PRODUCTS; e++) {
        block(rows, k, n, left + e * leftStep, right + e * rightStep, sums + e * matrix, <usize>k << 2, mode, 0, tile);
      }
    }
  }
}

/** Stores G^T times the column (m0 ... m5), `step` bytes between its three elements. */
// @ts-ignore: decorator
@inline
function timesGT(m0: v128, m1: v128, m2: v128, m3: v128, m4: v128, m5: v128, to: usize, step: usize): void {
  const twoThirds = f32x4.splat(-2.0 / 3.0);
  const sixth = f32x4.splat(1.0 / 6.0);
  const s1 = f32x4.mul(twoThirds, f32x4.add(m1, m2));
  const d1 = f32x4.mul(twoThirds, f32x4.sub(m1, m2));
  const s2 = f32x4.mul(sixth, f32x4.add(m3, m4));
  const d2 = f32x4.mul(sixth, f32x4.sub(m3, m4));
  v128.store(to, f32x4.add(m0, f32x4.add(s1, s2)));
  v128.store(to + step, f32x4.add(f32x4.mul(f32x4.splat(ROOT_HALF), d1), f32x4.mul(f32x4.splat(ROOT_TWO), d2)));
  v128.store(to + 2 * step, f32x4.add(m5, f32x4.add(f32x4.mul(f32x4.splat(0.5), s1), f32x4.add(s2, s2))));
}

/**
 * out[row, channel, 3, 3] = (accumulate ? out : 0) + G^T sums G, of sums[group, product, row, channel] with `rows` rows a
 * group. An item is a row. Scratch: 1024 bytes.
 */
export function winograd_weight_output(sums: usize, rows: i32, channels: i32, out: usize, accumulate: i32, begin: i32, end: i32): void {
  const matrix = <usize>rows * <usize>channels << 2;
  const half = scratch;
  const result = scratch + 18 * 16;
  for (let item = begin; item < end; item++) {
    const group = item / rows;
    const row = item - group * rows;
    const from = sums + <usize>group * <usize>PRODUCTS * matrix + (<usize>row * <usize>channels << 2);
    let to = out + (<usize>item * <usize>channels * 9 << 2);
    for (let c = 0; c < channels; c += 4) {
      const at = from + (<usize>c << 2);
      for (let j: usize = 0; j < 6; j++) {
        const m = at + j * matrix;
        const down: usize = 6 * matrix;
        timesGT(
          v128.load(m),
          v128.load(m + down),
          v128.load(m + 2 * down),
          v128.load(m + 3 * down),
          v128.load(m + 4 * down),
          v128.load(m + 5 * down),
          half + (j << 4),
          96,
        );
      }
      for (let i: usize = 0; i < 3; i++) {
        const h = half + i * 96;
        timesGT(v128.load(h), v128.load(h, 16), v128.load(h, 32), v128.load(h, 48), v128.load(h, 64), v128.load(h, 80), result + i * 48, 16);
      }
      const count = min(4, channels - c);
      for (let q = 0; q < count; q++, to += 36) {
        for (let i: usize = 0; i < 9; i++) {
          const v = load<f32>(result + (i << 4) + (<usize>q << 2));
          const o = to + (i << 2);
          store<f32>(o, accumulate ? load<f32>(o) + v : v);
        }
      }
    }
  }
}
