import type { TensorRef } from '@konv/core-tensor';
import { texelsFor } from './buffer.js';
import type { Engine } from './engine.js';
import { foldOf, laneSource } from './fold.js';
import { define } from './gl/define.js';
import type { Kernel } from './gl/kernel.js';
import type { Texture } from './gl/texture.js';
import { functionsFor } from './lazy/functions.js';
import { columnSpan } from './reduce-plan.js';

/** Fetches of one draw that reads a row again for each of its texels; beyond that rows are summed up once, beforehand. */
const FETCHES = 2 ** 17;
const SHORT = 32;
const LONG = 256;

const { source: foldSource, neutral } = foldOf('max', 'float32');

/**
 * `greatest(base, n)`: of n elements from `base` on, NaN if one is. `sum_of_exp(base, n, m)`: of e^(x - m).
 * The exponential of a lane beyond the row is selected away.
 */
const rowSource = `${functionsFor(['f_exp', 'f_log'])}
${foldSource}
${laneSource('float32', neutral)}
float greatest(int base, int n) {
  vec4 m = ${neutral};
  for (int j = 0; j < n; j += 4) m = fold(m, leading(x_four(base + j), n - j));
  return across(m);
}
float sum_of_exp(int base, int n, float m) {
  vec4 sum = vec4(0.0);
  for (int j = 0; j < n; j += 4) {
    vec4 v = f_exp(x_four(base + j) - m);
    sum += vec4(v.x, n - j > 1 ? v.y : 0.0, n - j > 2 ? v.z : 0.0, n - j > 3 ? v.w : 0.0);
  }
  return (sum.x + sum.z) + (sum.y + sum.w);
}`;

/**
 * What is left to do when greatest `m` and sum `s` of each lane's row are known. All of a row is NaN that holds NaN or
 * infinity, or only -infinity.
 */
const finish = (log: boolean): string => `  bvec4 bad = equal(floatBitsToInt(m) & 0x7f800000, ivec4(0x7f800000));
  out0 = mix(${log ? 'x - m - f_log(s)' : 'f_exp(x - m) / s'}, intBitsToFloat(ivec4(0x7fc00000)), bad);`;

/**
 * Short rows: every texel finds the greatest and the sum of its own rows.
 *
 *     x, out   | row 0: 0 1 2 3 | 4 5 . . | row 1 begins in the same texel: its lanes have another m and s
 */
function shortKernel(log: boolean): Kernel {
  return define(`${log ? 'log ' : ''}softmax short`, () => ({
    inputs: { x: 'float32' },
    output: 'float32',
    uniforms: { n: 'int' },
    body: `${rowSource}
void compute(int t) {
  int e = t << 2;
  vec4 m = vec4(0.0), s = vec4(1.0);
  for (int l = 0; l < 4;) {
    int row = (e + l) / n;
    int base = x_at + row * n;
    float row_m = greatest(base, n);
    float row_s = sum_of_exp(base, n, row_m);
    bvec4 mine = greaterThanEqual(ivec4(0, 1, 2, 3), ivec4(l));
    m = mix(m, vec4(row_m), mine);
    s = mix(s, vec4(row_s), mine);
    l = (row + 1) * n - e;
  }
  vec4 x = x_four(x_at + e);
${finish(log)}
}`,
  }));
}

/** Long rows, first: texel (row, s) = (greatest, sum of e^(x - greatest)) of `span` quads. */
const partials: Kernel = {
  name: 'softmax partials',
  inputs: { x: 'float32' },
  output: 'float32',
  uniforms: { n: 'int', span: 'int', splits: 'int' },
  body: `${rowSource}
void compute(int t) {
  int row = t / splits;
  int j = (t - row * splits) * span * 4;
  int base = x_at + row * n + j;
  int count = min(span * 4, n - j);
  float m = greatest(base, count);
  // Nothing but -infinity: it adds nothing to a row that has more.
  out0 = vec4(m, m == intBitsToFloat(0xff800000) ? 0.0 : sum_of_exp(base, count, m), 0.0, 0.0);
}`,
};

/** Then, where a row has several: texel (row, s) = the same of `span` partial results. */
const merge: Kernel = {
  name: 'softmax merge',
  inputs: { x: 'float32' },
  output: 'float32',
  uniforms: { n: 'int', span: 'int', splits: 'int' },
  body: `${functionsFor(['f_exp'])}
${foldSource}
void compute(int t) {
  int row = t / splits;
  int i = (t - row * splits) * span;
  int first = row * n + i;
  int end = row * n + min(i + span, n);
  vec4 m = ${neutral};
  for (i = first; i < end; i++) m = fold(m, x_texel(i));
  float sum = 0.0;
  for (i = first; i < end; i++) {
    vec4 v = x_texel(i);
    if (v.y != 0.0) sum += v.y * f_exp(v - m).x;
  }
  out0 = vec4(m.x, sum, 0.0, 0.0);
}`,
};

/** At last: every texel looks up its rows' results. */
function longKernel(log: boolean): Kernel {
  return define(`${log ? 'log ' : ''}softmax long`, () => ({
    inputs: { x: 'float32', rows: 'float32' },
    output: 'float32',
    uniforms: { n: 'int' },
    body: `${functionsFor(['f_exp', 'f_log'])}
void compute(int t) {
  int e = t << 2;
  int row = e / n;
  vec4 a = rows_texel(row), b = a, c = a, d = a;
  if ((e + 3) / n != row) {
    b = rows_texel((e + 1) / n);
    c = rows_texel((e + 2) / n);
    d = rows_texel((e + 3) / n);
  }
  vec4 m = vec4(a.x, b.x, c.x, d.x);
  vec4 s = vec4(a.y, b.y, c.y, d.y);
  vec4 x = x_four(x_at + e);
${finish(log)}
}`,
  }));
}

/** A texel for each row: its greatest and the sum of e^(x - greatest). The caller releases it. */
function rowResults(engine: Engine, x: TensorRef, rows: number, n: number): Texture {
  const quads = Math.ceil(n / 4);
  let span = columnSpan(quads, rows);
  let splits = Math.ceil(quads / span);
  let result = engine.draw(partials, rows * splits, { inputs: { x }, uniforms: { n, span, splits } });
  while (splits > 1) {
    const m = splits;
    span = columnSpan(m, rows);
    splits = Math.ceil(m / span);
    const before = result;
    try {
      result = engine.draw(merge, rows * splits, { inputs: { x: before }, uniforms: { n: m, span, splits } });
    } finally {
      before.release();
    }
  }
  return result;
}

function normalized(engine: Engine, log: boolean, x: TensorRef, out: TensorRef): void {
  const [rows, n] = x.shape;
  const fetches = 2 * texelsFor(rows * n) * texelsFor(n);
  if (n <= SHORT || (n <= LONG && fetches <= FETCHES)) {
    engine.compute(shortKernel(log), { inputs: { x }, uniforms: { n } }, out);
    return;
  }
  const results = rowResults(engine, x, rows, n);
  try {
    engine.compute(longKernel(log), { inputs: { x, rows: results }, uniforms: { n } }, out);
  } finally {
    results.release();
  }
}

export function softmax(engine: Engine, x: TensorRef, out: TensorRef): void {
  normalized(engine, false, x, out);
}

export function logSoftmax(engine: Engine, x: TensorRef, out: TensorRef): void {
  normalized(engine, true, x, out);
}
