import type { ActivationKind, TensorRef } from '@konv/core-tensor';
import { activationCode } from '../activation.js';
import type { Engine } from '../engine.js';
import { define, repeat } from '../gl/define.js';
import type { Kernel } from '../gl/kernel.js';
import type { Matrices, Product } from './matmul.js';

/** What comes after a product. */
export interface Finish {
  readonly bias?: TensorRef | null;
  /** Of what the bias is; default: the column. */
  readonly biasOf?: 'row' | 'column';
  readonly activation?: ActivationKind | null;
  /** Add to `out`. */
  readonly accumulate?: boolean;
}

/** What is added to the products: nothing, what stands in `out`, or the bias of the column or row. */
type Added = 'nothing' | 'old' | 'column' | 'row';

/** A texel of the row-major result: 4 columns of one row where n is a multiple of 4, else each element on its own. */
function finishKernel(rows: number, added: Added, activation: ActivationKind | null): Kernel {
  const input = added === 'old' ? 'old' : 'bias';
  return define(`matmul finish ${rows} rows ${added} ${activation ?? ''}`, () => ({
    inputs: { y: { layers: true, type: 'float32' }, ...(added === 'nothing' ? {} : { [input]: 'float32' as const }) },
    output: 'float32',
    uniforms: { m: 'int', n: 'int', blocks: 'int', columns: 'int', slices: 'int', perSlice: 'int' },
    body: `${activationCode(activation)}
vec4 total(int row, int column) {
  int g = row / m;
  int r = row - g * m;
  int at = (g * blocks + r / ${rows}) * columns + (column >> 2);
  int layer = r & ${rows - 1};
  vec4 sum = y_texel(at, layer);
  for (int s = 1; s < slices; s++) {
    at += perSlice;
    sum += y_texel(at, layer);
  }
  return sum${added === 'row' ? ' + bias_el(bias_at + r)' : ''};
}
void compute(int t) {
  int e = t << 2;
  int row = e / n;
  int column = e - row * n;
  vec4 sum;
  if ((n & 3) == 0) {
    sum = total(row, column)${added === 'column' ? ' + bias_four(bias_at + column)' : ''};
  } else {
${repeat(
  4,
  (i) => `    sum[${i}] = total(row, column)[column & 3]${added === 'column' ? ' + bias_el(bias_at + column)' : ''};
    if (++column == n) {
      column = 0;
      row++;
    }`,
)}
  }
  out0 = activate(sum${added === 'old' ? ' + old_four(old_at + e)' : ''});
}`,
  }));
}

/** Adds up the slices of a product, with bias and activation or onto what `out` has. */
export function finish(
  engine: Engine,
  { texture, rows, blocks, columns, slices }: Product,
  { batch, m, n }: Matrices,
  { bias = null, biasOf = 'column', activation = null, accumulate = false }: Finish,
  out: TensorRef,
): void {
  const added = accumulate ? 'old' : bias ? biasOf : 'nothing';
  // As in `multiply`: another batch size may have blocks of another height.
  if (engine.maxTargets >= 8) engine.programs.begin(finishKernel(12 - rows, added, activation));
  engine.compute(
    finishKernel(rows, added, activation),
    {
      inputs: { y: texture, ...(accumulate ? { old: out } : bias ? { bias } : {}) },
      uniforms: { m, n, blocks, columns, slices, perSlice: batch * blocks * columns },
    },
    out,
  );
}
