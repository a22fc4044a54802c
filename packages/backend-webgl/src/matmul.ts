import type { ActivationKind, MatmulAttrs, TensorRef } from '@konv/core-tensor';
import { activate } from './activation.js';

import type { Engine } from './engine.js';
import type { Kernel } from './gl/kernel.js';
import type { Texture } from './gl/texture.js';

/** Invocations that keep a GPU busy: below it the inner extent is split into slices. */
const BUSY = 4096;
/** The inner extent of a slice is at least this. */
const MIN_SLICE = 64;

/** Sizes of a product [batch, m, k] x [batch, k, n], with the elements between batches of each operand (0: shared). */
interface Product {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly aStep: number;
  readonly bStep: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Lanes of `v` from `left` on are zero: the last step along k, and what is beyond must not be NaN times 0. */
const mask = `vec4 mask(vec4 v, int left) {
  return vec4(v.x, left > 1 ? v.y : 0.0, left > 2 ? v.z : 0.0, left > 3 ? v.w : 0.0);
}`;

/**
 * An invocation computes 4 rows by 4 columns of one slice along k; layer i of its texel is row 4 m4 + i, lane j column
 * 4 n4 + j. Texel ((slice * batch + b) * rows + m4) * columns + n4.
 *
 *              k ->                    n ->                 layers   lanes ->
 *     m    a0 a0 a0 a0         b0 b0 b0 b0                    0     c c c c
 *     |    a1 a1 a1 a1      k  b1 b1 b1 b1                    1     c c c c
 *     v    a2 a2 a2 a2      |  b2 b2 b2 b2                    2     c c c c
 *          a3 a3 a3 a3      v  b3 b3 b3 b3                    3     c c c c
 *
 * A step along k takes four texels of a and four of b (as many more where rows do not begin at a texel) for 64 products.
 */
function productKernel(transposeA: boolean, transposeB: boolean): Kernel {
  // Columns of mat4 `a` are the four k; its lanes are rows. Columns of `b` are the four k; its lanes are columns.
  const each = (f: (i: number) => string) => [0, 1, 2, 3].map(f).join(', ');
  const loadA = transposeA
    ? `mat4(${each((i) => `${i} < left ? a_four(a_row + (k + ${i}) * m) : vec4(0.0)`)})`
    : `transpose(mat4(${each((i) => `mask(a_four(a_row + ${i} * depth + k), left)`)}))`;
  const loadB = transposeB
    ? `transpose(mat4(${each((i) => `mask(b_four(b_row + ${i} * depth + k), left)`)}))`
    : `mat4(${each((i) => `${i} < left ? b_four(b_row + (k + ${i}) * n) : vec4(0.0)`)})`;
  const rows = ['x', 'y', 'z', 'w'];
  return {
    name: `matmul ${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`,
    inputs: { a: 'float32', b: 'float32' },
    output: 'float32',
    targets: 4,
    uniforms: { batch: 'int', rows: 'int', columns: 'int', m: 'int', n: 'int', depth: 'int', slice: 'int', a_step: 'int', b_step: 'int' },
    body: `${mask}
void compute(int t) {
  int n4 = t % columns, rest = t / columns;
  int m4 = rest % rows;
  rest /= rows;
  int item = rest % batch;
  int from = (rest / batch) * slice, to = min(from + slice, depth);
  int a_row = a_at + item * a_step + m4 * 4${transposeA ? '' : ' * depth'};
  int b_row = b_at + item * b_step + n4 * 4${transposeB ? ' * depth' : ''};
  vec4 c0 = vec4(0.0), c1 = vec4(0.0), c2 = vec4(0.0), c3 = vec4(0.0);
  for (int k = from; k < to; k += 4) {
    int left = to - k;
    mat4 a = ${loadA};
    mat4 b = ${loadB};
${rows.map((r, i) => `    c${i} += a[0].${r} * b[0] + a[1].${r} * b[1] + a[2].${r} * b[2] + a[3].${r} * b[3];`).join('\n')}
  }
  out0 = c0; out1 = c1; out2 = c2; out3 = c3;
}`,
  };
}

/** Adds the slices up, adds the bias and what stood in `out`, applies the activation, and brings blocks into row-major order. */
function unpackKernel(bias: boolean, old: boolean, activation: ActivationKind | null): Kernel {
  const { code, call } = activate(activation);
  return {
    name: `matmul unpack${bias ? ' bias' : ''}${old ? ' accumulate' : ''} ${activation ?? ''}`,
    inputs: {
      x: { layers: true, type: 'float32' },
      ...(bias ? { bias: 'float32' } : {}),
      ...(old ? { old: 'float32' } : {}),
    } as Kernel['inputs'],
    output: 'float32',
    uniforms: { rows: 'int', columns: 'int', m: 'int', n: 'int', slices: 'int', stride: 'int' },
    body: `${code}
float pick(int e) {
  int column = e % n, row = e / n;
  int at = ((row / m) * rows + ((row % m) >> 2)) * columns + (column >> 2);
  float sum = 0.0;
  for (int s = 0; s < slices; s++) sum += x_texel(at + s * stride, (row % m) & 3)[column & 3];
  return sum;
}
void compute(int t) {
  int e = t << 2;
  vec4 y;
  if ((n & 3) == 0) {
    int column = e % n, row = e / n;
    int at = ((row / m) * rows + ((row % m) >> 2)) * columns + (column >> 2);
    y = vec4(0.0);
    for (int s = 0; s < slices; s++) y += x_texel(at + s * stride, (row % m) & 3);
${bias ? '    y += bias_four(bias_at + column);' : ''}
  } else {
    y = vec4(pick(e), pick(e + 1), pick(e + 2), pick(e + 3));
${bias ? '    y += vec4(bias_el(bias_at + e % n), bias_el(bias_at + (e + 1) % n), bias_el(bias_at + (e + 2) % n), bias_el(bias_at + (e + 3) % n));' : ''}
  }
${old ? '  y += old_four(old_at + e);' : ''}
  out0 = ${call('y')};
}`,
  };
}

const products = new Map<string, Kernel>();
const unpacks = new Map<string, Kernel>();

function cached(map: Map<string, Kernel>, key: string, make: () => Kernel): Kernel {
  let kernel = map.get(key);
  if (!kernel) map.set(key, (kernel = make()));
  return kernel;
}

/** Draws the product into blocks and the blocks into `out`. */
function multiply(
  engine: Engine,
  a: TensorRef,
  b: TensorRef,
  p: Product,
  bias: TensorRef | null,
  activation: ActivationKind | null,
  accumulate: boolean,
  out: TensorRef,
): void {
  const rows = (p.m + 3) >> 2;
  const columns = (p.n + 3) >> 2;
  const blocks = p.batch * rows * columns;
  const wanted = Math.max(1, Math.min(Math.ceil(BUSY / blocks), Math.ceil(p.k / MIN_SLICE)));
  const slice = Math.ceil(p.k / wanted / 4) * 4;
  const slices = Math.ceil(p.k / slice);
  const sizes = { rows, columns, m: p.m, n: p.n };
  const kernel = cached(products, `${p.transposeA}${p.transposeB}`, () => productKernel(p.transposeA, p.transposeB));
  const packed: Texture = engine.draw(kernel, slices * blocks, {
    inputs: { a, b },
    uniforms: { ...sizes, batch: p.batch, depth: p.k, slice, a_step: p.aStep, b_step: p.bStep },
  });
  try {
    const unpack = cached(unpacks, `${bias !== null}${accumulate}${activation}`, () => unpackKernel(bias !== null, accumulate, activation));
    const inputs = { x: packed, ...(bias ? { bias } : {}), ...(accumulate ? { old: out } : {}) };
    engine.compute(unpack, { inputs, uniforms: { ...sizes, slices, stride: blocks } }, out);
  } finally {
    packed.release();
  }
}

export function matmul(engine: Engine, a: TensorRef, b: TensorRef, attrs: MatmulAttrs, out: TensorRef): void {
  const { transposeA, transposeB, accumulate } = attrs;
  const [batch, m, n] = out.shape;
  const k = a.shape[transposeA ? 1 : 2];
  const aStep = a.shape[0] === 1 ? 0 : m * k;
  const bStep = b.shape[0] === 1 ? 0 : k * n;
  multiply(engine, a, b, { batch, m, n, k, aStep, bStep, transposeA, transposeB }, null, null, accumulate, out);
}

export function linear(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  const [m, k] = x.shape;
  const n = weight.shape[0];
  multiply(engine, x, weight, { batch: 1, m, n, k, aStep: 0, bStep: 0, transposeA: false, transposeB: true }, bias, activation, false, out);
}
