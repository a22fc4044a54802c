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
  /** The taps of the only phase are three rows of three, equally spaced. */
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
  to += <usize>p.top * rowBytes(p);
  for (let y = 0; y < p.copyH; y++, from += <usize>p.sourceW << 2, to += rowBytes(p)) {
    let x = 0;
    if (split == 1) {
      const at = to + columnAt(p, 0);
      for (; x + 4 <= width; x += 4) v128.store(at + (<usize>x << 2), v128.load(from + (<usize>x << 2)));
    } else if (split == 2) {
      const evens = to + columnAt(p, 0);
      const odds = to + columnAt(p, 1);
      for (; x + 8 <= width; x += 8) {
        const a = v128.load(from + (<usize>x << 2));
        const b = v128.load(from + (<usize>x << 2), 16);
        v128.store(evens + (<usize>x << 1), v128.shuffle<i32>(a, b, 0, 2, 4, 6));
        v128.store(odds + (<usize>x << 1), v128.shuffle<i32>(a, b, 1, 3, 5, 7));
      }
    }
    for (; x < width; x++) store<f32>(to + columnAt(p, x), load<f32>(from + (<usize>x << 2)));
  }
}
