import { sizeOf, type TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import { formats, texelType, type TexelType } from './gl/formats.js';
import type { Kernel } from './gl/kernel.js';
import type { Texture } from './gl/texture.js';

const kernels = new Map<string, Kernel>();

function known(name: string, make: () => Omit<Kernel, 'name'>): Kernel {
  let kernel = kernels.get(name);
  if (!kernel) kernels.set(name, (kernel = { name, ...make() }));
  return kernel;
}

/**
 * What is sorted are pairs (key, position), two to a texel of int32, by key and then position: that makes it stable. Rows
 * are filled up to a power of two, 2 `pairs`, with what comes last.
 *
 *     texel   key 2p, 2p, key 2p + 1, 2p + 1
 *
 * A key orders as its value does: of floats the bits, those of negative numbers turned round; both zeros 0; NaN the
 * greatest. Descending: the complement.
 */
function beginKernel(type: TexelType): Kernel {
  return known(`sort begin ${type}`, () => ({
    inputs: { x: type },
    output: 'int32',
    uniforms: { size: 'int', pairs: 'int', flip: 'int' },
    body: `${
      type === 'float32'
        ? `int order(float v) {
  int b = floatBitsToInt(v), magnitude = b & 0x7fffffff;
  return magnitude > 0x7f800000 ? 0x7fffffff : b < 0 ? -magnitude : b;
}`
        : 'int order(int v) { return v; }'
    }
int key(int row, int i) { return i < size ? order(x_el(x_at + row * size + i)) ^ flip : 0x7fffffff; }
void compute(int t) {
  int row = t / pairs, i = (t - row * pairs) << 1;
  out0 = ivec4(key(row, i), i, key(row, i + 1), i + 1);
}`,
  }));
}

/**
 * One step of Batcher's bitonic sort: elements i and i ^ gap are compared, and ordered upwards where i & block is 0.
 * Gap 1 is within a texel; every other pairs texels.
 */
function stepKernel(): Kernel {
  return known('sort step', () => ({
    inputs: { x: 'int32' },
    output: 'int32',
    uniforms: { pairs: 'int', block: 'int', gap: 'int' },
    body: `bool before(ivec2 a, ivec2 b) { return a.x < b.x || (a.x == b.x && a.y < b.y); }
void compute(int t) {
  int p = t & (pairs - 1);
  bool up = ((p << 1) & block) == 0;
  ivec4 a = x_texel(t);
  if (gap == 1) {
    out0 = before(a.xy, a.zw) == up ? a : a.zwxy;
    return;
  }
  int across = gap >> 1;
  ivec4 b = x_texel(t ^ across);
  bool least = ((p & across) == 0) == up;
  out0 = ivec4(before(a.xy, b.xy) == least ? a.xy : b.xy, before(a.zw, b.zw) == least ? a.zw : b.zw);
}`,
  }));
}

const position = `int position(int row, int i) {
  ivec4 both = sorted_texel(row * pairs + (i >> 1));
  return (i & 1) == 0 ? both.y : both.w;
}
`;

function valuesKernel(type: TexelType): Kernel {
  const { scalar, vector } = formats[type];
  return known(`sort values ${type}`, () => ({
    inputs: { sorted: 'int32', x: type },
    output: type,
    uniforms: { size: 'int', pairs: 'int' },
    body: `${position}${scalar} at(int e) {
  int row = e / size;
  return x_el(x_at + row * size + position(row, e - row * size));
}
void compute(int t) {
  int e = t << 2;
  out0 = ${vector}(at(e), at(e + 1), at(e + 2), at(e + 3));
}`,
  }));
}

function indicesKernel(): Kernel {
  return known('sort indices', () => ({
    inputs: { sorted: 'int32' },
    output: 'int32',
    uniforms: { size: 'int', pairs: 'int' },
    body: `${position}int at(int e) {
  int row = e / size;
  return position(row, e - row * size);
}
void compute(int t) {
  int e = t << 2;
  out0 = ivec4(at(e), at(e + 1), at(e + 2), at(e + 3));
}`,
  }));
}

/** Texels of a row of pairs: a power of two. */
export function pairsFor(size: number): number {
  return size <= 2 ? 1 : 2 ** (Math.ceil(Math.log2(size)) - 1);
}

/** The sorted pairs of the rows of a contiguous x `[rows, size]`. The caller releases the texture. */
export function sortedPairs(engine: Engine, x: TensorRef, rows: number, size: number, descending: boolean): Texture {
  const pairs = pairsFor(size);
  const flip = descending ? -1 : 0;
  let state = engine.draw(beginKernel(texelType(x.dtype)), rows * pairs, { inputs: { x }, uniforms: { size, pairs, flip } });
  for (let block = 2; block <= 2 * pairs; block *= 2) {
    for (let gap = block / 2; gap >= 1; gap /= 2) {
      const before = state;
      try {
        state = engine.draw(stepKernel(), rows * pairs, { inputs: { x: before }, uniforms: { pairs, block, gap } });
      } finally {
        before.release();
      }
    }
  }
  return state;
}

export function sort(engine: Engine, x: TensorRef, descending: boolean, values: TensorRef, indices: TensorRef): void {
  const size = x.shape.at(-1) ?? 1;
  const rows = sizeOf(x.shape) / size;
  const sorted = sortedPairs(engine, x, rows, size, descending);
  try {
    const uniforms = { size, pairs: pairsFor(size) };
    engine.compute(valuesKernel(texelType(x.dtype)), { inputs: { sorted, x }, uniforms }, values);
    engine.compute(indicesKernel(), { inputs: { sorted }, uniforms }, indices);
  } finally {
    sorted.release();
  }
}
