import type { ActivationKind, ConvGeometry, Spatial, TensorRef } from '@konv/core-tensor';
import { activate } from '../activation.js';
import type { Engine, Input } from '../engine.js';
import type { Kernel } from '../gl/kernel.js';
import type { Texture } from '../gl/texture.js';
import { fours, packedImages, packedWeights, volume } from './pack.js';

/**
 * The sweep of a kernel over images: forward, and adjoint (the input gradient, from outputs back to inputs).
 *
 * An invocation computes 4 channels by 4 pixels of a row:
 *
 *             lanes: pixels ->
 *     layer 0    y y y y     channel 4 o4            forward: pixels p, p+1, p+2, p+3
 *     layer 1    y y y y     channel 4 o4 + 1        adjoint: pixels of one residue r modulo the stride,
 *     layer 2    y y y y     ...                              r + s q, r + s (q+1), ...: taps that fall between
 *     layer 3    y y y y                                      outputs do so for all four, and are skipped
 *
 * For each tap and each four source channels, four texels of weights and four of pixels give 64 products; a single source
 * channel is read from the flat image, one texel of weights and four values for 16 products.
 *
 * Texel ((n * groups + g) * outs + o4) * blocks + (d * height + h) * row_blocks + block.
 */
function sweepKernel(adjoint: boolean, single: boolean, bias: boolean, activation: ActivationKind | null): Kernel {
  const { code, call } = activate(activation);
  const pixels = [0, 1, 2, 3];
  // Where a tap reads: `source` on one axis, and whether it is there.
  const along = (axis: 'd' | 'h', at: string, i: number): string =>
    adjoint
      ? `    int ${axis}n = ${at} + pad[${i}] - k${axis} * dilation[${i}];
    int s${axis} = ${axis}n / stride[${i}];
    if (${axis}n < 0 || s${axis} * stride[${i}] != ${axis}n || s${axis} >= size[${i}]) continue;`
      : `    int s${axis} = ${at} * stride[${i}] - pad[${i}] + k${axis} * dilation[${i}];
    if (s${axis} < 0 || s${axis} >= size[${i}]) continue;`;
  const across = adjoint
    ? `      int wn = residue + pad[2] - kw * dilation[2];
      int sw = wn >= 0 ? wn / stride[2] : -((-wn) / stride[2]);
      if (sw * stride[2] != wn) continue;
      ivec4 sx = ivec4(sw + first) + ivec4(0, 1, 2, 3);`
    : `      ivec4 sx = (ivec4(first) + ivec4(0, 1, 2, 3)) * stride[2] - pad[2] + kw * dilation[2];`;
  const inner = single
    ? `      vec4 w0 = w_texel(w_row + tap);
${pixels.map((j) => `      if (in${j}) y${j} += w0 * x_el(x_row + sx[${j}]);`).join('\n')}`
    : `      int wt = w_row + tap * ins * 4;
      int at = x_row;
      for (int c = 0; c < ins; c++, wt += 4, at += positions) {
        vec4 w0 = w_texel(wt), w1 = w_texel(wt + 1), w2 = w_texel(wt + 2), w3 = w_texel(wt + 3);
        vec4 v;
${pixels
  .map((j) => `        v = in${j} ? x_texel(at + sx[${j}]) : vec4(0.0);\n        y${j} += w0 * v.x + w1 * v.y + w2 * v.z + w3 * v.w;`)
  .join('\n')}
      }`;
  return {
    name: `conv ${adjoint ? 'adjoint' : 'forward'}${single ? ', single' : ''}${bias ? ', bias' : ''} ${activation ?? ''}`,
    inputs: { x: 'float32', w: 'float32', ...(bias ? { bias: 'float32' as const } : {}) },
    output: 'float32',
    targets: 4,
    uniforms: {
      blocks: 'int',
      row_blocks: 'int',
      residue_blocks: 'int',
      height: 'int',
      outs: 'int',
      outputs: 'int',
      ins: 'int',
      groups: 'int',
      positions: 'int',
      size: 'int[3]',
      kernel: 'int[3]',
      stride: 'int[3]',
      dilation: 'int[3]',
      pad: 'int[3]',
    },
    body: `${code}
void compute(int t) {
  int p = t % blocks, rest = t / blocks;
  int o4 = rest % outs, ng = rest / outs;
  int block = p % row_blocks, line = p / row_blocks;
  int h = line % height, d = line / height;
${adjoint ? '  int residue = block / residue_blocks, first = (block % residue_blocks) * 4;' : '  int first = block * 4;'}
  int taps = kernel[0] * kernel[1] * kernel[2];
  int w_row = ((ng % groups) * outs + o4) * taps${single ? '' : ' * ins * 4'};
  int x_image = ${single ? 'x_at + ng * positions' : 'ng * ins * positions'};
  vec4 y0 = vec4(0.0), y1 = vec4(0.0), y2 = vec4(0.0), y3 = vec4(0.0);
  for (int kd = 0; kd < kernel[0]; kd++) {
${along('d', 'd', 0)}
    for (int kh = 0; kh < kernel[1]; kh++) {
${along('h', 'h', 1)}
    int x_row = x_image + (sd * size[1] + sh) * size[2];
    for (int kw = 0; kw < kernel[2]; kw++) {
      int tap = (kd * kernel[1] + kh) * kernel[2] + kw;
${across}
${pixels.map((j) => `      bool in${j} = sx[${j}] >= 0 && sx[${j}] < size[2];`).join('\n')}
${inner}
    }
    }
  }
${bias ? '  vec4 b = bias_four(bias_at + (ng % groups) * outputs + o4 * 4);\n  y0 += b; y1 += b; y2 += b; y3 += b;' : ''}
  mat4 y = transpose(mat4(y0, y1, y2, y3));
  out0 = ${call('y[0]')}; out1 = ${call('y[1]')}; out2 = ${call('y[2]')}; out3 = ${call('y[3]')};
}`,
  };
}

/** Brings a sweep's blocks into row-major order. */
const unpackSweep: Kernel = {
  name: 'conv unpack',
  inputs: { y: { layers: true, type: 'float32' } },
  output: 'float32',
  uniforms: {
    blocks: 'int',
    row_blocks: 'int',
    residue_blocks: 'int',
    width: 'int',
    lines: 'int',
    outs: 'int',
    outputs: 'int',
    split: 'int',
  },
  body: `vec4 texel(int e, out int lane) {
  int w = e % width, rest = e / width;
  int line = rest % lines;
  rest /= lines;
  int o = rest % outputs, ng = rest / outputs;
  int q = w / split;
  lane = q & 3;
  int block = (w % split) * residue_blocks + (q >> 2);
  return y_texel((ng * outs + (o >> 2)) * blocks + line * row_blocks + block, o & 3);
}
float pick(int e) {
  int lane;
  vec4 v = texel(e, lane);
  return v[lane];
}
void compute(int t) {
  int e = t << 2, lane;
  if (split == 1 && (width & 3) == 0) out0 = texel(e, lane);
  else out0 = vec4(pick(e), pick(e + 1), pick(e + 2), pick(e + 3));
}`,
};

const kernels = new Map<string, Kernel>();

/** One direction of a convolution, in the names of the sweep: it reads sources and writes outputs. */
interface Sweep {
  readonly adjoint: boolean;
  readonly inputs: number;
  readonly outputs: number;
  readonly from: Spatial;
  readonly to: Spatial;
}

function sweepOf(g: ConvGeometry, adjoint: boolean): Sweep {
  const [ci, co] = [g.inChannels / g.groups, g.outChannels / g.groups];
  return adjoint
    ? { adjoint, inputs: co, outputs: ci, from: g.outSize, to: g.inSize }
    : { adjoint, inputs: ci, outputs: co, from: g.inSize, to: g.outSize };
}

/** Sources packed for a sweep; null where it reads the flat tensor. */
export function sweepSources(engine: Engine, x: TensorRef, g: ConvGeometry, adjoint: boolean): Texture | null {
  const { inputs, from } = sweepOf(g, adjoint);
  return inputs === 1 ? null : packedImages(engine, x, g.batch, g.groups, inputs, volume(from));
}

export function sweep(
  engine: Engine,
  sources: Input,
  weight: TensorRef,
  bias: TensorRef | null,
  g: ConvGeometry,
  activation: ActivationKind | null,
  adjoint: boolean,
  out: TensorRef,
): void {
  const { inputs, outputs, from, to } = sweepOf(g, adjoint);
  const single = inputs === 1;
  const split = adjoint ? g.stride[2] : 1;
  const residueBlocks = fours(Math.ceil(to[2] / split));
  const rowBlocks = residueBlocks * split;
  const blocks = to[0] * to[1] * rowBlocks;
  const outs = fours(outputs);
  const key = `${adjoint} ${single} ${bias !== null} ${activation}`;
  let kernel = kernels.get(key);
  if (!kernel) kernels.set(key, (kernel = sweepKernel(adjoint, single, bias !== null, activation)));
  const w = packedWeights(engine, weight, g, adjoint);
  let y: Texture | null = null;
  try {
    y = engine.draw(kernel, g.batch * g.groups * outs * blocks, {
      inputs: { x: sources, w, ...(bias ? { bias } : {}) },
      uniforms: {
        blocks,
        row_blocks: rowBlocks,
        residue_blocks: residueBlocks,
        height: to[1],
        outs,
        outputs,
        ins: fours(inputs),
        groups: g.groups,
        positions: volume(from),
        size: from,
        kernel: g.kernel,
        stride: g.stride,
        dilation: g.dilation,
        pad: g.padLow,
      },
    });
    engine.compute(
      unpackSweep,
      {
        inputs: { y },
        uniforms: {
          blocks,
          row_blocks: rowBlocks,
          residue_blocks: residueBlocks,
          width: to[2],
          lines: to[0] * to[1],
          outs,
          outputs,
          split,
        },
      },
      out,
    );
  } finally {
    w.release();
    y?.release();
  }
}
