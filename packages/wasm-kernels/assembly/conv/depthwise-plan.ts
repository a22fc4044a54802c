/**
 * A depthwise pass as the host lays it out: i32 each, followed by `phasesH * phasesW + 1` starts of the phases' lists of
 * taps, then the taps' byte offsets within the copied planes, then their positions in the weight.
 *
 * Both directions are one computation: out[row, column] = sum of the taps of its phase, weight[position] * copy[offset].
 * The planes read are first copied with zeros around them, so that no tap needs a check.
 * - Forward: one source plane, one target for each multiple; the copy's columns are dealt out into `split` = stride
 *   segments, so that the taps of neighbouring outputs are neighbours. One phase.
 * - Input gradient: the multiples' dy are sources of one target. Row y of dx meets only the taps ky with
 *   y + padding - ky dilation = stride oy: with y mod stride, and likewise for columns, these are the phases.
 */
@unmanaged
export class DepthwisePlan {
  channels: i32;
  sources: i32;
  targets: i32;
  /** Size of a source plane, and what of it is copied. */
  sourceH: i32;
  sourceW: i32;
  copyH: i32;
  copyW: i32;
  /** The copy: zeros before the first row and column; rows of `split` segments of `segment` floats. */
  top: i32;
  left: i32;
  rows: i32;
  split: i32;
  segment: i32;
  /** Rows of the copy from an output row to the next of its phase. */
  step: i32;
  outH: i32;
  outW: i32;
  phasesH: i32;
  phasesW: i32;
  /** In all phases together. */
  taps: i32;
  /** Floats of a channel's weight in one of its planes. */
  weightSize: i32;
  /** The taps of the only phase are three rows of three, one `step` apart. */
  threeByThree: i32;
}

/** Bytes of a row of a copied plane. */
// @ts-ignore: decorator
@inline
export function rowBytes(p: DepthwisePlan): usize {
  return <usize>(p.split * p.segment) << 2;
}

/** Bytes of a copied plane. */
// @ts-ignore: decorator
@inline
export function copyBytes(p: DepthwisePlan): usize {
  return <usize>p.rows * rowBytes(p);
}

/** i32: where the list of each phase begins, and the end of the last. */
// @ts-ignore: decorator
@inline
export function startsOf(p: DepthwisePlan): usize {
  return changetype<usize>(p) + offsetof<DepthwisePlan>();
}

/** i32: the taps' byte offsets. */
// @ts-ignore: decorator
@inline
export function offsetsOf(p: DepthwisePlan): usize {
  return startsOf(p) + (<usize>(p.phasesH * p.phasesW + 1) << 2);
}

/** i32: the taps' positions in the weight. */
// @ts-ignore: decorator
@inline
export function positionsOf(p: DepthwisePlan): usize {
  return offsetsOf(p) + (<usize>p.taps << 2);
}

/** Where in a row of the copy the source's column x stands. */
// @ts-ignore: decorator
@inline
function columnAt(p: DepthwisePlan, x: i32): usize {
  const column = x + p.left;
  return <usize>((column % p.split) * p.segment + column / p.split) << 2;
}

/** Copies a plane into its zeros. */
export function copyPlane(p: DepthwisePlan, from: usize, to: usize): void {
  const split = p.split;
  const width = p.copyW;
  const step = rowBytes(p);
  const source = <usize>p.sourceW << 2;
  to += <usize>p.top * step;
  if (split == 1) {
    to += columnAt(p, 0);
    for (let y = 0; y < p.copyH; y++, from += source, to += step) {
      let x = 0;
      for (; x + 4 <= width; x += 4) v128.store(to + (<usize>x << 2), v128.load(from + (<usize>x << 2)));
      for (; x < width; x++) store<f32>(to + (<usize>x << 2), load<f32>(from + (<usize>x << 2)));
    }
    return;
  }
  for (let first = 0; first < split; first++) {
    const segment = columnAt(p, first);
    for (let y = 0; y < p.copyH; y++) {
      let at = from + <usize>y * source + (<usize>first << 2);
      let out = to + <usize>y * step + segment;
      let x = first;
      if (split == 2) {
        for (; x + 8 <= width; x += 8, at += 32, out += 16) v128.store(out, v128.shuffle<i32>(v128.load(at), v128.load(at, 16), 0, 2, 4, 6));
      }
      for (; x < width; x += split, at += <usize>split << 2, out += 4) store<f32>(out, load<f32>(at));
    }
  }
}
