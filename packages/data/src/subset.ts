import { defaultGenerator, type Generator, permutation, ShapeError } from '@konv/core-tensor';
import { checkDataset, checkIndex, type Dataset } from './dataset.js';

/**
 * The samples of a dataset at the given indices, in their order. Errors: `ShapeError` for an index out of range.
 * Source: torch.utils.data.Subset.
 */
export class Subset<T> implements Dataset<T> {
  readonly dataset: Dataset<T>;
  readonly indices: Int32Array;
  readonly batch?: (indices: Int32Array) => unknown;

  constructor(dataset: Dataset<T>, indices: ArrayLike<number>) {
    checkDataset('Subset', dataset);
    for (let k = 0; k < indices.length; k++) checkIndex('Subset', indices[k], dataset.length);
    this.dataset = dataset;
    this.indices = Int32Array.from(indices);
    if (dataset.batch) this.batch = (at) => dataset.batch?.(at.map((k) => this.indices[k]));
  }

  get length(): number {
    return this.indices.length;
  }

  get(i: number): T | Promise<T> {
    checkIndex('Subset', i, this.length);
    return this.dataset.get(this.indices[i]);
  }
}

/** One dataset after another. Source: torch.utils.data.ConcatDataset. */
export class ConcatDataset<T> implements Dataset<T> {
  readonly datasets: readonly Dataset<T>[];
  /** The index after the last sample of each. */
  readonly #ends: number[] = [];
  readonly length: number;

  constructor(datasets: readonly Dataset<T>[]) {
    if (!Array.isArray(datasets) || datasets.length === 0) {
      throw new ShapeError('ConcatDataset', 'expected a non-empty array of datasets; pass them in one array');
    }
    let n = 0;
    for (const d of datasets) {
      checkDataset('ConcatDataset', d);
      this.#ends.push((n += d.length));
    }
    this.datasets = [...datasets];
    this.length = n;
  }

  get(i: number): T | Promise<T> {
    checkIndex('ConcatDataset', i, this.length);
    const k = this.#ends.findIndex((end) => i < end);
    return this.datasets[k].get(k === 0 ? i : i - this.#ends[k - 1]);
  }
}

function sizes(n: number, lengths: readonly number[]): number[] {
  const shown = `[${lengths.join(', ')}]`;
  const total = lengths.reduce((a, b) => a + b, 0);
  if (lengths.every((x) => Number.isInteger(x) && x >= 0) && total === n) return [...lengths];
  if (!lengths.every((x) => x >= 0 && x <= 1) || Math.abs(total - 1) > 1e-9) {
    throw new ShapeError('randomSplit', `expected lengths that add up to ${n}, or fractions that add up to 1, got ${shown}; adjust them`);
  }
  const out = lengths.map((x) => Math.floor(n * x));
  const rest = n - out.reduce((a, b) => a + b, 0);
  for (let k = 0; k < rest; k++) out[k % out.length]++;
  return out;
}

/**
 * Cuts a dataset at random into parts of the given lengths, or fractions of 1: rounded down, what remains going one by
 * one to the first parts. PyTorch's parts for the same generator. Errors: `ShapeError`.
 * Source: torch.utils.data.random_split.
 */
export function randomSplit<T>(dataset: Dataset<T>, lengths: readonly number[], options: { generator?: Generator } = {}): Subset<T>[] {
  checkDataset('randomSplit', dataset);
  const parts = sizes(dataset.length, lengths);
  const order = permutation(options.generator ?? defaultGenerator(), dataset.length);
  let at = 0;
  return parts.map((n) => new Subset(dataset, order.subarray(at, (at += n))));
}
