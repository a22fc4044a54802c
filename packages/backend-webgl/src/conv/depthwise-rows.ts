/**
 * Groups of one input channel whose windows move by one along a row (kernels of 2 to 7 there). It is also their input
 * gradient where no axis has a stride: the kernel turned around, and the `multiplier` output channels of a group summed.
 *
 * The operand lies by rows in a frame (`row-frame.ts`), so that nothing is checked. An invocation has a texel of the row-major
 * result. Where rows of it are whole texels (`aligned`), what its 4 pixels see begins with a texel, too. Where they are not,
 * its elements may lie in several rows: see `depthwise.ts`.
 */
import type { ActivationKind, ConvGeometry, Spatial, TensorRef } from '@konv/core-tensor';
import { activationCode } from '../activation.js';
import type { Engine } from '../engine.js';
import { define, repeat, withScratch } from '../gl/define.js';
import type { Kernel } from '../gl/kernel.js';
import { elementsInRows } from './depthwise.js';
import { type ConvPlan, type Frame, perAxis } from './plan.js';
import { frameRows, list, texelsOf, window } from './row-frame.js';

/** A convolution as this kernel sees it, in either direction. */
interface DepthwiseRows {
  readonly image: Spatial;
  readonly size: Spatial;
  readonly frame: Frame;
  /** Planes of the operand and of the result. */
  readonly planes: number;
  readonly channels: number;
  /** Planes of the result for one of the operand, and the other way round: one of them is 1. */
  readonly share: number;
  readonly summed: number;
  readonly turned: boolean;
}

const servesKernel = (g: ConvGeometry): boolean => g.kernel[2] >= 2 && g.kernel[2] <= 7 && g.stride[2] === 1 && g.dilation[2] === 1;

export const servesDepthwise = servesKernel;
export const servesDepthwiseGradient = (g: ConvGeometry): boolean => servesKernel(g) && g.stride[0] === 1 && g.stride[1] === 1;

export function depthwiseForwardRows(g: ConvGeometry, { outPer, xFrame }: ConvPlan): DepthwiseRows {
  return {
    image: g.inSize,
    size: g.outSize,
    frame: xFrame,
    planes: g.batch * g.inChannels,
    channels: g.outChannels,
    share: outPer,
    summed: 1,
    turned: false,
  };
}

export function depthwiseGradientRows(g: ConvGeometry, { outPer }: ConvPlan): DepthwiseRows {
  const margin = perAxis((a) => g.dilation[a] * (g.kernel[a] - 1));
  return {
    image: g.outSize,
    size: g.inSize,
    frame: { low: perAxis((a) => margin[a] - g.padLow[a]), size: perAxis((a) => g.inSize[a] + margin[a]) },
    planes: g.batch * g.outChannels,
    channels: g.inChannels,
    share: 1,
    summed: outPer,
    turned: true,
  };
}

function kernelOf(width: number, aligned: boolean, bias: boolean, activation: ActivationKind | null): Kernel {
  const four = aligned ? 1 : 4;
  const fetch = aligned ? 'x_texel' : 'x_four';
  return define(`depthwise rows ${width} taps${aligned ? ' aligned' : ''}${bias ? ' bias' : ''} ${activation ?? ''}`, () => ({
    inputs: { x: 'float32', w: 'float32', ...(bias ? { bias: 'float32' as const } : {}) },
    output: 'float32',
    uniforms: {
      size: 'ivec3',
      channels: 'int',
      share: 'int',
      summed: 'int',
      count: 'ivec2',
      step: 'ivec2',
      hop: 'ivec2',
      plane: 'int',
      first: 'int',
      firstTap: 'int',
      tapStep: 'int',
    },
    body: `${activationCode(activation)}
// All steps are in ${aligned ? 'texels' : 'elements'}.
vec4 rowSum(int nc, int z, int y, int x) {
  int c = nc % channels;
  int rows = count.x * count.y;
  int at = first + nc / share * summed * plane + z * step.x + y * step.y + ${aligned ? 'x / 4' : 'x'};
  int k = w_at + c * summed * rows * ${width} + firstTap;
  vec4 sum = vec4(${bias ? 'bias_el(bias_at + c)' : '0.0'});
  int kz = 0, ky = 0;
  for (int left = summed * rows; left > 0; left--) {
    int p = at + kz * hop.x + ky * hop.y;
${repeat(texelsOf(width, 1), (i) => `    vec4 p${i} = ${fetch}(p + ${i * four});`)}
    sum += ${list(width, (i) => `w_el(k + ${i} * tapStep) * ${window(i)}`).join(' + ')};
    k += ${width} * tapStep;
    if (++ky == count.y) {
      ky = 0;
      if (++kz == count.x) {
        kz = 0;
        at += plane;
        k += (rows * ${width}) * (1 - tapStep);
      }
    }
  }
  return sum;
}
void compute(int t) {
${aligned ? elementsInRows(1) : elementsInRows(4)}
  out0 = activate(sums);
}`,
  }));
}

export function depthwiseRows(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  g: ConvGeometry,
  r: DepthwiseRows,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  const width = g.kernel[2];
  const taps = g.kernel[0] * g.kernel[1] * width;
  const aligned = r.size[2] % 4 === 0;
  const rowTexels = Math.ceil(r.size[2] / 4) - 1 + texelsOf(width, 1);
  withScratch((keep) => {
    const image = frameRows(engine, keep, x, r.planes, r.image, r.frame, rowTexels);
    const row = aligned ? rowTexels : 4 * rowTexels;
    const depth = r.frame.size[1] * row;
    engine.compute(
      kernelOf(width, aligned, bias !== null, activation),
      {
        inputs: { x: image.input, w: weight, ...(bias ? { bias } : {}) },
        uniforms: {
          size: r.size,
          channels: r.channels,
          share: r.share,
          summed: r.summed,
          count: [g.kernel[0], g.kernel[1]],
          step: [g.stride[0] * depth, g.stride[1] * row],
          hop: [g.dilation[0] * depth, g.dilation[1] * row],
          plane: r.frame.size[0] * depth,
          first: aligned ? image.first : 4 * image.first,
          firstTap: r.turned ? taps - 1 : 0,
          tapStep: r.turned ? -1 : 1,
        },
      },
      out,
    );
  });
}
