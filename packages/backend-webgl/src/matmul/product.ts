/**
 * Products of matrices: an invocation has `rows` rows (a target each) of 4 columns (the lanes) of the result, and goes
 * through one slice of the inner dimension k in fours.
 *
 *     a [m, k]: a texel is 4 k of one row        transposed, [k, m]: 4 rows at one k
 *     b [k, n]: a texel is 4 columns at one k    transposed, [n, k]: 4 k of one column
 *
 * Small operands are read where they stand; if not all rows begin with a texel (`aligned` is false), 4 elements may take two
 * fetches. Large ones of such sizes are padded first. Rows and columns beyond the end read something, and nobody reads the results.
 *
 *     result   texel ((slice batch + b) blocks + m / rows) columns + n / 4, layer m mod rows, lane n mod 4
 */
import type { Engine } from '../engine.js';
import { define, repeat, withScratch } from '../gl/define.js';
import type { Kernel } from '../gl/kernel.js';
import type { Matrices, Product } from './matmul.js';
import { inPlace, isAligned, padded, padKernel } from './operand.js';

const lane = (i: number): string => 'xyzw'[i];

interface Variant {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** The rows of both operands begin with a texel, and k is a multiple of four or padded: places are counted in texels. */
  readonly aligned: boolean;
  readonly rows: number;
}

const nameOf = (v: Variant): string =>
  `matmul ${v.transposeA ? 'at' : 'a'} ${v.transposeB ? 'bt' : 'b'} ${v.rows} rows${v.aligned ? ' aligned' : ''}`;

/** Four k from `k` on: fetches, masks at the end of k, and the sums. */
function step({ transposeA, transposeB, aligned, rows }: Variant): string {
  const fetch = aligned ? 'texel' : 'four';
  const four = aligned ? 1 : 4;
  const aTexels = transposeA
    ? repeat(4, (k) => repeat(rows / 4, (r) => `    vec4 a${k}_${r} = a_${fetch}(aAt + ${k} * aRow + ${four * r});`))
    : repeat(rows, (r) => `    vec4 a${r} = a_${fetch}(aAt + ${r} * aRow);`);
  const bTexels = transposeB
    ? repeat(4, (n) => `    vec4 c${n} = b_${fetch}(bAt + ${n} * bRow);`)
    : repeat(4, (k) => `    vec4 b${k} = b_${fetch}(bAt + ${k} * bRow);`);
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
${aligned ? '' : `    if (left < 4) {\n${cut}\n    }`}
${sums}
    aAt += ${transposeA ? '4 * aRow' : four};
    bAt += ${transposeB ? four : '4 * bRow'};`;
}

function productKernel(v: Variant): Kernel {
  const four = v.aligned ? 1 : 4;
  return define(nameOf(v), () => ({
    inputs: { a: 'float32', b: 'float32' },
    output: 'float32',
    targets: v.rows,
    uniforms: {
      batch: 'int',
      blocks: 'int',
      columns: 'int',
      k: 'int',
      perSlice: 'int',
      start: 'ivec2',
      perBatch: 'ivec2',
      aRow: 'int',
      bRow: 'int',
    },
    body: `void compute(int t) {
  int q = t / columns;
  int column = t - q * columns;
  int q1 = q / blocks;
  int block = q - q1 * blocks;
  int slice = q1 / batch;
  int g = q1 - slice * batch;
  int first = slice * perSlice;
  int aAt = start.x + g * perBatch.x + ${v.transposeA ? `first * aRow + block * ${(v.rows / 4) * four}` : `block * ${v.rows} * aRow + first${v.aligned ? ' / 4' : ''}`};
  int bAt = start.y + g * perBatch.y + ${v.transposeB ? `column * 4 * bRow + first${v.aligned ? ' / 4' : ''}` : `first * bRow + column * ${four}`};
  vec4 ${Array.from({ length: v.rows }, (_, r) => `s${r} = vec4(0.0)`).join(', ')};
  for (int left = min(perSlice, k - first); left > 0; left -= 4) {
${step(v)}
  }
${repeat(v.rows, (r) => `  out${r} = s${r};`)}
}`,
  }));
}

/** Multiplications from which on operands that are not aligned are copied: two draws more, and a third of the time a multiplication. */
const WORTH_PADDING = 2 ** 21;
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

/** What another batch size would choose is compiled together with what this one does: later nothing is. */
function beginOthers(engine: Engine, variant: Variant, whole: boolean): void {
  if (!whole) engine.programs.begin(padKernel());
  const heights = engine.maxTargets >= 8 ? [4, 8] : [4];
  for (const rows of heights) {
    for (const aligned of whole ? [true] : [true, false]) engine.programs.begin(productKernel({ ...variant, aligned, rows }));
  }
}

/** The products, in slices, that `finish` adds up. */
export function multiply(engine: Engine, { a, b, transposeA, transposeB, batch, m, n, k }: Matrices): Product {
  const rows = engine.maxTargets >= 8 && m > 4 ? 8 : 4;
  const blocks = Math.ceil(m / rows);
  const columns = Math.ceil(n / 4);
  const perSlice = sliceLength(k, batch * blocks * columns);
  const slices = Math.ceil(k / perSlice);
  const [aRows, aColumns] = transposeA ? [k, m] : [m, k];
  const [bRows, bColumns] = transposeB ? [n, k] : [k, n];
  const whole = isAligned(a, aColumns, k) && isAligned(b, bColumns, k);
  const aligned = whole || batch * m * n * k >= WORTH_PADDING;
  return withScratch((keep) => {
    const left = aligned ? padded(engine, keep, a, aRows, aColumns, k) : inPlace(a, aRows, aColumns);
    const right = aligned ? padded(engine, keep, b, bRows, bColumns, k) : inPlace(b, bRows, bColumns);
    const units = (i: number): number => (aligned ? i / 4 : i);
    const variant = { transposeA, transposeB, aligned, rows };
    const kernel = productKernel(variant);
    beginOthers(engine, variant, whole);
    const texture = engine.draw(kernel, slices * batch * blocks * columns, {
      inputs: { a: left.input, b: right.input },
      uniforms: {
        batch,
        blocks,
        columns,
        k,
        perSlice,
        start: [units(left.at), units(right.at)],
        perBatch: [units(left.perBatch), units(right.perBatch)],
        aRow: units(left.row),
        bRow: units(right.row),
      },
    });
    return { texture, rows, blocks, columns, slices };
  });
}
