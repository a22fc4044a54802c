import type { ActivationKind, MatmulAttrs, TensorRef } from '@konv/core-tensor';
import type { Engine } from './engine.js';
import { addressOf, optionalAddress } from './operand.js';
import { activate } from './unary.js';

/** Rows of a packed panel of A. */
export const PANEL = 4;
/** Columns of a block of C that is one work item: its packed B stays in the second-level cache. */
const COLUMN_BLOCK = 256;
/** K is one block up to this, else equal blocks of at most the other: panels of B must fit the first-level cache. */
const WHOLE_K = 640;
const K_BLOCK = 512;
/** Multiply-adds below which a second thread costs more than it brings. */
const THREADS_FROM = 200_000;

/** The block of K: it depends on K alone, so results do not depend on how work is spread. */
export function kBlock(k: number): number {
  return k <= WHOLE_K ? k : Math.ceil(k / Math.ceil(k / K_BLOCK));
}

interface Product {
  readonly a: number;
  readonly b: number;
  readonly out: number;
  /** Matrices, and floats between two of them: 0 where one is shared by all. */
  readonly batch: number;
  readonly strideA: number;
  readonly strideB: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly bias: number;
  readonly accumulate: boolean;
  readonly relu: boolean;
}

/** out[b] = op(a[b]) op(b[b]): A is packed whole, B block by block by whoever computes the block. */
function product(engine: Engine, p: Product): void {
  const { m, n, k } = p;
  const kc = kBlock(k);
  const panels = Math.ceil(m / PANEL);
  const matricesA = p.strideA === 0 ? 1 : p.batch;
  const packedSize = panels * PANEL * k;
  const small = p.batch * m * n * k < THREADS_FROM;
  engine.temporary(matricesA * packedSize * 4, (packed) => {
    const itemsA = matricesA * panels;
    engine.run('gemm_pack_a', [p.a, m, k, p.transposeA ? m : k, Number(p.transposeA), p.strideA, kc, packed], {
      items: itemsA,
      grain: small ? itemsA : Math.max(8, Math.ceil(65536 / (PANEL * k))),
    });
    const columns = Math.min(COLUMN_BLOCK, Math.ceil(n / 8) * 8);
    const blocks = Math.ceil(n / columns);
    engine.run(
      'gemm',
      [
        packed,
        p.strideA === 0 ? 0 : packedSize,
        p.b,
        p.transposeB ? k : n,
        Number(p.transposeB),
        p.strideB,
        p.out,
        m * n,
        m,
        n,
        k,
        p.bias,
        Number(p.accumulate),
        Number(p.relu),
        kc,
        columns,
      ],
      { items: p.batch * blocks, grain: small ? p.batch * blocks : 1, scratch: 192 + 4 * kc * (columns + 8) },
    );
  });
}

/** What a product ends with, beyond the interface: the kernel has both for nothing. */
export interface MatmulEnd {
  /** `[n]`, added to each row. */
  readonly bias?: TensorRef | null;
  readonly relu?: boolean;
}

export function matmul(engine: Engine, a: TensorRef, b: TensorRef, attrs: MatmulAttrs, out: TensorRef, end: MatmulEnd = {}): void {
  const [batch, m, n] = out.shape;
  const k = attrs.transposeA ? a.shape[1] : a.shape[2];
  product(engine, {
    a: addressOf(a),
    b: addressOf(b),
    out: addressOf(out),
    batch,
    strideA: a.shape[0] === 1 ? 0 : m * k,
    strideB: b.shape[0] === 1 ? 0 : k * n,
    m,
    n,
    k,
    transposeA: attrs.transposeA,
    transposeB: attrs.transposeB,
    bias: optionalAddress(end.bias ?? null),
    accumulate: attrs.accumulate,
    relu: end.relu ?? false,
  });
}

/** out = activation(x weight^T + bias). */
export function linear(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  const [m, n] = out.shape;
  const k = x.shape[1];
  product(engine, {
    a: addressOf(x),
    b: addressOf(weight),
    out: addressOf(out),
    batch: 1,
    strideA: 0,
    strideB: 0,
    m,
    n,
    k,
    transposeA: false,
    transposeB: true,
    bias: optionalAddress(bias),
    accumulate: false,
    relu: activation === 'relu',
  });
  if (activation !== 'relu') activate(engine, activation, out);
}
