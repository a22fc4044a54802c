import type { ActivationKind, MatmulAttrs, TensorRef } from '@konv/core-tensor';
import { activate } from './activation.js';
import { multiplyPanels, panelSize, rowsWithin } from './gemm.js';
import type { Panels } from './gemm.js';
import { floatsOf } from './memory.js';
import type { FloatArray } from './memory.js';
import { packLast, packMatrix } from './pack.js';
import type { Scratch } from './scratch.js';

/** Doubles of the packed block of the second operand: a quarter of a 512 KiB L2. */
const BLOCK_DOUBLES = 16 * 1024;

/** A strided matrix of a product: element (row, k) at `at + row * rowStride + k * kStride`. */
interface Matrix {
  readonly data: FloatArray;
  readonly at: number;
  readonly rows: number;
  readonly rowStride: number;
  readonly kStride: number;
  /** One more column: these values, or ones. */
  readonly last?: { readonly values: FloatArray | null; readonly at: number };
}

/** c[i][j] (+)= sum over k of a[i][k] * b[j][k]; c is row-major from `at`. */
function multiply(scratch: Scratch, a: Matrix, b: Matrix, k: number, c: FloatArray, at: number, accumulate: boolean): void {
  const kTotal = a.last ? k + 1 : k;
  const rowAt = scratch.multiples('matmul rows', a.rows, b.rows);
  const columnAt = scratch.multiples('matmul columns', b.rows, 1);
  const aPanels = pack(scratch, 'matmul a', a, 0, a.rows, k, kTotal);
  const block = rowsWithin(BLOCK_DOUBLES, kTotal);
  for (let j = 0; j < b.rows; j += block) {
    const bPanels = pack(scratch, 'matmul b', b, j, Math.min(block, b.rows - j), k, kTotal);
    multiplyPanels(kTotal, aPanels, bPanels, c, at, rowAt, columnAt, accumulate);
  }
}

function pack(scratch: Scratch, name: string, m: Matrix, first: number, rows: number, k: number, kTotal: number): Panels {
  const data = scratch.float64(name, panelSize(rows, kTotal));
  packMatrix(m.data, m.at, m.rowStride, m.kStride, first, rows, k, kTotal, data);
  if (m.last) packLast(data, rows, k, m.last.values, m.last.at + first);
  return { data, rows, first };
}

export function matmul(scratch: Scratch, a: TensorRef, b: TensorRef, attrs: MatmulAttrs, out: TensorRef): void {
  const [batch, m, n] = out.shape;
  const k = attrs.transposeA ? a.shape[1] : a.shape[2];
  const aData = floatsOf(a);
  const bData = floatsOf(b);
  const c = floatsOf(out);
  for (let i = 0; i < batch; i++) {
    const rows: Matrix = {
      data: aData,
      at: a.offset + (a.shape[0] === 1 ? 0 : i * m * k),
      rows: m,
      rowStride: attrs.transposeA ? 1 : k,
      kStride: attrs.transposeA ? m : 1,
    };
    const columns: Matrix = {
      data: bData,
      at: b.offset + (b.shape[0] === 1 ? 0 : i * k * n),
      rows: n,
      rowStride: attrs.transposeB ? k : 1,
      kStride: attrs.transposeB ? 1 : n,
    };
    multiply(scratch, rows, columns, k, c, out.offset + i * m * n, attrs.accumulate);
  }
}

/** The bias is one more column of `weight` against a column of ones in `x`: added in double, rounded once. */
export function linear(
  scratch: Scratch,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  const [rows, features] = x.shape;
  const outFeatures = weight.shape[0];
  const matrix = (ref: TensorRef, count: number): Matrix => ({
    data: floatsOf(ref),
    at: ref.offset,
    rows: count,
    rowStride: features,
    kStride: 1,
  });
  const a = bias ? { ...matrix(x, rows), last: { values: null, at: 0 } } : matrix(x, rows);
  const b = bias ? { ...matrix(weight, outFeatures), last: { values: floatsOf(bias), at: bias.offset } } : matrix(weight, outFeatures);
  const c = floatsOf(out);
  multiply(scratch, a, b, features, c, out.offset, false);
  activate(activation, c, out.offset, rows * outFeatures);
}
