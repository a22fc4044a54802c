import type { ActivationKind, ConvGeometry, TensorRef } from '@konv/core-tensor';
import { activate } from '../activation.js';
import type { Engine } from '../engine.js';
import type { Kernel } from '../gl/kernel.js';
import { volume } from './pack.js';

/** One input channel a group: nothing is shared between channels, and the flat tensors are read as they are. */
export function isDepthwise(g: ConvGeometry): boolean {
  return g.groups > 1 && g.inChannels === g.groups;
}

const geometry = {
  channels: 'int',
  multiplier: 'int',
  size: 'int[3]',
  out_size: 'int[3]',
  kernel: 'int[3]',
  stride: 'int[3]',
  dilation: 'int[3]',
  pad: 'int[3]',
} as const;

const geometryOf = (g: ConvGeometry) => ({
  channels: g.inChannels,
  multiplier: g.outChannels / g.inChannels,
  size: g.inSize,
  out_size: g.outSize,
  kernel: g.kernel,
  stride: g.stride,
  dilation: g.dilation,
  pad: g.padLow,
});

/**
 * Forward, or adjoint (the input gradient). An invocation computes the four neighbours of a texel; where a row's length is
 * a multiple of four they share their taps, and at stride 1 their sources are four neighbours, too:
 *
 *     lanes   w  w+1  w+2  w+3   of one plane and row          x_four(row + w * stride - pad + kw * dilation)
 */
function planeKernel(adjoint: boolean, bias: boolean, activation: ActivationKind | null): Kernel {
  const { code, call } = activate(activation);
  const [from, to] = adjoint ? ['out_size', 'size'] : ['size', 'out_size'];
  const source = adjoint
    ? `int source(int at, int k, int i) {
  int n = at + pad[i] - k * dilation[i];
  int q = n / stride[i];
  return n >= 0 && q * stride[i] == n && q < out_size[i] ? q : -1;
}`
    : `int source(int at, int k, int i) {
  int q = at * stride[i] - pad[i] + k * dilation[i];
  return q < size[i] ? q : -1;
}`;
  const planes = adjoint
    ? `int planes = multiplier, from_plane = plane * multiplier, w_plane = (plane % channels) * multiplier;`
    : `int planes = 1, w_plane = plane % (channels * multiplier), from_plane = (plane / (channels * multiplier)) * channels + w_plane / multiplier;`;
  return {
    name: `depthwise ${adjoint ? 'adjoint' : 'forward'}${bias ? ', bias' : ''} ${activation ?? ''}`,
    inputs: { x: 'float32', w: 'float32', ...(bias ? { bias: 'float32' as const } : {}) },
    output: 'float32',
    uniforms: geometry,
    body: `${code}
${source}
// The sums of \`count\` neighbours of one row, from column \`first\` on.
vec4 sums(int plane, int d, int h, int first, int count) {
  ${planes}
  int taps = kernel[0] * kernel[1] * kernel[2];
  vec4 y = vec4(0.0);
  for (int m = 0; m < planes; m++) {
    int x_plane = x_at + (from_plane + m) * ${from}[0] * ${from}[1] * ${from}[2];
    for (int kd = 0; kd < kernel[0]; kd++) {
      int sd = source(d, kd, 0);
      if (sd < 0) continue;
      for (int kh = 0; kh < kernel[1]; kh++) {
        int sh = source(h, kh, 1);
        if (sh < 0) continue;
        int x_row = x_plane + (sd * ${from}[1] + sh) * ${from}[2];
        for (int kw = 0; kw < kernel[2]; kw++) {
          float w = w_el(w_at + (w_plane + m) * taps + (kd * kernel[1] + kh) * kernel[2] + kw);
          if (stride[2] == 1) {
            int sw = ${adjoint ? 'first + pad[2] - kw * dilation[2]' : 'first - pad[2] + kw * dilation[2]'};
            ivec4 at = ivec4(sw) + ivec4(0, 1, 2, 3);
            vec4 v = count == 1 ? vec4(x_el(x_row + sw)) : x_four(x_row + sw);
            y += mix(vec4(0.0), w * v, bvec4(ivec4(greaterThanEqual(at, ivec4(0))) & ivec4(lessThan(at, ivec4(${from}[2])))));
          } else {
            for (int j = 0; j < count; j++) {
              int sw = source(first + j, kw, 2);
              if (sw >= 0) y[j] += w * x_el(x_row + sw);
            }
          }
        }
      }
    }
  }
${bias ? '  y += bias_el(bias_at + plane % (channels * multiplier));' : ''}
  return y;
}
vec4 at(int e, int count) {
  int w = e % ${to}[2], rest = e / ${to}[2];
  int h = rest % ${to}[1];
  rest /= ${to}[1];
  return sums(rest / ${to}[0], rest % ${to}[0], h, w, count);
}
void compute(int t) {
  int e = t << 2;
  vec4 y;
  if ((${to}[2] & 3) == 0) y = at(e, 4);
  else for (int j = 0; j < 4; j++) y[j] = at(e + j, 1).x;
  out0 = ${call('y')};
}`,
  };
}

const planes = new Map<string, Kernel>();

export function depthwise(
  engine: Engine,
  x: TensorRef,
  w: TensorRef,
  bias: TensorRef | null,
  g: ConvGeometry,
  activation: ActivationKind | null,
  adjoint: boolean,
  out: TensorRef,
): void {
  const key = `${adjoint} ${bias !== null} ${activation}`;
  let kernel = planes.get(key);
  if (!kernel) planes.set(key, (kernel = planeKernel(adjoint, bias !== null, activation)));
  engine.compute(kernel, { inputs: { x, w, ...(bias ? { bias } : {}) }, uniforms: geometryOf(g) }, out);
}

/**
 * dw[o, tap], over the rows of one slice: lanes are partial sums over every fourth pixel of the rows.
 *
 *     lanes   ow  ow+1  ow+2  ow+3    texel (slice * outputs + o) * taps + tap
 */
const weightKernel: Kernel = {
  name: 'depthwise weight gradient',
  inputs: { x: 'float32', dy: 'float32' },
  output: 'float32',
  uniforms: { ...geometry, rows: 'int', slice: 'int' },
  body: `void compute(int t) {
  int kw = t % kernel[2], rest = t / kernel[2];
  int kh = rest % kernel[1];
  rest /= kernel[1];
  int kd = rest % kernel[0];
  rest /= kernel[0];
  int outputs = channels * multiplier;
  int o = rest % outputs;
  int from = (rest / outputs) * slice, to = min(from + slice, rows);
  int out_rows = out_size[0] * out_size[1];
  vec4 w = vec4(0.0);
  for (int r = from; r < to; r++) {
    int n = r / out_rows, line = r % out_rows;
    int sd = (line / out_size[1]) * stride[0] - pad[0] + kd * dilation[0];
    int sh = (line % out_size[1]) * stride[1] - pad[1] + kh * dilation[1];
    if (sd < 0 || sd >= size[0] || sh < 0 || sh >= size[1]) continue;
    int x_row = x_at + ((n * channels + o / multiplier) * size[0] * size[1] + sd * size[1] + sh) * size[2];
    int dy_row = dy_at + ((n * outputs + o) * out_rows + line) * out_size[2];
    for (int ow = 0; ow < out_size[2]; ow += 4) {
      ivec4 col = ivec4(ow) + ivec4(0, 1, 2, 3);
      ivec4 sx = col * stride[2] - pad[2] + kw * dilation[2];
      vec4 v = stride[2] == 1 ? x_four(x_row + sx.x) : vec4(x_el(x_row + sx.x), x_el(x_row + sx.y), x_el(x_row + sx.z), x_el(x_row + sx.w));
      ivec4 in_x = ivec4(greaterThanEqual(sx, ivec4(0))) & ivec4(lessThan(sx, ivec4(size[2])));
      w += mix(vec4(0.0), v * dy_four(dy_row + ow), bvec4(in_x & ivec4(lessThan(col, ivec4(out_size[2])))));
    }
  }
  out0 = w;
}`,
};

const unpackWeight = (old: boolean): Kernel => ({
  name: `depthwise unpack weight gradient${old ? ', accumulate' : ''}`,
  inputs: { w: 'float32', ...(old ? { old: 'float32' as const } : {}) },
  output: 'float32',
  uniforms: { slices: 'int', stride: 'int' },
  body: `float pick(int e) {
  vec4 sum = vec4(0.0);
  for (int s = 0; s < slices; s++) sum += w_texel(e + s * stride);
  return (sum.x + sum.y) + (sum.z + sum.w);
}
void compute(int t) {
  int e = t << 2;
  out0 = vec4(pick(e), pick(e + 1), pick(e + 2), pick(e + 3));
${old ? '  out0 += old_four(old_at + e);' : ''}
}`,
});
const unpackFresh = unpackWeight(false);
const unpackOld = unpackWeight(true);

const BUSY = 8192;
const MAX_SLICES = 128;

export function depthwiseGradWeight(
  engine: Engine,
  x: TensorRef,
  dy: TensorRef,
  g: ConvGeometry,
  accumulate: boolean,
  out: TensorRef,
): void {
  const items = g.outChannels * volume(g.kernel);
  const rows = g.batch * g.outSize[0] * g.outSize[1];
  const slice = Math.ceil(rows / Math.min(rows, MAX_SLICES, Math.max(1, Math.ceil(BUSY / items))));
  const slices = Math.ceil(rows / slice);
  const w = engine.draw(weightKernel, slices * items, { inputs: { x, dy }, uniforms: { ...geometryOf(g), rows, slice } });
  try {
    const inputs = { w, ...(accumulate ? { old: out } : {}) };
    engine.compute(accumulate ? unpackOld : unpackFresh, { inputs, uniforms: { slices, stride: items } }, out);
  } finally {
    w.release();
  }
}
