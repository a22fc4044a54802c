/**
 * Products of matrices: an invocation has `rows` rows (a target each) of 4 columns (the lanes) of the result, and goes
 * through one slice of the inner dimension k in fours.
 *
 *     a [m, k]: a texel is 4 k of one row        transposed, [k, m]: 4 rows at one k
 *     b [k, n]: a texel is 4 columns at one k    transposed, [n, k]: 4 k of one column
 *
 * Operands are read where they stand; if their rows do not begin with a texel (`aligned` is false), 4 elements may take two
 * fetches. Rows and columns beyond the end read something, and nobody reads the results.
 *
 *     result   texel ((slice batch + b) blocks + m / rows) columns + n / 4, layer m mod rows, lane n mod 4
 */
import type { Engine } from '../engine.js';
import { define, repeat } from '../gl/define.js';
import type { Kernel } from '../gl/kernel.js';
import type { Matrices, Product } from './matmul.js';

const lane = (i: number): string => 'xyzw'[i];

interface Variant {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly aligned: boolean;
  readonly rows: number;
}

const nameOf = (v: Variant): string =>
  `matmul ${v.transposeA ? 'at' : 'a'} ${v.transposeB ? 'bt' : 'b'} ${v.rows} rows${v.aligned ? ' aligned' : ''}`;

/** Four k from `k` on: fetches, masks at the end of k, and the sums. */
function step({ transposeA, transposeB, aligned, rows }: Variant): string {
  const four = (x: string, e: string): string => (aligned ? `${x}_texel((${e}) >> 2)` : `${x}_four(${e})`);
  const aTexels = transposeA
    ? repeat(4, (k) => repeat(rows / 4, (r) => `    vec4 a${k}_${r} = ${four('a', `aAt + ${k} * m + ${4 * r}`)};`))
    : repeat(rows, (r) => `    vec4 a${r} = ${four('a', `aAt + ${r} * k`)};`);
  const bTexels = transposeB
    ? repeat(4, (n) => `    vec4 c${n} = ${four('b', `bAt + ${n} * k`)};`)
    : repeat(4, (k) => `    vec4 b${k} = ${four('b', `bAt + ${k} * n`)};`);
  const turned = transposeB ? repeat(4, (k) => `    vec4 b${k} = vec4(c0.${lane(k)}, c1.${lane(k)}, c2.${lane(k)}, c3.${lane(k)});`) : '';
  // What lies behind the end of k may be infinite: both operands are cut.
  const cut = repeat(3, (i) => {
    const k = i + 1;
    const a = transposeA ? repeat(rows / 4, (r) => `a${k}_${r} = vec4(0.0);`) : repeat(rows, (r) => `a${r}.${lane(k)} = 0.0;`);
    return `      if (left < ${k + 1}) { b${k} = vec4(0.0); ${a} }`;
  });
  const element = (r: number, k: number): string => (transposeA ? `a${k}_${r >> 2}.${lane(r & 3)}` : `a${r}.${lane(k)}`);
  const sums = repeat(rows, (r) => `    s${r} += ${[0, 1, 2, 3].map((k) => `b${k} * ${element(r, k)}`).join(' + ')};`);
  return `${aTexels}
${bTexels}
${turned}
    if (left < 4) {
${cut}
    }
${sums}
    aAt += ${transposeA ? '4 * m' : '4'};
    bAt += ${transposeB ? '4' : '4 * n'};`;
}

function productKernel(v: Variant): Kernel {
  return define(nameOf(v), () => ({
    inputs: { a: 'float32', b: 'float32' },
    output: 'float32',
    targets: v.rows,
    uniforms: { batch: 'int', m: 'int', n: 'int', k: 'int', blocks: 'int', columns: 'int', aBatch: 'int', bBatch: 'int', perSlice: 'int' },
    body: `void compute(int t) {
  int q = t / columns;
  int column = (t - q * columns) << 2;
  int q1 = q / blocks;
  int row = (q - q1 * blocks) * ${v.rows};
  int slice = q1 / batch;
  int g = q1 - slice * batch;
  int first = slice * perSlice;
  int aAt = a_at + g * aBatch + ${v.transposeA ? 'first * m + row' : 'row * k + first'};
  int bAt = b_at + g * bBatch + ${v.transposeB ? 'column * k + first' : 'first * n + column'};
  vec4 ${Array.from({ length: v.rows }, (_, r) => `s${r} = vec4(0.0)`).join(', ')};
  for (int left = min(perSlice, k - first); left > 0; left -= 4) {
${step(v)}
  }
${repeat(v.rows, (r) => `  out${r} = s${r};`)}
}`,
  }));
}

const WANTED = 8192;
/** The least and the most of k that a slice has. */
const SHORT = 64;
const LONG = 4096;
const MAX_SLICES = 64;

function sliceLength(k: number, outputs: number): number {
  const wanted = Math.min(Math.ceil(WANTED / outputs), Math.ceil(k / SHORT));
  const slices = Math.min(Math.max(wanted, Math.ceil(k / LONG)), MAX_SLICES);
  return Math.ceil(k / slices / 4) * 4;
}

/** The products, in slices, that `finish` adds up. */
export function multiply(engine: Engine, { a, b, transposeA, transposeB, batch, m, n, k }: Matrices): Product {
  const rows = engine.maxTargets >= 8 && m > 4 ? 8 : 4;
  const blocks = Math.ceil(m / rows);
  const columns = Math.ceil(n / 4);
  const perSlice = sliceLength(k, batch * blocks * columns);
  const slices = Math.ceil(k / perSlice);
  const aligned = [a.offset, b.offset, transposeA ? m : k, transposeB ? k : n].every((i) => i % 4 === 0);
  const kernel = productKernel({ transposeA, transposeB, aligned, rows });
  const texture = engine.draw(kernel, slices * batch * blocks * columns, {
    inputs: { a, b },
    uniforms: {
      batch,
      m,
      n,
      k,
      blocks,
      columns,
      aBatch: a.shape.length === 3 && a.shape[0] > 1 ? m * k : 0,
      bBatch: b.shape.length === 3 && b.shape[0] > 1 ? n * k : 0,
      perSlice,
    },
  });
  return { texture, rows, blocks, columns, slices };
}
