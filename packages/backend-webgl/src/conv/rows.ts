/**
 * Convolutions whose windows move by one along a row (stride and dilation 1 there, kernels of 2 to 7): whole rows of pixels
 * against one channel after the other. It is also the input gradient where no axis has a stride: a convolution of dy with the
 * kernel turned around and the channels' roles exchanged.
 *
 *     image    as `row-frame.ts` says
 *
 *     weight   texel   ((g outBlocks + o) channels + c) taps + k
 *              lanes   w[output channels 4 o to 4 o + 3 of the group][c][tap k], 0 for channels that are not there
 *
 * An invocation has 4 output channels of 4 `halves` neighbouring pixels. Since pixels begin with a texel of the frame, what a
 * tap sees are 4 elements of two texels at places that are known when the program is written:
 *
 *     texels        | 0 1 2 3 | 4 5 6 7 | 8 ...
 *     tap 0           -------   -------
 *     tap 1             -------- --------
 *     tap 2               ------- --------
 *
 * A row of 5 taps takes 3 fetches of the image and 5 of the weights for 160 multiplications.
 *
 *     result   texel   ((n groups + g) outBlocks + o) rows + row) across + j
 *              layer   channel mod 4 times halves + h, lanes: pixels (j halves + h) 4 to that + 3
 */
import type { ActivationKind, ConvGeometry, Spatial, TensorRef } from '@konv/core-tensor';
import { activationCode } from '../activation.js';
import type { Engine } from '../engine.js';
import { define, repeat, withScratch } from '../gl/define.js';
import type { Kernel } from '../gl/kernel.js';
import type { Texture } from '../gl/texture.js';
import { type ConvPlan, type Frame, perAxis } from './plan.js';
import { frameRows, lane, list, texelsOf, window } from './row-frame.js';

/** A convolution as these kernels see it, in either direction. */
interface Rows {
  readonly batch: number;
  readonly groups: number;
  /** Channels of one group: of the result, and those that are summed. */
  readonly outPer: number;
  readonly channels: number;
  /** Of the operand and of the result. */
  readonly image: Spatial;
  readonly size: Spatial;
  readonly kernel: Spatial;
  readonly stride: Spatial;
  readonly dilation: Spatial;
  readonly frame: Frame;
  /** Elements of the weight from one group, output channel, summed channel to the next. */
  readonly weightSteps: Spatial;
  /** Taps are taken from the last to the first. */
  readonly turned: boolean;
}

const servesKernel = (g: ConvGeometry): boolean => g.kernel[2] >= 2 && g.kernel[2] <= 7 && g.stride[2] === 1 && g.dilation[2] === 1;

export const servesForward = servesKernel;
export const servesGradient = (g: ConvGeometry): boolean => servesKernel(g) && g.stride[0] === 1 && g.stride[1] === 1;

export function forwardRows(g: ConvGeometry, { inPer, outPer, taps, xFrame }: ConvPlan): Rows {
  return {
    batch: g.batch,
    groups: g.groups,
    outPer,
    channels: inPer,
    image: g.inSize,
    size: g.outSize,
    kernel: g.kernel,
    stride: g.stride,
    dilation: g.dilation,
    frame: xFrame,
    weightSteps: [outPer * inPer * taps, inPer * taps, taps],
    turned: false,
  };
}

export function gradientRows(g: ConvGeometry, { inPer, outPer, taps }: ConvPlan): Rows {
  const margin = perAxis((a) => g.dilation[a] * (g.kernel[a] - 1));
  return {
    batch: g.batch,
    groups: g.groups,
    outPer: inPer,
    channels: outPer,
    image: g.outSize,
    size: g.inSize,
    kernel: g.kernel,
    stride: g.stride,
    dilation: g.dilation,
    frame: { low: perAxis((a) => margin[a] - g.padLow[a]), size: perAxis((a) => g.inSize[a] + margin[a]) },
    weightSteps: [outPer * inPer * taps, taps, inPer * taps],
    turned: true,
  };
}

const weightKernel = () =>
  define('conv rows weight', () => ({
    inputs: { w: 'float32' },
    output: 'float32',
    uniforms: { outPer: 'int', outBlocks: 'int', channels: 'int', taps: 'int', steps: 'ivec3', tapStep: 'int', firstTap: 'int' },
    body: `void compute(int t) {
  int q = t / taps;
  int k = t - q * taps;
  int q1 = q / channels;
  int c = q - q1 * channels;
  int g = q1 / outBlocks;
  int o = (q1 - g * outBlocks) << 2;
  int e = w_at + g * steps.x + o * steps.y + c * steps.z + firstTap + k * tapStep;
  int left = outPer - o;
  out0 = vec4(w_el(e), 0.0, 0.0, 0.0);
  if (left > 1) out0.y = w_el(e + steps.y);
  if (left > 2) out0.z = w_el(e + 2 * steps.y);
  if (left > 3) out0.w = w_el(e + 3 * steps.y);
}`,
  }));

function rowsKernel(width: number, halves: number): Kernel {
  const accumulators = list(4 * halves, (i) => `a${i}`);
  const sums = (i: number): string => {
    const [o, h] = [Math.floor(i / halves), i % halves];
    return `    a${i} += ${list(width, (k) => `w${k}.${lane(o)} * v${4 * h + k}`).join(' + ')};`;
  };
  const firsts = [...new Set(list(halves * width, (i) => 4 * (i % halves) + Math.floor(i / halves)))];
  return define(`conv rows ${width} taps ${halves}`, () => ({
    inputs: { x: 'float32', w: 'float32' },
    output: 'float32',
    targets: 4 * halves,
    uniforms: {
      groups: 'int',
      outBlocks: 'int',
      channels: 'int',
      size: 'ivec2',
      across: 'int',
      count: 'ivec2',
      step: 'ivec2',
      hop: 'ivec2',
      plane: 'int',
      first: 'int',
    },
    body: `void compute(int t) {
  int q = t / across;
  int j = t - q * across;
  int q1 = q / size.y;
  int y = q - q1 * size.y;
  int q2 = q1 / size.x;
  int z = q1 - q2 * size.x;
  int n = q2 / outBlocks;
  int o = q2 - n * outBlocks;
  int at = first + n * channels * plane + z * step.x + y * step.y + j * ${halves};
  int k = ((n % groups) * outBlocks + o) * channels * count.x * count.y * ${width};
  vec4 ${accumulators.map((a) => `${a} = vec4(0.0)`).join(', ')};
  int rounds = channels * count.x * count.y;
  int ky = 0, kz = 0;
  for (int i = 0; i < rounds; i++) {
    int p = at + kz * hop.x + ky * hop.y;
${repeat(texelsOf(width, halves), (i) => `    vec4 p${i} = x_texel(p + ${i});`)}
${repeat(width, (i) => `    vec4 w${i} = w_texel(k + ${i});`)}
${firsts.map((first) => `    vec4 v${first} = ${window(first)};`).join('\n')}
${repeat(4 * halves, sums)}
    k += ${width};
    if (++ky == count.y) {
      ky = 0;
      if (++kz == count.x) {
        kz = 0;
        at += plane;
      }
    }
  }
${accumulators.map((a, i) => `  out${i} = ${a};`).join('\n')}
}`,
  }));
}

function unpackKernel(halves: number, bias: boolean, activation: ActivationKind | null): Kernel {
  return define(`conv rows unpack ${halves}${bias ? ' bias' : ''} ${activation ?? ''}`, () => ({
    inputs: { y: { layers: true, type: 'float32' }, ...(bias ? { bias: 'float32' as const } : {}) },
    output: 'float32',
    uniforms: { width: 'int', rows: 'int', channels: 'int', blocks: 'int', groups: 'int', across: 'int' },
    body: `${activationCode(activation)}
vec4 pixels(int n, int c, int row, int x) {
  int h = x >> 2;
  int at = ((n * blocks + (c >> 2)) * rows + row) * across + h / ${halves};
  return y_texel(at, (c & 3) * ${halves} + (h & ${halves - 1}))${bias ? ' + bias_el(bias_at + (n % groups) * channels + c)' : ''};
}
void compute(int t) {
  int e = t << 2;
  int q = e / width;
  int x = e - q * width;
  int q1 = q / rows;
  int row = q - q1 * rows;
  int n = q1 / channels;
  int c = q1 - n * channels;
  if ((width & 3) == 0) {
    out0 = activate(pixels(n, c, row, x));
    return;
  }
  vec4 v;
${repeat(
  4,
  (i) => `  v[${i}] = pixels(n, c, row, x)[x & 3];
  if (++x == width) {
    x = 0;
    if (++row == rows) {
      row = 0;
      if (++c == channels) {
        c = 0;
        n++;
      }
    }
  }`,
)}
  out0 = activate(v);
}`,
  }));
}

function packWeight(engine: Engine, w: TensorRef, r: Rows, outBlocks: number): Texture {
  const taps = r.kernel[0] * r.kernel[1] * r.kernel[2];
  return engine.draw(weightKernel(), r.groups * outBlocks * r.channels * taps, {
    inputs: { w },
    uniforms: {
      outPer: r.outPer,
      outBlocks,
      channels: r.channels,
      taps,
      steps: r.weightSteps,
      tapStep: r.turned ? -1 : 1,
      firstTap: r.turned ? taps - 1 : 0,
    },
  });
}

/** The convolution with bias and activation, row-major into `out`. */
export function convRows(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  r: Rows,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  const [depth, height, width] = r.size;
  const halves = engine.maxTargets >= 8 && width > 4 ? 2 : 1;
  const across = Math.ceil(width / (4 * halves));
  const outBlocks = Math.ceil(r.outPer / 4);
  const rowTexels = (across - 1) * halves + texelsOf(r.kernel[2], halves);
  const slice = r.frame.size[1] * rowTexels;
  withScratch((keep) => {
    const image = frameRows(engine, keep, x, r.batch * r.groups * r.channels, r.image, r.frame, rowTexels);
    const y = keep(
      engine.draw(rowsKernel(r.kernel[2], halves), r.batch * r.groups * outBlocks * depth * height * across, {
        inputs: { x: image.input, w: keep(packWeight(engine, weight, r, outBlocks)) },
        uniforms: {
          groups: r.groups,
          outBlocks,
          channels: r.channels,
          size: [depth, height],
          across,
          count: [r.kernel[0], r.kernel[1]],
          step: [r.stride[0] * slice, r.stride[1] * rowTexels],
          hop: [r.dilation[0] * slice, r.dilation[1] * rowTexels],
          plane: r.frame.size[0] * slice,
          first: image.first,
        },
      }),
    );
    engine.compute(
      unpackKernel(halves, bias !== null, activation),
      {
        inputs: { y, ...(bias ? { bias } : {}) },
        uniforms: { width, rows: depth * height, channels: r.outPer, blocks: outBlocks, groups: r.groups, across },
      },
      out,
    );
  });
}
