import { type PoolGeometry, type PoolKind, sizeOf, type TensorRef } from '@konv/core-tensor';
import { texelsFor } from './buffer.js';
import type { Engine } from './engine.js';
import { divideSource } from './gl/divide.js';
import type { Kernel, UniformType, UniformValue } from './gl/kernel.js';
import { functionsFor } from './lazy/functions.js';

/**
 * Forward, every lane of a texel has a place of its own, and all loops are over taps, as many for every lane. What lies
 * outside is selected away. Here are `plane`, `z`, `y`, `x` of the four lanes.
 */
const places = `  ivec4 e = (t << 2) + ivec4(0, 1, 2, 3);
  ivec4 row = divide(e, out_size.z);
  ivec4 x = e - row * out_size.z;
  ivec4 slice = divide(row, out_size.y);
  ivec4 y = row - slice * out_size.y;
  ivec4 plane = slice, z = ivec4(0);
  if (out_size.x > 1) {
    plane = divide(slice, out_size.x);
    z = slice - plane * out_size.x;
  }`;

/** `within(p, n)`: 1 for each lane with 0 <= p < n, else 0. */
const helpers = `${divideSource}
ivec4 within(ivec4 p, int n) { return ivec4(lessThan(uvec4(p), uvec4(n))); }`;

const geometryUniforms = {
  in_size: 'ivec3',
  out_size: 'ivec3',
  kernel: 'ivec3',
  stride: 'ivec3',
  dilation: 'ivec3',
  pad: 'ivec3',
} as const satisfies Record<string, UniformType>;

function geometryOf(g: PoolGeometry): Record<string, UniformValue> {
  const { inSize: in_size, outSize: out_size, kernel, stride, dilation, padLow: pad } = g;
  return { in_size, out_size, kernel, stride, dilation, pad };
}

/**
 * The loops over a window's taps: `body` finds `v`, the lanes' elements, `at`, their positions in the plane, and `inside`,
 * 0 where they are padding. Neighbouring taps mostly stand in the texel that was fetched before.
 */
const taps = (
  body: string,
): string => `  ivec4 start_z = z * stride.x - pad.x, start_y = y * stride.y - pad.y, start_x = x * stride.z - pad.z;
  ivec4 base = x_at + plane * (in_size.x * in_size.y * in_size.z);
  ivec4 fetched = ivec4(-1);
  vec4 q0, q1, q2, q3;
  for (int kz = 0; kz < kernel.x; kz++) {
    ivec4 pz = start_z + kz * dilation.x;
    ivec4 inside_z = within(pz, in_size.x);
    for (int ky = 0; ky < kernel.y; ky++) {
      ivec4 py = start_y + ky * dilation.y;
      ivec4 inside_y = inside_z * within(py, in_size.y);
      ivec4 line = (pz * in_size.y + py) * in_size.z;
      for (int kx = 0; kx < kernel.z; kx++) {
        ivec4 px = start_x + kx * dilation.z;
        ivec4 inside = inside_y * within(px, in_size.z);
        ivec4 at = line + px;
        ivec4 where = base + at;
        ivec4 texel = where >> 2;
        if (texel != fetched) {
          q0 = x_texel(texel.x);
          q1 = x_texel(texel.y);
          q2 = x_texel(texel.z);
          q3 = x_texel(texel.w);
          fetched = texel;
        }
        where &= 3;
        vec4 v = vec4(q0[where.x], q1[where.y], q2[where.z], q3[where.w]);
${body}
      }
    }
  }`;

/** out0: the greatest of each window, out1: its position in the input plane. Of equals the first, and the first NaN of all. */
const maxKernel: Kernel = {
  name: 'max pool',
  inputs: { x: 'float32' },
  output: ['float32', 'int32'],
  uniforms: geometryUniforms,
  body: `${functionsFor(['nan'])}
${helpers}
void compute(int t) {
${places}
  vec4 best = intBitsToFloat(ivec4(0xff800000));
  // 0 until something was found: even -infinity is. Nothing takes the place of NaN.
  ivec4 found = ivec4(0), open = ivec4(1);
  ivec4 position = ivec4(-1);
${taps(`        ivec4 is_nan = ivec4(nan(v));
        ivec4 wins = (ivec4(greaterThan(v, best)) | is_nan | (1 - found)) * inside * open;
        best = mix(best, v, notEqual(wins, ivec4(0)));
        position += (at - position) * wins;
        found |= inside;
        open -= wins * is_nan;`)}
  out0 = best;
  out1 = position;
}`,
};

/** Elements that an average divides by: the window clipped to the padded input (`counts_pad`), or to the input. */
const divisorSource = `float divisor(ivec3 start) {
  ivec3 end = start + kernel;
  ivec3 n = counts_pad != 0 ? min(end, in_size + pad_high) - start : min(end, in_size) - max(start, 0);
  return float(n.x * n.y * n.z);
}`;
const averageUniforms = { ...geometryUniforms, pad_high: 'ivec3', counts_pad: 'int' } as const satisfies Record<string, UniformType>;

const averageKernel: Kernel = {
  name: 'average pool',
  inputs: { x: 'float32' },
  output: 'float32',
  uniforms: averageUniforms,
  body: `${helpers}
${divisorSource}
void compute(int t) {
${places}
  vec4 sum = vec4(0.0);
${taps('        sum += mix(vec4(0.0), v, notEqual(inside, ivec4(0)));')}
  out0 = sum / vec4(divisor(ivec3(start_z.x, start_y.x, start_x.x)), divisor(ivec3(start_z.y, start_y.y, start_x.y)),
    divisor(ivec3(start_z.z, start_y.z, start_x.z)), divisor(ivec3(start_z.w, start_y.w, start_x.w)));
}`,
};

/**
 * Gradients gather: an input element adds up what the windows that cover it give, in order. A texel's four elements are of
 * one row, or, at a row's end, of two (or more, of narrow planes): such runs of lanes are taken one after another, since
 * within a run the windows overlap.
 *
 *     input, rows of 6    | a0 a1 a2 a3 | a4 a5 b0 b1 | b2 b3 b4 b5 |
 *     runs                  a0 .. a3      a4 a5, b0 b1   b2 .. b5
 *
 * The loops over runs and their windows: `start` of a run finds `plane`, `z`, `y`, `x` of its first lane l, `count` lanes,
 * and `in_run`, 1 for these; `body` the window's place `oz`, `oy`, `ox` and `w`, its element in the buffer of dy.
 */
const windows = (start: string, body: string): string => `  const ivec4 lanes = ivec4(0, 1, 2, 3);
  // Loops read their bounds again and again: as locals these are nearer.
  ivec3 in_size = in_size, out_size = out_size, stride = stride, pad = pad;
  ivec3 reach = (kernel - 1) * dilation;
  int e = t << 2;
  for (int l = 0; l < 4;) {
    int row = divide(e + l, in_size.z);
    int x = e + l - row * in_size.z;
    int count = min(4 - l, in_size.z - x);
    int slice = divide(row, in_size.y);
    int y = row - slice * in_size.y;
    int plane = slice, z = 0;
    if (in_size.x > 1) {
      plane = divide(slice, in_size.x);
      z = slice - plane * in_size.x;
    }
    ivec4 in_run = within(lanes - l, count);
${start}
    ivec4 from = ivec4(z, y, x, x + count - 1) + pad.xyzz;
    ivec3 first = max(from.xyz - reach + stride - 1, 0);
    first = ivec3(divide(first.x, stride.x), divide(first.y, stride.y), divide(first.z, stride.z));
    ivec3 last = ivec3(divide(from.x, stride.x), divide(from.y, stride.y), divide(from.w, stride.z));
    last = min(last, out_size - 1);
    for (int oz = first.x; oz <= last.x; oz++) {
      for (int oy = first.y; oy <= last.y; oy++) {
        int w = ((plane * out_size.x + oz) * out_size.y + oy) * out_size.z + first.z;
        for (int ox = first.z; ox <= last.z; ox++, w++) {
${body}
        }
      }
    }
    l += count;
  }`;

/** A window gives its gradient to the one element that it points at. */
const maxGradKernel: Kernel = {
  name: 'max pool gradient',
  inputs: { dy: 'float32', indices: 'int32' },
  output: 'float32',
  uniforms: geometryUniforms,
  body: `${helpers}
void compute(int t) {
  vec4 sum = vec4(0.0);
${windows(
  `    // The position of lane 0, were it in this row; lanes of other rows are nowhere.
    int corner = (z * in_size.y + y) * in_size.z + x - l;
    ivec4 ids = lanes * in_run + (1 - in_run) * 0x7fffffff;`,
  `          ivec4 lane = ivec4(indices_el(indices_at + w) - corner);
          sum += mix(vec4(0.0), vec4(dy_el(dy_at + w)), equal(lane, ids));`,
)}
  out0 = sum;
}`,
};

/** A window gives every element that it covers its share. */
const averageGradKernel: Kernel = {
  name: 'average pool gradient',
  inputs: { dy: 'float32' },
  output: 'float32',
  uniforms: averageUniforms,
  body: `${helpers}
${divisorSource}
void compute(int t) {
  vec4 sum = vec4(0.0);
${windows(
  '    ivec3 kernel = kernel;',
  `          ivec3 low = ivec3(oz, oy, ox) * stride - pad;
          ivec4 covered = within(lanes + (x - l - low.z), kernel.z) * in_run;
          sum += mix(vec4(0.0), vec4(dy_el(dy_at + w) / divisor(low)), notEqual(covered, ivec4(0)));`,
)}
  out0 = sum;
}`,
};

const averageOf = (g: PoolGeometry): Record<string, UniformValue> => ({
  ...geometryOf(g),
  pad_high: g.padHigh,
  counts_pad: Number(g.countIncludePad),
});

/** Values and positions in one draw. */
export function pool(engine: Engine, kind: PoolKind, x: TensorRef, g: PoolGeometry, out: TensorRef, indices: TensorRef | null): void {
  if (kind === 'avg') {
    engine.compute(averageKernel, { inputs: { x }, uniforms: averageOf(g) }, out);
    return;
  }
  const operands = { inputs: { x }, uniforms: geometryOf(g) };
  if (indices !== null) {
    engine.computeMany(maxKernel, operands, [out, indices]);
    return;
  }
  const [values, positions] = engine.drawMany(maxKernel, texelsFor(sizeOf(out.shape)), operands);
  positions.release();
  engine.put(out, values);
}

export function poolGrad(engine: Engine, kind: PoolKind, dy: TensorRef, indices: TensorRef | null, g: PoolGeometry, out: TensorRef): void {
  if (kind === 'avg') engine.compute(averageGradKernel, { inputs: { dy }, uniforms: averageOf(g) }, out);
  else if (indices !== null) engine.compute(maxGradKernel, { inputs: { dy, indices }, uniforms: geometryOf(g) }, out);
}
