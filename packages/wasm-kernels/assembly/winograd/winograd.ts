import { makeSlab, pixelAt, slabChannel, Sweep } from '../conv/sweep';
import { block, TILE_BYTES } from '../gemm/block';
import { MR } from '../gemm/tile';
import { scratch } from '../scratch';
import { lines } from '../simd';
import { transformInput } from './input';
import { PRODUCTS, TILE } from './matrices';
import { transformOutput } from './output';

/** Room between two of the 36 matrices, beside their contents: a power of two would put all of them on one cache set. */
const APART: usize = 64;
/** Bytes for `transformInput` and `transformOutput`, and for a group's 4x4x4 outputs. */
const WORK: usize = 768;

/** Bytes of a tile's place: byte offset within the output's plane, then its rows and columns that lie inside (1 to 4). */
const PLACE: usize = 12;

/** Where the `nt` tiles from `t0` on go. */
function placeTiles(s: Sweep, t0: i32, nt: i32, height: i32, width: i32, to: usize): void {
  let h = t0 / s.gridW;
  let w = t0 - h * s.gridW;
  for (let t = 0; t < nt; t++, to += PLACE) {
    store<i32>(to, (h * TILE * width + w * TILE) << 2);
    store<i32>(to, min(TILE, height - h * TILE), 4);
    store<i32>(to, min(TILE, width - w * TILE), 8);
    if (++w == s.gridW) {
      w = 0;
      h++;
    }
  }
}

/** Writes the outputs of one tile that lie inside: `from` is [row][4 tiles][4]. */
// @ts-ignore: decorator
@inline
function storeTile(from: usize, plane: usize, place: usize, rowBytes: usize): void {
  const rows = load<i32>(place, 4);
  const columns = load<i32>(place, 8);
  let to = plane + <usize>load<i32>(place);
  if (rows == TILE && columns == TILE) {
    v128.store(to, v128.load(from));
    v128.store(to + rowBytes, v128.load(from, 64));
    v128.store(to + 2 * rowBytes, v128.load(from, 128));
    v128.store(to + 3 * rowBytes, v128.load(from, 192));
    return;
  }
  for (let i = 0; i < rows; i++, from += 64, to += rowBytes) {
    for (let j: usize = 0; j < <usize>columns; j++) store<f32>(to + (j << 2), load<f32>(from + (j << 2)));
  }
}

/**
 * out = a 3x3 convolution of stride 1, plus bias[row], then max(0, ·) where `relu`, by Winograd's F(4x4, 3x3).
 *
 * `sweep` has the tiles as its grid, with stride 4 and a reach of 6; its `block` is how many tiles of one image an item does.
 * An item does those of `together` images (of more than one only where an image is one block), for one group: small images
 * share a pass over the weight. `weight`: from `winograd_weight`; `height` and `width` are the output's.
 * Scratch: 4096 + 12 * block + 4 * (together * channels * slab + 36 * (together * (block + 4) + 8) * (channels + rows) + 36 * 16) bytes.
 */
export function winograd(
  source: usize,
  weight: usize,
  bias: usize,
  out: usize,
  sweep: usize,
  images: i32,
  together: i32,
  rows: i32,
  height: i32,
  width: i32,
  relu: i32,
  begin: i32,
  end: i32,
): void {
  const s = changetype<Sweep>(sweep);
  const k = s.channels;
  const groups = s.groups;
  const tiles = s.gridH * s.gridW;
  const blocks = (tiles + s.block - 1) / s.block;
  const runs = (images + together - 1) / together;
  const panelRows = (rows + MR - 1) & ~(MR - 1);
  const matrix = <usize>panelRows * <usize>k << 2;
  const imageBytes = <usize>(k * s.sourceH * s.sourceW) << 2;
  const planeBytes = <usize>(height * width) << 2;
  const outRowBytes = <usize>width << 2;
  const channel = slabChannel(s);
  const rowBytes = <usize>s.slabW << 2;
  const slabBytes: usize = s.inPlace ? 0 : lines(<usize>k * channel);

  const tile = scratch;
  const work = lines(tile + TILE_BYTES);
  const outputs = work + WORK;
  const places = outputs + 256;
  const slabs = lines(places + <usize>s.block * PLACE);
  const transformed = lines(slabs + <usize>together * slabBytes + 64);

  for (let item = begin; item < end; item++) {
    const group = item % groups;
    const rest = item / groups;
    const run = rest / blocks;
    const t0 = (rest - run * blocks) * s.block;
    const nt = min(s.block, tiles - t0);
    const first = run * together;
    const count = min(together, images - first);
    // Columns of an image: its tiles, in fours.
    const quads = (nt + 3) & ~3;
    const n = quads * count;
    const columns = (n + 7) & ~7;
    const inStep = (<usize>columns * <usize>k << 2) + APART;
    const products = lines(transformed + <usize>PRODUCTS * inStep);
    const outStep = (<usize>columns * <usize>rows << 2) + APART;

    for (let i = 0; i < count; i++) {
      const image = source + <usize>((first + i) * groups + group) * imageBytes;
      const base = makeSlab(s, image, t0, t0 + nt, 0, k, slabs + <usize>i * slabBytes);
      // Four tiles at a time; the last four of an image may hold its last tile more than once.
      for (let t = 0; t < nt; t += 4) {
        const last = t0 + nt - 1;
        const p0 = base + pixelAt(s, t0 + t);
        const p1 = base + pixelAt(s, min(t0 + t + 1, last));
        const p2 = base + pixelAt(s, min(t0 + t + 2, last));
        const p3 = base + pixelAt(s, min(t0 + t + 3, last));
        const column = i * quads + t;
        let to = transformed + (<usize>(column >> 3) * <usize>k << 5) + (<usize>(column & 4) << 2);
        for (let at: usize = 0; at < <usize>k * channel; at += channel, to += 32) {
          transformInput(p0 + at, p1 + at, p2 + at, p3 + at, rowBytes, to, inStep, work);
        }
      }
    }

    placeTiles(s, t0, nt, height, width, places);
    const left = weight + <usize>group * <usize>PRODUCTS * matrix;
    for (let e: usize = 0; e < <usize>PRODUCTS; e++) {
      block(rows, columns, k, left + e * matrix, transformed + e * inStep, products + e * outStep, <usize>columns << 2, 0, 0, tile);
    }

    for (let row = 0; row < rows; row++) {
      const add = bias ? load<f32>(bias + (<usize>(group * rows + row) << 2)) : 0;
      for (let i = 0; i < count; i++) {
        const plane = out + <usize>(((first + i) * groups + group) * rows + row) * planeBytes;
        for (let t = 0; t < nt; t += 4) {
          transformOutput(products + (<usize>(row * columns + i * quads + t) << 2), outStep, add, relu, outputs, work);
          const wanted = min(4, nt - t);
          let place = places + <usize>t * PLACE;
          for (let q = 0; q < wanted; q++, place += PLACE) storeTile(outputs + (<usize>q << 4), plane, place, outRowBytes);
        }
      }
    }
  }
}
