import type { ConvGeometry } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { isDepthwise } from './depthwise.js';
import { isFlat } from './direct.js';

/** The algorithms, the most special first. */
export type Algorithm = 'depthwise' | 'winograd' | 'direct' | 'gemm';
export type Pass = 'forward' | 'input gradient' | 'weight gradient';

interface Rule {
  readonly algorithm: Algorithm;
  readonly passes: readonly Pass[];
  readonly when: (g: ConvGeometry, pass: Pass) => boolean;
  /** What was measured, one core of a Zen 4, Node 20. */
  readonly because: string;
}

const channelsIn = (g: ConvGeometry) => g.inChannels / g.groups;
const channelsOut = (g: ConvGeometry) => g.outChannels / g.groups;
/** Channels that a pass writes, and the width of what it sweeps over in one phase. */
const written = (g: ConvGeometry, pass: Pass) => (pass === 'input gradient' ? channelsIn(g) : channelsOut(g));
const width = (g: ConvGeometry, pass: Pass) => (pass === 'input gradient' ? g.inSize[2] / g.stride[2] : g.outSize[2]);
const square = (g: ConvGeometry, key: 'kernel' | 'stride' | 'dilation', n: number) => g[key][1] === n && g[key][2] === n;

/** 3x3, stride 1, two dimensions, with channels enough to repay the transforms. */
function suitsWinograd(g: ConvGeometry): boolean {
  const dense = square(g, 'kernel', 3) && square(g, 'stride', 1) && square(g, 'dilation', 1);
  return isFlat(g) && dense && channelsIn(g) >= 16 && channelsOut(g) >= 16;
}

/** Which algorithm serves which convolution: the first rule that holds. */
const rules: readonly Rule[] = [
  {
    algorithm: 'depthwise',
    passes: ['forward', 'input gradient', 'weight gradient'],
    when: isDepthwise,
    because: 'a GEMM of one row wastes three of its four: 0.2 times its time at 3x3',
  },
  {
    algorithm: 'winograd',
    passes: ['forward', 'input gradient'],
    when: suitsWinograd,
    because: 'a quarter of the products: 2 to 2.7 times as fast as gemm at 64 to 256 channels; below 16 the transforms eat it up',
  },
  {
    algorithm: 'winograd',
    passes: ['weight gradient'],
    when: (g) => suitsWinograd(g) && channelsIn(g) * channelsOut(g) <= 100_000,
    because:
      '1.9 to 2.5 times as fast as gemm at 64 to 256 channels; beyond, the sums of all 36 products fill too much memory to be had in parts',
  },
  {
    algorithm: 'direct',
    passes: ['forward', 'input gradient'],
    when: (g, pass) => isFlat(g) && (pass === 'input gradient' || g.stride[2] === 1) && written(g, pass) <= 8 && width(g, pass) >= 12,
    because:
      'two tiles of four rows do not repay packing a panel: 0.6 times the time of gemm at 6 channels; rows of 16 pixels waste narrow images',
  },
  {
    algorithm: 'direct',
    passes: ['weight gradient'],
    when: (g) =>
      isFlat(g) && g.stride[2] === 1 && channelsOut(g) <= 8 && channelsIn(g) * g.kernel[1] * g.kernel[2] <= 64 && g.outSize[2] >= 12,
    because: 'packing both operands costs as much as the sums: 0.8 times the time of gemm at 6 channels and 25 taps',
  },
  { algorithm: 'gemm', passes: ['forward', 'input gradient', 'weight gradient'], when: () => true, because: 'serves any geometry' },
];

export function choose(engine: Engine, g: ConvGeometry, pass: Pass): Algorithm {
  for (const { algorithm, passes, when } of rules) {
    if (algorithm === 'winograd' && engine.strictNumerics) continue;
    if (passes.includes(pass) && when(g, pass)) return algorithm;
  }
  return 'gemm';
}
