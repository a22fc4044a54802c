import { indexSelect, isTensor, KonvError, ShapeError, type Tensor, tensor } from '@konv/core-tensor';

/**
 * A list of samples. A sample is a number, a typed array, a `HostTensor`, a Tensor, or a tuple or plain object of them;
 * usually `[input, target]`. Source: torch.utils.data.Dataset.
 */
export interface Dataset<T = unknown> {
  /** The number of samples. */
  readonly length: number;
  /** Sample `i`, 0 <= i < length. Tensors that it makes live until the batch is made: keep() what it caches. */
  get(i: number): T | Promise<T>;
  /**
   * Optional, for speed: the samples at `indices`, collated. HostTensors in the result go to the backend, Tensors stay
   * where they are. Not used with a `collate` of the user's.
   */
  batch?(indices: Int32Array): unknown;
}

/** Refuses what is no dataset. */
export function checkDataset(op: string, x: unknown): void {
  const d = x as Partial<Dataset> | null | undefined;
  if (typeof d === 'object' && d !== null && typeof d.get === 'function' && Number.isSafeInteger(d.length) && (d.length as number) >= 0)
    return;
  const got = d === null ? 'null' : isTensor(d) ? 'a tensor' : Array.isArray(d) ? 'an array' : typeof d;
  const remedy = isTensor(d) ? 'use new TensorDataset(x, y)' : 'await FashionMNIST.load(...), or implement Dataset';
  throw new KonvError(op, `expected a dataset with length and get(i), got ${got}; ${remedy}`);
}

/** Refuses all but whole numbers in [0, length). */
export function checkIndex(op: string, i: number, length: number): void {
  if (Number.isInteger(i) && i >= 0 && i < length) return;
  throw new ShapeError(op, `expected an index in [0, ${length}), got ${i}; there are ${length} samples`);
}

/** Whether the indices count up by one. */
function isRun(indices: Int32Array): boolean {
  for (let k = 1; k < indices.length; k++) if (indices[k] !== indices[0] + k) return false;
  return indices.length > 0;
}

/** The slices of `t` at `indices`, as a new tensor on its backend. */
function rows(t: Tensor, indices: Int32Array): Tensor {
  // A copy even of neighbours: writing into a batch must not change the dataset.
  if (isRun(indices)) return t.slice([indices[0], indices[0] + indices.length]).clone();
  return indexSelect(t, 0, tensor(indices, { backend: t.backend }));
}

/**
 * Sample i is `[x[i], y[i], ...]`.
 *
 * Tensors [n, ...], any ranks and dtypes, one n. They stay where they are, batches too; the dataset does not own them.
 * Errors: `ShapeError` for scalars and sizes that differ, `KonvError` for what is no tensor.
 * Source: torch.utils.data.TensorDataset.
 */
export class TensorDataset<T extends Tensor[] = Tensor[]> implements Dataset<T> {
  readonly tensors: Readonly<T>;
  readonly length: number;

  constructor(...tensors: T) {
    if (tensors.length === 0) throw new ShapeError('TensorDataset', 'expected at least one tensor, got none; pass inputs and targets');
    tensors.forEach((t, k) => {
      if (isTensor(t)) {
        if (t.rank === 0) throw new ShapeError('TensorDataset', `expected tensors [n, ...], got a scalar as number ${k}; unsqueeze(0) it`);
        return;
      }
      throw new KonvError(
        'TensorDataset',
        `expected tensors, got ${Array.isArray(t) ? 'an array' : typeof t} as number ${k}; wrap it with tensor(...)`,
      );
    });
    const sizes = tensors.map((t) => t.shape[0]);
    if (sizes.some((n) => n !== sizes[0])) {
      throw new ShapeError('TensorDataset', `expected one size of the first dimension, got ${sizes.join(', ')}; slice the longer ones`);
    }
    this.tensors = tensors;
    this.length = sizes[0];
  }

  /** Views of the tensors. */
  get(i: number): T {
    checkIndex('TensorDataset', i, this.length);
    return this.tensors.map((t) => t.select(0, i)) as T;
  }

  batch(indices: Int32Array): T {
    return this.tensors.map((t) => rows(t, indices)) as T;
  }
}
