import type { ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine, Input } from '../engine.js';
import type { Kernel } from '../gl/kernel.js';
import type { Texture } from '../gl/texture.js';
import { fours, volume } from './pack.js';

/** Invocations that keep a GPU busy: the rows of all images are dealt out to as many slices. */
const BUSY = 8192;
const MAX_SLICES = 128;

/**
 * dw[o, c, tap] = sum over images and pixels of dy[o, pixel] x[c, pixel * stride - pad + tap * dilation].
 *
 * An invocation sums, over the rows of its slice, 4 outputs by 4 inputs of one tap; with a single input channel, 4 outputs
 * by 4 neighbouring taps of a kernel row, which read neighbouring pixels.
 *
 *             lanes: outputs ->
 *     layer 0    w w w w     input 4 c4      (single: tap 4 k4)
 *     layer 1    w w w w     input 4 c4 + 1  (single: tap 4 k4 + 1)
 *     ...
 *
 * Texel (((slice * groups + g) * outs + o4) * taps + tap) * ins + c4; single: [slice][o4][kd][kh][k4].
 */
function weightKernel(single: boolean): Kernel {
  const head = single
    ? `  int k4 = t % kernel_fours, rest = t / kernel_fours;
  int kw = k4 * 4;`
    : `  int c4 = t % ins, rest = t / ins;
  int kw = rest % kernel[2];
  rest /= kernel[2];`;
  const loop = single
    ? `      int sx = ow * stride[2] - pad[2] + kw * dilation[2];
      ivec4 at = ivec4(sx) + ivec4(0, 1, 2, 3) * dilation[2];
      vec4 v = dilation[2] == 1 ? x_four(x_row + sx) : vec4(x_el(x_row + at.x), x_el(x_row + at.y), x_el(x_row + at.z), x_el(x_row + at.w));
      v = mix(vec4(0.0), v, bvec4(ivec4(greaterThanEqual(at, ivec4(0))) & ivec4(lessThan(at, ivec4(size[2])))));`
    : `      int sx = ow * stride[2] - pad[2] + kw * dilation[2];
      if (sx < 0 || sx >= size[2]) continue;
      vec4 v = x_texel(x_row + sx);`;
  return {
    name: `conv weight gradient${single ? ', single' : ''}`,
    inputs: { x: 'float32', dy: 'float32' },
    output: 'float32',
    targets: 4,
    uniforms: {
      outs: 'int',
      ins: 'int',
      kernel_fours: 'int',
      groups: 'int',
      rows: 'int',
      slice: 'int',
      size: 'int[3]',
      out_size: 'int[3]',
      kernel: 'int[3]',
      stride: 'int[3]',
      dilation: 'int[3]',
      pad: 'int[3]',
    },
    body: `void compute(int t) {
${head}
  int kh = rest % kernel[1];
  rest /= kernel[1];
  int kd = rest % kernel[0];
  rest /= kernel[0];
  int o4 = rest % outs;
  rest /= outs;
  int g = rest % groups;
  int from = (rest / groups) * slice, to = min(from + slice, rows);
  vec4 w0 = vec4(0.0), w1 = vec4(0.0), w2 = vec4(0.0), w3 = vec4(0.0);
  int positions = size[0] * size[1] * size[2];
  int out_rows = out_size[0] * out_size[1];
  for (int r = from; r < to; r++) {
    int n = r / out_rows, line = r % out_rows;
    int sd = (line / out_size[1]) * stride[0] - pad[0] + kd * dilation[0];
    int sh = (line % out_size[1]) * stride[1] - pad[1] + kh * dilation[1];
    if (sd < 0 || sd >= size[0] || sh < 0 || sh >= size[1]) continue;
    int x_row = ${single ? 'x_at + n * positions' : '((n * groups + g) * ins + c4) * positions'} + (sd * size[1] + sh) * size[2];
    int dy_row = (((n * groups + g) * outs + o4) * out_rows + line) * out_size[2];
    vec4 r0 = vec4(0.0), r1 = vec4(0.0), r2 = vec4(0.0), r3 = vec4(0.0);
    for (int ow = 0; ow < out_size[2]; ow++) {
${loop}
      vec4 d = dy_texel(dy_row + ow);
      r0 += d * v.x; r1 += d * v.y; r2 += d * v.z; r3 += d * v.w;
    }
    w0 += r0; w1 += r1; w2 += r2; w3 += r3;
  }
  out0 = w0; out1 = w1; out2 = w2; out3 = w3;
}`,
  };
}
const weightFours = weightKernel(false);
const weightSingle = weightKernel(true);

/** Adds the slices up and brings them into the order of the weight, adding to what stood there under `old`. */
function unpackKernel(single: boolean, old: boolean): Kernel {
  return {
    name: `conv unpack weight gradient${single ? ', single' : ''}${old ? ', accumulate' : ''}`,
    inputs: { w: { layers: true, type: 'float32' }, ...(old ? { old: 'float32' } : {}) } as Kernel['inputs'],
    output: 'float32',
    uniforms: {
      outs: 'int',
      outputs: 'int',
      ins: 'int',
      inputs: 'int',
      kernel: 'int[3]',
      kernel_fours: 'int',
      slices: 'int',
      stride: 'int',
    },
    body: `float pick(int e) {
  int kw = e % kernel[2], rest = e / kernel[2];
  int line = rest % (kernel[0] * kernel[1]);
  rest /= kernel[0] * kernel[1];
  int c = rest % inputs;
  rest /= inputs;
  int o = rest % outputs, g = rest / outputs;
  int row = ((g * outs + (o >> 2)) * kernel[0] * kernel[1] + line);
${
  single
    ? '  int at = row * kernel_fours + (kw >> 2), layer = kw & 3;'
    : '  int at = (row * kernel[2] + kw) * ins + (c >> 2), layer = c & 3;'
}
  float sum = 0.0;
  for (int s = 0; s < slices; s++) sum += w_texel(at + s * stride, layer)[o & 3];
  return sum;
}
void compute(int t) {
  int e = t << 2;
  out0 = vec4(pick(e), pick(e + 1), pick(e + 2), pick(e + 3));
${old ? '  out0 += old_four(old_at + e);' : ''}
}`,
  };
}
const unpacks = new Map<string, Kernel>();

/** `x` is packed, or the flat tensor where each group has one input channel; `dy` is packed. */
export function gradWeight(engine: Engine, x: Input, dy: Texture, g: ConvGeometry, accumulate: boolean, out: TensorRef): void {
  const [inputs, outputs] = [g.inChannels / g.groups, g.outChannels / g.groups];
  const single = inputs === 1;
  const [outs, ins, kernelFours] = [fours(outputs), fours(inputs), fours(g.kernel[2])];
  const items = g.groups * outs * (single ? g.kernel[0] * g.kernel[1] * kernelFours : volume(g.kernel) * ins);
  const rows = g.batch * g.outSize[0] * g.outSize[1];
  const slice = Math.ceil(rows / Math.min(rows, MAX_SLICES, Math.max(1, Math.ceil(BUSY / items))));
  const slices = Math.ceil(rows / slice);
  const shared = { outs, ins, kernel: g.kernel, kernel_fours: kernelFours };
  const w = engine.draw(single ? weightSingle : weightFours, slices * items, {
    inputs: { x, dy },
    uniforms: {
      ...shared,
      groups: g.groups,
      rows,
      slice,
      size: g.inSize,
      out_size: g.outSize,
      stride: g.stride,
      dilation: g.dilation,
      pad: g.padLow,
    },
  });
  const key = `${single} ${accumulate}`;
  let unpack = unpacks.get(key);
  if (!unpack) unpacks.set(key, (unpack = unpackKernel(single, accumulate)));
  try {
    const inputsOf = { w, ...(accumulate ? { old: out } : {}) };
    engine.compute(unpack, { inputs: inputsOf, uniforms: { ...shared, outputs, inputs, slices, stride: items } }, out);
  } finally {
    w.release();
  }
}
