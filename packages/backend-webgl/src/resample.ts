import type { ResampleGeometry, ResampleKind, TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import type { Kernel } from './gl/kernel.js';
import { upload } from './transfer.js';

/** One axis: output position i is (1 - share[i]) x[low[i]] + share[i] x[high[i]]. */
interface Axis {
  readonly low: number[];
  readonly high: number[];
  readonly share: number[];
}

const { fround } = Math;

/** floor(i in / out); scale and product in float32, as PyTorch has them. */
function nearest(inSize: number, outSize: number): Axis {
  const scale = fround(inSize / outSize);
  const low = Array.from({ length: outSize }, (_, i) => Math.min(Math.floor(fround(i * scale)), inSize - 1));
  return { low, high: low, share: low.map(() => 0) };
}

/** Corners: i (in - 1) / (out - 1). Areas: (i + 1/2) in / out - 1/2, not below 0. */
function linear(inSize: number, outSize: number, alignCorners: boolean): Axis {
  const scale = fround(alignCorners ? (outSize > 1 ? (inSize - 1) / (outSize - 1) : 0) : inSize / outSize);
  const axis: Axis = { low: [], high: [], share: [] };
  for (let i = 0; i < outSize; i++) {
    const at = alignCorners ? fround(i * scale) : Math.max(fround(fround((i + 0.5) * scale) - 0.5), 0);
    const low = Math.min(Math.floor(at), inSize - 1);
    const high = Math.min(low + 1, inSize - 1);
    axis.low.push(low);
    axis.high.push(high);
    axis.share.push(high === low ? 0 : Math.min(Math.max(fround(at - low), 0), 1));
  }
  return axis;
}

/**
 * Positions and weights of all axes, computed here, where rounding is certain: a shader may contract i * scale - 1/2 and
 * land on the other side of a whole number. A texel each:
 *
 *     outputs of depth, height, width:  low, high, share, 0
 *     inputs of depth, height, width:   first output that reads it, one past the last, 0, 0
 */
function tableOf(kind: ResampleKind, g: ResampleGeometry): Float32Array {
  const axes = g.inSize.map((size, a) => (kind === 'nearest' ? nearest(size, g.outSize[a]) : linear(size, g.outSize[a], g.alignCorners)));
  const texels: number[] = [];
  for (const { low, high, share } of axes) for (let i = 0; i < low.length; i++) texels.push(low[i], high[i], share[i], 0);
  axes.forEach(({ low, high }, a) => {
    // Positions never decrease: the readers of an input are neighbours.
    for (let c = 0, first = 0, end = 0; c < g.inSize[a]; c++) {
      while (first < high.length && high[first] < c) first++;
      while (end < low.length && low[end] <= c) end++;
      texels.push(first, end, 0, 0);
    }
  });
  return Float32Array.from(texels);
}

const tables = new WeakMap<ResampleGeometry, Partial<Record<ResampleKind, Float32Array>>>();

function knownTable(kind: ResampleKind, geometry: ResampleGeometry): Float32Array {
  let known = tables.get(geometry);
  if (!known) tables.set(geometry, (known = {}));
  return (known[kind] ??= tableOf(kind, geometry));
}

const uniforms = { inSize: 'ivec3', outSize: 'ivec3' } as const;
const split = (size: string): string => `int column = e % ${size}.z;
  e /= ${size}.z;
  int row = e % ${size}.y;
  e /= ${size}.y;
  int slice = e % ${size}.x, plane = e / ${size}.x;`;

/** Four consecutive outputs an invocation, each of up to eight corners. A corner of no weight is not touched: it may be NaN. */
const forward: Kernel = {
  name: 'resample',
  inputs: { x: 'float32', table: 'float32' },
  output: 'float32',
  uniforms,
  body: `float at(int e) {
  ${split('outSize')}
  vec4 d = table_texel(slice), h = table_texel(outSize.x + row), w = table_texel(outSize.x + outSize.y + column);
  float sum = 0.0;
  for (int corner = 0; corner < 8; corner++) {
    bvec3 upper = notEqual(corner & ivec3(4, 2, 1), ivec3(0));
    vec3 share = vec3(d.z, h.z, w.z);
    share = mix(1.0 - share, share, upper);
    if (share.x == 0.0 || share.y == 0.0 || share.z == 0.0) continue;
    ivec3 at = ivec3(mix(vec3(d.x, h.x, w.x), vec3(d.y, h.y, w.y), upper));
    sum += share.x * share.y * share.z * x_el(x_at + ((plane * inSize.x + at.x) * inSize.y + at.y) * inSize.z + at.z);
  }
  return sum;
}
void compute(int t) {
  int e = t << 2;
  out0 = vec4(at(e), at(e + 1), at(e + 2), at(e + 3));
}`,
};

/** Four consecutive inputs an invocation: each adds up the outputs that read it, with the weights they read it by. */
const adjoint: Kernel = {
  name: 'resample adjoint',
  inputs: { x: 'float32', table: 'float32' },
  output: 'float32',
  uniforms,
  body: `float weight(int i, int c) {
  vec4 o = table_texel(i);
  return (int(o.x) == c ? 1.0 - o.z : 0.0) + (int(o.y) == c ? o.z : 0.0);
}
float at(int e) {
  ${split('inSize')}
  int rows = outSize.x, columns = rows + outSize.y, inputs = columns + outSize.z;
  ivec2 d = ivec2(table_texel(inputs + slice).xy), h = ivec2(table_texel(inputs + inSize.x + row).xy);
  ivec2 w = ivec2(table_texel(inputs + inSize.x + inSize.y + column).xy);
  float sum = 0.0;
  for (int i = d.x; i < d.y; i++) {
    float deep = weight(i, slice);
    for (int j = h.x; j < h.y; j++) {
      float high = deep * weight(rows + j, row), line = 0.0;
      int from = x_at + ((plane * outSize.x + i) * outSize.y + j) * outSize.z;
      if (high == 0.0) continue;
      for (int k = w.x; k < w.y; k++) {
        float wide = high * weight(columns + k, column);
        if (wide != 0.0) line += wide * x_el(from + k);
      }
      sum += line;
    }
  }
  return sum;
}
void compute(int t) {
  int e = t << 2;
  out0 = vec4(at(e), at(e + 1), at(e + 2), at(e + 3));
}`,
};

export function resample(
  engine: Engine,
  kind: ResampleKind,
  x: TensorRef,
  geometry: ResampleGeometry,
  back: boolean,
  out: TensorRef,
): void {
  const table = upload(engine, knownTable(kind, geometry), 'float32');
  try {
    const { inSize, outSize } = geometry;
    engine.compute(back ? adjoint : forward, { inputs: { x, table }, uniforms: { inSize, outSize } }, out);
  } finally {
    table.release();
  }
}
