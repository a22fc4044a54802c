import type { ActivationKind, MatmulAttrs, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import type { Texture } from '../gl/texture.js';
import { type Finish, finish } from './finish.js';
import { multiply } from './product.js';

/** op(a) [batch or 1, m, k] times op(b) [batch or 1, k, n]. */
export interface Matrices {
  readonly a: TensorRef;
  readonly b: TensorRef;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Products before slices of k are added up. */
export interface Product {
  readonly texture: Texture;
  readonly rows: number;
  readonly blocks: number;
  readonly columns: number;
  readonly slices: number;
}

/** The product with what comes after it: see `Finish`. */
export function product(engine: Engine, matrices: Matrices, after: Finish, out: TensorRef): void {
  const slices = multiply(engine, matrices);
  try {
    finish(engine, slices, matrices, after, out);
  } finally {
    slices.texture.release();
  }
}

export function matmul(engine: Engine, a: TensorRef, b: TensorRef, attrs: MatmulAttrs, out: TensorRef): void {
  const { transposeA, transposeB, accumulate } = attrs;
  const [batch, m, n] = out.shape;
  const k = a.shape[transposeA ? 1 : 2];
  product(engine, { a, b, transposeA, transposeB, batch, m, n, k }, { accumulate }, out);
}

export function linear(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  const [m, n] = out.shape;
  const matrices = { a: x, b: weight, transposeA: false, transposeB: true, batch: 1, m, n, k: x.shape[1] };
  product(engine, matrices, { bias, activation }, out);
}
