/**
 * Convolutions whose groups have one input channel: each output channel sees one plane, so there is nothing to pack.
 *
 * An invocation has a texel of the row-major result: 4 consecutive elements. As long as these lie in one row, the elements of
 * x that they see at one tap are 4 elements of one row, too (`window`). Where they lie in two rows or more, each row is
 * computed as if all 4 lay in it, and every lane takes its own.
 */
import type { ActivationKind, ConvGeometry, TensorRef } from '@konv/core-tensor';
import { activationCode } from '../activation.js';
import type { Engine } from '../engine.js';
import { define } from '../gl/define.js';
import type { Kernel } from '../gl/kernel.js';
import { convPlan, gcd } from './plan.js';

/** Elements i to i + 3 of a row of `width` elements of `name` that begins at element `line`; 0 outside of the row. */
export function denseWindow(name: string, fn = 'window'): string {
  return `vec4 ${fn}(int line, int i, int width) {
  if (i <= -4 || i >= width) return vec4(0.0);
  vec4 v = ${name}_four(line + i);
  if (i >= 0 && i + 4 <= width) return v;
  ivec4 at = ivec4(i, i + 1, i + 2, i + 3);
  return vec4(
    at.x >= 0 && at.x < width ? v.x : 0.0,
    at.y >= 0 && at.y < width ? v.y : 0.0,
    at.z >= 0 && at.z < width ? v.z : 0.0,
    at.w >= 0 && at.w < width ? v.w : 0.0
  );
}`;
}

/** The same of elements that are \`stride\` apart. */
export function stridedWindow(name: string, fn = 'window'): string {
  const at = (i: number): string =>
    `(i + ${i} * stride.z >= 0 && i + ${i} * stride.z < width ? ${name}_el(line + i + ${i} * stride.z) : 0.0)`;
  return `vec4 ${fn}(int line, int i, int width) {
  return vec4(${[0, 1, 2, 3].map(at).join(', ')});
}`;
}

/**
 * Sums along a row of dy for 4 elements of dx, each with the taps that reach it: one in `apart`, dy's position going down by
 * `move` from one to the next. `begin` finds the first of them, once for all rows.
 */
const stridedSums = `ivec4 firstTap, firstPixel;
void begin(int x) {
  for (int i = 0; i < 4; i++) {
    int u = x + i + low.z;
    firstTap[i] = kernel.z;
    firstPixel[i] = 0;
    for (int k = 0; k < apart && k * dilation.z <= u; k++) {
      int rest = u - k * dilation.z;
      int pixel = rest / stride.z;
      if (pixel * stride.z != rest) continue;
      firstTap[i] = k;
      firstPixel[i] = pixel;
      break;
    }
  }
}
float along(int line, int row, int k, int pixel) {
  float sum = 0.0;
  for (; k < kernel.z && pixel >= 0; k += apart) {
    if (pixel < image.z) sum += w_el(row + k) * dy_el(line + pixel);
    pixel -= move;
  }
  return sum;
}
vec4 lineSum(int line, int row, int x) {
  return vec4(
    along(line, row, firstTap.x, firstPixel.x),
    along(line, row, firstTap.y, firstPixel.y),
    along(line, row, firstTap.z, firstPixel.z),
    along(line, row, firstTap.w, firstPixel.w)
  );
}`;

const denseSums = `${denseWindow('dy')}
void begin(int x) {}
vec4 lineSum(int line, int row, int x) {
  vec4 sum = vec4(0.0);
  int at = x + low.z;
  for (int k = 0; k < kernel.z; k++) {
    sum += w_el(row + k) * window(line, at, image.z);
    at -= dilation.z;
  }
  return sum;
}`;

const uniforms = {
  /** Of the operand and of the result. */
  image: 'ivec3',
  size: 'ivec3',
  channels: 'int',
  multiplier: 'int',
  kernel: 'ivec3',
  stride: 'ivec3',
  dilation: 'ivec3',
  low: 'ivec3',
} as const;

/**
 * GLSL: the sums of elements 4 t to 4 t + 3 of a result of `size`, from `vec4 rowSum(int nc, int z, int y, int x)`: those of
 * x to x + 3 in a row of plane `nc` = n channels + c. `rows`: how many rows they may lie in, 1 or more.
 */
export function elementsInRows(rows: number): string {
  const place = `  int e = t << 2;
  int q = e / size.z;
  int x = e - q * size.z;
  int q1 = q / size.y;
  int y = q - q1 * size.y;
  int nc = q1 / size.x;
  int z = q1 - nc * size.x;`;
  if (rows === 1) return `${place}\n  vec4 sums = rowSum(nc, z, y, x);`;
  return `${place}
  vec4 sums;
  for (int done = 0; done < 4;) {
    sums = mix(rowSum(nc, z, y, x - done), sums, lessThan(ivec4(0, 1, 2, 3), ivec4(done)));
    done += size.z - x;
    x = 0;
    if (++y == size.y) {
      y = 0;
      if (++z == size.x) {
        z = 0;
        nc++;
      }
    }
  }`;
}

function forwardKernel(dense: boolean, bias: boolean, activation: ActivationKind | null): Kernel {
  return define(`depthwise forward${dense ? ' dense' : ''}${bias ? ' bias' : ''} ${activation ?? ''}`, () => ({
    inputs: { x: 'float32', w: 'float32', ...(bias ? { bias: 'float32' as const } : {}) },
    output: 'float32',
    uniforms,
    body: `${activationCode(activation)}
${dense ? denseWindow('x') : stridedWindow('x')}
vec4 rowSum(int nc, int z, int y, int x) {
  int o = nc % channels;
  int plane = x_at + nc / multiplier * image.x * image.y * image.z;
  int k = w_at + o * kernel.x * kernel.y * kernel.z;
  vec4 sum = vec4(${bias ? 'bias_el(bias_at + o)' : '0.0'});
  for (int kz = 0; kz < kernel.x; kz++) {
    int iz = z * stride.x - low.x + kz * dilation.x;
    if (iz < 0 || iz >= image.x) continue;
    for (int ky = 0; ky < kernel.y; ky++) {
      int iy = y * stride.y - low.y + ky * dilation.y;
      if (iy < 0 || iy >= image.y) continue;
      int line = plane + (iz * image.y + iy) * image.z;
      int row = k + (kz * kernel.y + ky) * kernel.z;
      int ix = x * stride.z - low.z;
      for (int kx = 0; kx < kernel.z; kx++) {
        sum += w_el(row + kx) * window(line, ix, image.z);
        ix += dilation.z;
      }
    }
  }
  return sum;
}
void compute(int t) {
${elementsInRows(4)}
  out0 = activate(sums);
}`,
  }));
}

function gradientKernel(dense: boolean): Kernel {
  return define(`depthwise gradient${dense ? ' dense' : ''}`, () => ({
    inputs: { dy: 'float32', w: 'float32' },
    output: 'float32',
    uniforms: { ...uniforms, apart: 'int', move: 'int' },
    body: `${dense ? denseSums : stridedSums}
vec4 rowSum(int nc, int z, int y, int x) {
  int o = nc % channels * multiplier;
  vec4 sum = vec4(0.0);
  begin(x);
  for (int m = 0; m < multiplier; m++) {
    int plane = dy_at + (nc * multiplier + m) * image.x * image.y * image.z;
    int k = w_at + (o + m) * kernel.x * kernel.y * kernel.z;
    for (int kz = 0; kz < kernel.x; kz++) {
      int uz = z + low.x - kz * dilation.x;
      int oz = uz / stride.x;
      if (uz < 0 || oz >= image.x || oz * stride.x != uz) continue;
      for (int ky = 0; ky < kernel.y; ky++) {
        int uy = y + low.y - ky * dilation.y;
        int oy = uy / stride.y;
        if (uy < 0 || oy >= image.y || oy * stride.y != uy) continue;
        int line = plane + (oz * image.y + oy) * image.z;
        int row = k + (kz * kernel.y + ky) * kernel.z;
        sum += lineSum(line, row, x);
      }
    }
  }
  return sum;
}
void compute(int t) {
${elementsInRows(4)}
  out0 = sums;
}`,
  }));
}

export function depthwise(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  g: ConvGeometry,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  const kernel = forwardKernel(g.stride[2] === 1, bias !== null, activation);
  const { kernel: taps, stride, dilation, padLow: low } = g;
  engine.compute(
    kernel,
    {
      inputs: { x, w: weight, ...(bias ? { bias } : {}) },
      uniforms: {
        image: g.inSize,
        size: g.outSize,
        channels: g.outChannels,
        multiplier: convPlan(g).outPer,
        kernel: taps,
        stride,
        dilation,
        low,
      },
    },
    out,
  );
}

export function depthwiseGradInput(engine: Engine, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  const { kernel, stride, dilation, padLow: low } = g;
  const apart = stride[2] / gcd(stride[2], dilation[2]);
  engine.compute(
    gradientKernel(stride[2] === 1),
    {
      inputs: { dy, w: weight },
      uniforms: {
        image: g.outSize,
        size: g.inSize,
        channels: g.inChannels,
        multiplier: convPlan(g).outPer,
        kernel,
        stride,
        dilation,
        low,
        apart,
        move: (apart * dilation[2]) / stride[2],
      },
    },
    out,
  );
}
