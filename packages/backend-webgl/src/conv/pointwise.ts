/**
 * Convolutions with kernels of one element, where nothing is skipped, padded or grouped, are products of matrices as they
 * stand: y[n] = w x[n], dx[n] = w^T dy[n], with w [outChannels, inChannels] and images [channels, pixels].
 */
import type { ActivationKind, ConvGeometry, TensorRef } from '@konv/core-tensor';
import type { Engine } from '../engine.js';
import { product } from '../matmul/matmul.js';
import { volume } from './plan.js';

export function isPointwise(g: ConvGeometry): boolean {
  const same = g.outSize.every((n, a) => n === g.inSize[a]);
  return g.groups === 1 && same && volume(g.kernel) === 1 && volume(g.stride) === 1 && g.padLow.every((n) => n === 0);
}

const asMatrices = (x: TensorRef, shape: readonly number[]): TensorRef => ({ ...x, shape });

export function pointwise(
  engine: Engine,
  x: TensorRef,
  weight: TensorRef,
  bias: TensorRef | null,
  g: ConvGeometry,
  activation: ActivationKind | null,
  out: TensorRef,
): void {
  const { batch, inChannels: k, outChannels: m } = g;
  const n = volume(g.inSize);
  const matrices = {
    a: asMatrices(weight, [1, m, k]),
    b: asMatrices(x, [batch, k, n]),
    transposeA: false,
    transposeB: false,
    batch,
    m,
    n,
    k,
  };
  product(engine, matrices, { bias, biasOf: 'row', activation }, out);
}

export function pointwiseGradInput(engine: Engine, dy: TensorRef, weight: TensorRef, g: ConvGeometry, out: TensorRef): void {
  const { batch, inChannels: m, outChannels: k } = g;
  const n = volume(g.inSize);
  const matrices = {
    a: asMatrices(weight, [1, k, m]),
    b: asMatrices(dy, [batch, k, n]),
    transposeA: true,
    transposeB: false,
    batch,
    m,
    n,
    k,
  };
  product(engine, matrices, {}, out);
}
