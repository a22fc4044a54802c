import { BackendError, type Shape, sizeOf } from '@konv/core-tensor';
import { broadcast_util } from '@tensorflow/tfjs-core';

/** A product of matrices with tfjs's attributes: c[i] = op(a[i]) op(b[i]), where batches are broadcast to each other's axes. */
export interface ProductCase {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly batchA: Shape;
  readonly batchB: Shape;
  readonly outShape: Shape;
}

/** Errors: `BackendError` where the inner sizes differ, or the batches cannot be broadcast. */
export function productCase(kernel: string, a: Shape, b: Shape, transposeA: boolean, transposeB: boolean): ProductCase {
  const [rowsA, columnsA] = a.slice(-2);
  const [rowsB, columnsB] = b.slice(-2);
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [inner, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (a.length < 2 || b.length < 2 || k !== inner) {
    throw new BackendError(
      kernel,
      `expected matrices of one inner size, got [${a}]${transposeA ? ' transposed' : ''} and [${b}]${transposeB ? ' transposed' : ''}; transpose one`,
    );
  }
  const [batchA, batchB] = [a.slice(0, -2), b.slice(0, -2)];
  const batch = broadcast_util.assertAndGetBroadcastShape([...batchA], [...batchB]);
  return { transposeA, transposeB, m, k, n, batchA, batchB, outShape: [...batch, m, n] };
}

/** Matrices of a, of b and of c that belong together. */
export interface Run {
  readonly a: number;
  readonly b: number;
  readonly out: number;
  /** How many follow each other; of an operand that has one matrix in all, the same one is taken for each. */
  readonly count: number;
}

/** The products to be made, in as few runs as operands allow that lie one behind the other, or are one for all. */
export function runsOf({ batchA, batchB, outShape }: ProductCase): Run[] {
  const batch = outShape.slice(0, -2);
  const count = sizeOf(batch);
  const plain = (own: Shape): boolean => sizeOf(own) === 1 || sizeOf(own) === count;
  if (plain(batchA) && plain(batchB)) return [{ a: 0, b: 0, out: 0, count }];
  const [indexA, indexB] = [indices(batchA, batch), indices(batchB, batch)];
  return indexA.map((a, out) => ({ a, b: indexB[out], out, count: 1 }));
}

/** For each matrix of the result, row-major over its batch, which one of an operand's it takes. */
function indices(own: Shape, batch: Shape): number[] {
  const offset = batch.length - own.length;
  let all = [0];
  batch.forEach((size, axis) => {
    const mine = axis < offset ? 1 : own[axis - offset];
    all = all.flatMap((at) => Array.from({ length: size }, (_, i) => at * mine + (mine === 1 ? 0 : i)));
  });
  return all;
}
