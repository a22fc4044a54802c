import type { PoolGeometry, PoolKind, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import type { Kernel } from '../gl/kernel.js';
import { averageOf, averageUniforms, divisorSource, geometryOf, geometryUniforms, helpers, places } from './geometry.js';

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
const maxOverlapping: Kernel = {
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
const averageKernel: Kernel = {
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

/** `four_x(at)`: the elements at four places, which mostly stand in the texel of the first or in that of the last. */
const fourSource = (name: string, vector: 'vec4' | 'ivec4'): string => `${vector} four_${name}(ivec4 at) {
  at += ${name}_at;
  ivec4 texel = at >> 2;
  ${vector} q0 = ${name}_texel(texel.x), q3 = ${name}_texel(texel.w), q1 = q0, q2 = q3;
  if (texel.xw != texel.yz) {
    q1 = ${name}_texel(texel.y);
    q2 = ${name}_texel(texel.z);
  }
  at &= 3;
  return ${vector}(q0[at.x], q1[at.y], q2[at.z], q3[at.w]);
}`;

/** Where windows do not overlap an element has at most one, and each lane looks for its own: no loops. */
const maxApart: Kernel = {
  name: 'max pool gradient, apart',
  inputs: { dy: 'float32', indices: 'int32' },
  output: 'float32',
  uniforms: geometryUniforms,
  body: `${helpers}
${fourSource('dy', 'vec4')}
${fourSource('indices', 'ivec4')}
void compute(int t) {
${places('in_size')}
  ivec4 oz = z + pad.x, oy = divide(y + pad.y, stride.y), ox = divide(x + pad.z, stride.z);
  if (stride.x > 1) oz = divide(oz, stride.x);
  ivec4 w = ((plane * out_size.x + oz) * out_size.y + oy) * out_size.z + ox;
  ivec4 inside = within(oz, out_size.x) * within(oy, out_size.y) * within(ox, out_size.z);
  inside *= ivec4(equal(four_indices(w), (z * in_size.y + y) * in_size.z + x));
  out0 = mix(vec4(0.0), four_dy(w), notEqual(inside, ivec4(0)));
}`,
};

/** No element is in two windows. */
function areApart(g: PoolGeometry): boolean {
  return g.stride.every((s, axis) => s > (g.kernel[axis] - 1) * g.dilation[axis]);
}

/** dx of a pool: max gathers by the positions that the forward wrote. */
export function poolGrad(engine: Engine, kind: PoolKind, dy: TensorRef, indices: TensorRef | null, g: PoolGeometry, out: TensorRef): void {
  if (kind === 'avg') {
    engine.compute(averageKernel, { inputs: { dy }, uniforms: averageOf(g) }, out);
  } else if (indices !== null) {
    engine.compute(areApart(g) ? maxApart : maxOverlapping, { inputs: { dy, indices }, uniforms: geometryOf(g) }, out);
  }
}
