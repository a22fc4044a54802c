import { MR } from '../gemm/tile';

/**
 * Packs the weight of an input gradient for `conv_gemm`: rows are the input channels of a group, taps the pairs (output
 * channel, kernel position) in that order. weight is `[groups * outChannels, inChannels, volume]`; `positions` lists the
 * `count` kernel positions (i32) that take part. `kBlock` as in `gemm_pack_a`. An item is a panel of 4 input channels.
 */
export function conv_pack_flipped(
  weight: usize,
  outChannels: i32,
  inChannels: i32,
  volume: i32,
  positions: usize,
  count: i32,
  kBlock: i32,
  to: usize,
  begin: i32,
  end: i32,
): void {
  const panels = (inChannels + MR - 1) / MR;
  const k = outChannels * count;
  const groupSize = <usize>(panels * MR) * <usize>k;
  const volumeBytes = <usize>volume << 2;
  for (let item = begin; item < end; item++) {
    const group = item / panels;
    const c = (item - group * panels) * MR;
    const rows = min(MR, inChannels - c);
    const from = weight + <usize>(group * outChannels * inChannels + c) * volumeBytes;
    const out = to + (<usize>group * groupSize << 2);
    let o = 0;
    let t = 0;
    for (let k0 = 0; k0 < k; k0 += kBlock) {
      const kc = min(kBlock, k - k0);
      let panel = out + ((<usize>k0 * <usize>(panels * MR) + <usize>c * <usize>kc) << 2);
      for (let i = 0; i < kc; i++, panel += 16) {
        let at = from + <usize>(o * inChannels) * volumeBytes + (<usize>load<i32>(positions + (<usize>t << 2)) << 2);
        for (let r = 0; r < MR; r++, at += volumeBytes) store<f32>(panel + (<usize>r << 2), r < rows ? load<f32>(at) : 0);
        if (++t == count) {
          t = 0;
          o++;
        }
      }
    }
  }
}
