import { defaultGenerator, fillRandint, Generator, permutation, ShapeError } from '@konv/core-tensor';

/** The indices of one pass over a dataset. Every iteration is a new pass. */
export interface Sampler extends Iterable<number> {
  readonly length: number;
  /** Where its order comes from, if not from the global generator; part of the DataLoader's state. */
  readonly generator?: Generator;
}

/** 0, 1, 2 ... Source: torch.utils.data.SequentialSampler. */
export class SequentialSampler implements Sampler {
  readonly #source: { readonly length: number };

  constructor(source: { readonly length: number }) {
    this.#source = source;
  }

  get length(): number {
    return this.#source.length;
  }

  *[Symbol.iterator](): IterableIterator<number> {
    for (let i = 0; i < this.length; i++) yield i;
  }
}

export interface RandomSamplerOptions {
  /** Draw each index from all of them, so that some come twice and some not at all. Default: false. */
  replacement?: boolean;
  /** Default: the size of the dataset. */
  numSamples?: number;
  /** Default: each pass draws a seed from the global generator for one of its own. */
  generator?: Generator;
}

/** With replacement PyTorch draws blocks of this size. */
const BLOCK = 32;

/**
 * All indices in random order: PyTorch's very order for the same seed, and the same draws from the generator.
 *
 * An explicit generator gives the permutations itself, and at the end of a pass one more, whose first
 * `numSamples % length` indices count: usually none, but its draws are made. A pass that is broken off has not made
 * them. Errors: `ShapeError` for an empty dataset and for `numSamples` below 1.
 * Source: torch.utils.data.RandomSampler, PyTorch 1.13.
 */
export class RandomSampler implements Sampler {
  readonly #source: { readonly length: number };
  readonly #options: RandomSamplerOptions;
  readonly generator?: Generator;

  constructor(source: { readonly length: number }, options: RandomSamplerOptions = {}) {
    this.#source = source;
    this.generator = options.generator;
    this.#options = options;
    const { length } = this;
    if (!Number.isSafeInteger(length) || length < 1 || source.length < 1) {
      throw new ShapeError(
        'RandomSampler',
        `expected at least one sample to shuffle, got ${length} of ${source.length}; check the dataset`,
      );
    }
  }

  get length(): number {
    return this.#options.numSamples ?? this.#source.length;
  }

  *[Symbol.iterator](): IterableIterator<number> {
    const n = this.#source.length;
    const generator = this.#options.generator ?? new Generator(defaultGenerator().random63());
    const draw = this.#options.replacement ? (count: number) => integers(generator, n, count) : () => permutation(generator, n);
    const block = this.#options.replacement ? BLOCK : n;
    let left = this.length;
    for (; left >= block; left -= block) yield* draw(block);
    yield* draw(left).subarray(0, left);
  }
}

function integers(generator: Generator, n: number, count: number): Int32Array {
  const out = new Int32Array(count);
  fillRandint(generator, out, 0, n);
  return out;
}

/** Groups indices by `batchSize`; the last group may be smaller, or is left out with `dropLast`. */
export function* batches(sampler: Iterable<number>, batchSize: number, dropLast: boolean): IterableIterator<Int32Array> {
  const batch: number[] = [];
  for (const i of sampler) {
    if (batch.push(i) < batchSize) continue;
    yield Int32Array.from(batch);
    batch.length = 0;
  }
  if (batch.length > 0 && !dropLast) yield Int32Array.from(batch);
}

/** How many groups `batches` makes of `n` indices. */
export function countBatches(n: number, batchSize: number, dropLast: boolean): number {
  return dropLast ? Math.floor(n / batchSize) : Math.ceil(n / batchSize);
}
