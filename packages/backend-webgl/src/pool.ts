import type { PoolGeometry, PoolKind, TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import type { Kernel, UniformType, UniformValue } from './gl/kernel.js';
import { functionsFor } from './lazy/functions.js';

/**
 * Every texel holds four neighbours of a plane's row, or, at a row's end, of two rows (or more, of narrow planes). A kernel
 * goes through these runs of lanes one after another; within a run the windows, and so what is fetched, overlap.
 *
 *     output, rows of 6    | a0 a1 a2 a3 | a4 a5 b0 b1 | b2 b3 b4 b5 |
 *     runs                   a0 .. a3      a4 a5, b0 b1   b2 .. b5
 *
 * `runs(size, body)`: for each run `body` finds `plane`, `z`, `y`, `x` of its first lane in planes of `size`, and
 * `l`, `count`: lanes l to l + count - 1 are the run's; `mine` says so lane for lane.
 */
const runs = (size: string, body: string): string => `  const ivec4 lanes = ivec4(0, 1, 2, 3);
  int e = t << 2;
  for (int l = 0; l < 4;) {
    int row = (e + l) / ${size}.z;
    int x = e + l - row * ${size}.z;
    int count = min(4 - l, ${size}.z - x);
    int slice = row / ${size}.y;
    int y = row - slice * ${size}.y;
    int plane = slice / ${size}.x;
    int z = slice - plane * ${size}.x;
    ivec4 in_run = ivec4(greaterThanEqual(lanes, ivec4(l))) * ivec4(lessThan(lanes, ivec4(l + count)));
    bvec4 mine = notEqual(in_run, ivec4(0));
${body}
    l += count;
  }`;

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
 * Taps [first, end) of one axis that lie inside of the input. `four_apart(at, step)`: elements at, at + step, ... of x.
 */
const windowSource = `int first_tap(int start, int axis) { return start >= 0 ? 0 : (dilation[axis] - 1 - start) / dilation[axis]; }
int end_tap(int start, int axis) {
  int room = in_size[axis] - start;
  return room <= 0 ? 0 : min(kernel[axis], (room + dilation[axis] - 1) / dilation[axis]);
}
vec4 four_apart(int at, int step) {
  if (step == 1) return x_four(at);
  return vec4(x_el(at), x_el(at + step), x_el(at + 2 * step), x_el(at + 3 * step));
}`;

/** The loops over a run's taps: `body` finds `v`, the lanes' elements, `inside`, and `p`, their columns in row `line`. */
const taps = (body: string): string => `    ivec3 start = ivec3(z, y, x) * stride - pad;
    int end_z = end_tap(start.x, 0), end_y = end_tap(start.y, 1);
    for (int kz = first_tap(start.x, 0); kz < end_z; kz++) {
      for (int ky = first_tap(start.y, 1); ky < end_y; ky++) {
        int line = (start.x + kz * dilation.x) * in_size.y + start.y + ky * dilation.y;
        int base = x_at + (plane * in_size.x * in_size.y + line) * in_size.z;
        for (int kx = 0; kx < kernel.z; kx++) {
          int from = start.z + kx * dilation.z - l * stride.z;
          ivec4 p = lanes * stride.z + from;
          vec4 v = four_apart(base + from, stride.z);
          bvec4 inside = notEqual(ivec4(greaterThanEqual(p, ivec4(0))) * ivec4(lessThan(p, ivec4(in_size.z))), ivec4(0));
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
${windowSource}
void compute(int t) {
  vec4 values = vec4(0.0);
  ivec4 positions = ivec4(0);
${runs(
  'out_size',
  `    vec4 best = intBitsToFloat(ivec4(0xff800000));
    ivec4 at = ivec4(-1);
${taps(`          // -1: nothing yet, so that even -infinity is found.
          ivec4 wins = ivec4(greaterThan(v, best)) | ivec4(nan(v)) | ivec4(lessThan(at, ivec4(0)));
          wins *= ivec4(inside) * (1 - ivec4(nan(best)));
          best = mix(best, v, notEqual(wins, ivec4(0)));
          at += (line * in_size.z + p - at) * wins;`)}
    values = mix(values, best, mine);
    positions += (at - positions) * in_run;`,
)}
  out0 = values;
  out1 = positions;
}`,
};

/**
 * Elements that an average divides by, of the window that begins at `start`: the window clipped to the padded input
 * (`counts_pad`), or to the input.
 */
const divisorSource = `int clipped(int start, int axis) {
  int end = start + kernel[axis];
  if (counts_pad != 0) return min(end, in_size[axis] + pad_high[axis]) - start;
  return min(end, in_size[axis]) - max(start, 0);
}
float divisor(ivec3 start) { return float(clipped(start.x, 0) * clipped(start.y, 1) * clipped(start.z, 2)); }`;
const averageUniforms = { ...geometryUniforms, pad_high: 'ivec3', counts_pad: 'int' } as const satisfies Record<string, UniformType>;

const averageKernel: Kernel = {
  name: 'average pool',
  inputs: { x: 'float32' },
  output: 'float32',
  uniforms: averageUniforms,
  body: `${windowSource}
${divisorSource}
void compute(int t) {
  vec4 values = vec4(0.0);
${runs(
  'out_size',
  `    vec4 sum = vec4(0.0);
${taps('          sum += mix(vec4(0.0), v, inside);')}
    start.z -= l * stride.z;
    ivec3 step = ivec3(0, 0, stride.z);
    sum /= vec4(divisor(start), divisor(start + step), divisor(start + 2 * step), divisor(start + 3 * step));
    values = mix(values, sum, mine);`,
)}
  out0 = values;
}`,
};

/**
 * The gradient gathers: an input element adds up the windows that cover it, in order. Windows [first, last] along an axis
 * that cover positions from `low` to `high`.
 */
const coverSource = `int first_window(int low, int axis) {
  int from = low + pad[axis] - (kernel[axis] - 1) * dilation[axis];
  return from <= 0 ? 0 : (from + stride[axis] - 1) / stride[axis];
}
int last_window(int high, int axis) { return min((high + pad[axis]) / stride[axis], out_size[axis] - 1); }`;

/** The loops over the windows of a run: `body` finds the window `w` and its place `oz`, `oy`, `ox`. */
const windows = (
  body: string,
): string => `    int last_z = last_window(z, 0), last_y = last_window(y, 1), last_x = last_window(x + count - 1, 2);
    int first_x = first_window(x, 2);
    for (int oz = first_window(z, 0); oz <= last_z; oz++) {
      for (int oy = first_window(y, 1); oy <= last_y; oy++) {
        int w = ((plane * out_size.x + oz) * out_size.y + oy) * out_size.z + first_x;
        for (int ox = first_x; ox <= last_x; ox++, w++) {
${body}
        }
      }
    }`;

/** A window gives its gradient to the one element that it points at. */
const maxGradKernel: Kernel = {
  name: 'max pool gradient',
  inputs: { dy: 'float32', indices: 'int32' },
  output: 'float32',
  uniforms: geometryUniforms,
  body: `${coverSource}
void compute(int t) {
  vec4 sum = vec4(0.0);
${runs(
  'in_size',
  `    // The position of lane 0, were it in this row; lanes of other rows are nowhere.
    int corner = (z * in_size.y + y) * in_size.z + x - l;
    ivec4 ids = lanes * in_run + (1 - in_run) * 0x7fffffff;
${windows(`          ivec4 lane = ivec4(indices_el(indices_at + w) - corner);
          sum += mix(vec4(0.0), vec4(dy_el(dy_at + w)), equal(lane, ids));`)}`,
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
  body: `${coverSource}
${divisorSource}
void compute(int t) {
  vec4 sum = vec4(0.0);
${runs(
  'in_size',
  windows(`          ivec3 start = ivec3(oz, oy, ox) * stride - pad;
          ivec4 tap = lanes + (x - l - start.z);
          ivec4 covered = ivec4(greaterThanEqual(tap, ivec4(0))) * ivec4(lessThan(tap, ivec4(kernel.z))) * in_run;
          sum += mix(vec4(0.0), vec4(dy_el(dy_at + w) / divisor(start)), notEqual(covered, ivec4(0)));`),
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
  const [values, positions] = engine.drawMany(maxKernel, Math.ceil(out.buffer.size / 4), operands);
  positions.release();
  engine.put(out, values);
}

export function poolGrad(engine: Engine, kind: PoolKind, dy: TensorRef, indices: TensorRef | null, g: PoolGeometry, out: TensorRef): void {
  if (kind === 'avg') engine.compute(averageGradKernel, { inputs: { dy }, uniforms: averageOf(g) }, out);
  else if (indices !== null) engine.compute(maxGradKernel, { inputs: { dy, indices }, uniforms: geometryOf(g) }, out);
}
