import { type PoolGeometry, type PoolKind, sizeOf, type TensorRef } from '@konv/core-tensor';
import { texelsFor } from '../buffer.js';
import type { Engine } from '../engine.js';
import type { Kernel } from '../gl/kernel.js';
import { functionsFor } from '../lazy/functions.js';
import { averageOf, averageUniforms, divisorSource, geometryOf, geometryUniforms, helpers, places } from './geometry.js';

/**
 * Every lane of a texel has a place of its own, and all loops are over taps, as many for every lane: what lies outside is
 * selected away.
 *
 *     out    texel t = windows 4t to 4t + 3, of one row or of several
 *
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
${places('out_size')}
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

const averageKernel: Kernel = {
  name: 'average pool',
  inputs: { x: 'float32' },
  output: 'float32',
  uniforms: averageUniforms,
  body: `${helpers}
${divisorSource}
void compute(int t) {
${places('out_size')}
  vec4 sum = vec4(0.0);
${taps('        sum += mix(vec4(0.0), v, notEqual(inside, ivec4(0)));')}
  out0 = sum / vec4(divisor(ivec3(start_z.x, start_y.x, start_x.x)), divisor(ivec3(start_z.y, start_y.y, start_x.y)),
    divisor(ivec3(start_z.z, start_y.z, start_x.z)), divisor(ivec3(start_z.w, start_y.w, start_x.w)));
}`,
};

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
