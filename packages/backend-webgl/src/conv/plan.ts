import type { ConvGeometry, Spatial } from '@konv/core-tensor';

/** What of an image is packed: from `-low` on, `size` positions an axis; what lies outside of the image is 0. */
export interface Frame {
  readonly low: Spatial;
  readonly size: Spatial;
}

/** Numbers of a convolution that its kernels share. */
export interface ConvPlan {
  /** Channels of one group, and blocks of four of them (the last one may be filled up with zeros). */
  readonly inPer: number;
  readonly outPer: number;
  readonly inBlocks: number;
  readonly outBlocks: number;
  /** Input channels of a block that are there: 4, or fewer if there is only one block. */
  readonly lanes: number;
  /** Elements of the kernel. */
  readonly taps: number;
  /** x as windows see it: all that any window reaches, and no more. */
  readonly xFrame: Frame;
  /** dy as the windows of the input gradient see it. */
  readonly dyFrame: Frame;
}

export const volume = (s: Spatial): number => s[0] * s[1] * s[2];

/** [f(0), f(1), f(2)] */
export function perAxis(f: (axis: 0 | 1 | 2) => number): Spatial {
  return [f(0), f(1), f(2)];
}

export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

const plans = new WeakMap<ConvGeometry, ConvPlan>();

export function convPlan(g: ConvGeometry): ConvPlan {
  let plan = plans.get(g);
  if (!plan) {
    plan = makePlan(g);
    plans.set(g, plan);
  }
  return plan;
}

function makePlan(g: ConvGeometry): ConvPlan {
  const inPer = g.inChannels / g.groups;
  const outPer = g.outChannels / g.groups;
  const inBlocks = Math.ceil(inPer / 4);
  // Input pixel i sees output pixel (i + padLow - k dilation) / stride where that is whole: least for the last tap.
  const low = perAxis((a) => Math.max(0, Math.ceil((g.dilation[a] * (g.kernel[a] - 1) - g.padLow[a]) / g.stride[a])));
  return {
    inPer,
    outPer,
    inBlocks,
    outBlocks: Math.ceil(outPer / 4),
    lanes: Math.min(4, inPer),
    taps: volume(g.kernel),
    xFrame: { low: g.padLow, size: perAxis((a) => (g.outSize[a] - 1) * g.stride[a] + g.dilation[a] * (g.kernel[a] - 1) + 1) },
    dyFrame: { low, size: perAxis((a) => low[a] + Math.floor((g.inSize[a] - 1 + g.padLow[a]) / g.stride[a]) + 1) },
  };
}
