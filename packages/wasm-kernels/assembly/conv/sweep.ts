/**
 * A sweep of windows over images: what the forward pass, each phase of the input gradient and the weight gradient share.
 *
 * Output pixel (d, h, w) of the grid at tap t reads source element (d, h, w) * stride - pad + offset(t), for all channels of
 * a group. Sources are read through a *slab*: a copy of just the rows that a block of pixels reads, zero where the padding
 * is, so that an element's address is the pixel's plus the tap's. Without padding the image is its own slab.
 *
 * The host writes these fields in this order, all i32, then `taps` byte offsets within the slab.
 */
@unmanaged
export class Sweep {
  /** Channels of the source in one group. */
  channels: i32;
  groups: i32;
  sourceD: i32;
  sourceH: i32;
  sourceW: i32;
  /** Margin before the source; negative: so much of the source is never read. */
  padD: i32;
  padH: i32;
  padW: i32;
  strideD: i32;
  strideH: i32;
  strideW: i32;
  gridD: i32;
  gridH: i32;
  gridW: i32;
  /** Source elements that the taps of one pixel span. */
  reachD: i32;
  reachH: i32;
  /** Extents of a slab's channel, enough for any block. */
  slabD: i32;
  slabH: i32;
  slabW: i32;
  /** The image is its own slab: nothing is copied. */
  inPlace: i32;
  /** Pixels of a block. */
  block: i32;
  /** channels * kernel positions */
  taps: i32;
  /** Distance of grid neighbours in the output, and the whole output's extents: 1 and the grid's, but for phases. */
  stepD: i32;
  stepH: i32;
  stepW: i32;
  outH: i32;
  outW: i32;
  /** Elements of one output channel, and where the grid begins in it. */
  outSize: i32;
  outStart: i32;
}

/** Bytes of the fields before the table of taps. */
export const SWEEP_BYTES: usize = offsetof<Sweep>();

/** The byte offset of tap `t`: 4 bytes at `tapsOf(s) + 4 t`. */
// @ts-ignore: decorator
@inline
export function tapsOf(s: Sweep): usize {
  return changetype<usize>(s) + SWEEP_BYTES;
}

// @ts-ignore: decorator
@inline
export function pixelsOf(s: Sweep): i32 {
  return s.gridD * s.gridH * s.gridW;
}

// @ts-ignore: decorator
@inline
export function slabChannel(s: Sweep): usize {
  return (<usize>s.slabD * <usize>s.slabH * <usize>s.slabW) << 2;
}

/** First and last grid row of the pixels [p0, p1) whose rows a slab holds; with depth, all rows. */
// @ts-ignore: decorator
@inline
function firstRow(s: Sweep, p0: i32): i32 {
  return s.gridD > 1 ? 0 : p0 / s.gridW;
}

// @ts-ignore: decorator
@inline
function firstSlice(s: Sweep, p0: i32): i32 {
  return s.gridD > 1 ? p0 / (s.gridH * s.gridW) : 0;
}

/** Copies n floats. */
function copyRow(from: usize, to: usize, n: i32): void {
  const end4 = to + (<usize>(n >> 2) << 4);
  const end = to + (<usize>n << 2);
  for (; to != end4; to += 16, from += 16) v128.store(to, v128.load(from));
  for (; to != end; to += 4, from += 4) store<f32>(to, load<f32>(from));
}

/**
 * The slab of the pixels [p0, p1): channels [c0, c1) of `image`, copied to `to`. Returns the address that `pixelAt` counts
 * from. In place: the image's own address.
 */
export function makeSlab(s: Sweep, image: usize, p0: i32, p1: i32, c0: i32, c1: i32, to: usize): usize {
  const d0 = firstSlice(s, p0);
  const h0 = firstRow(s, p0);
  const height = s.sourceH;
  const width = s.sourceW;
  const channel = slabChannel(s);
  if (s.inPlace) return image - ((<usize>(s.padD * s.sourceH + s.padH) * <usize>s.sourceW + <usize>s.padW) << 2);
  const d1 = s.gridD > 1 ? (p1 - 1) / (s.gridH * s.gridW) : 0;
  const h1 = s.gridD > 1 ? s.gridH - 1 : (p1 - 1) / s.gridW;
  const slices = (d1 - d0) * s.strideD + s.reachD;
  const rows = (h1 - h0) * s.strideH + s.reachH;
  const z0 = d0 * s.strideD - s.padD;
  const y0 = h0 * s.strideH - s.padH;
  // Of a slab's row: zeros up to `left`, the source up to `right`, zeros up to `slabW`.
  const left = min(max(s.padW, 0), s.slabW);
  const right = max(left, min(width + s.padW, s.slabW));
  const skip = <usize>max(-s.padW, 0) << 2;
  const rowBytes = <usize>s.slabW << 2;
  const margins = left > 0 || right < s.slabW;
  for (let c = c0; c < c1; c++) {
    const plane = image + ((<usize>c * <usize>(s.sourceD * height * width)) << 2);
    for (let z = 0; z < slices; z++) {
      const inDepth = <u32>(z0 + z) < <u32>s.sourceD;
      let row = to + <usize>c * channel + <usize>(z * s.slabH) * rowBytes;
      for (let y = 0; y < rows; y++, row += rowBytes) {
        if (!inDepth || <u32>(y0 + y) >= <u32>height) {
          memory.fill(row, 0, rowBytes);
          continue;
        }
        const from = plane + ((<usize>((z0 + z) * height + y0 + y) * <usize>width) << 2) + skip;
        if (margins) {
          for (let x = 0; x < left; x++) store<f32>(row + (<usize>x << 2), 0);
          for (let x = right; x < s.slabW; x++) store<f32>(row + (<usize>x << 2), 0);
        }
        copyRow(from, row + (<usize>left << 2), right - left);
      }
    }
  }
  return to - ((<usize>(d0 * s.strideD * s.slabH + h0 * s.strideH) * <usize>s.slabW) << 2);
}

/** Byte offset of pixel `p` from what `makeSlab` has returned. */
// @ts-ignore: decorator
@inline
export function pixelAt(s: Sweep, p: i32): usize {
  const row = p / s.gridW;
  const w = p - row * s.gridW;
  let h = row;
  let d = 0;
  if (s.gridD > 1) {
    d = row / s.gridH;
    h = row - d * s.gridH;
  }
  return (<usize>((d * s.strideD * s.slabH + h * s.strideH) * s.slabW + w * s.strideW)) << 2;
}
