import { isTensor, KonvError, type Tensor } from '@konv/core-tensor';

/** A batch: the model's input and what the loss compares with. */
export type Batch = readonly [inputs: Tensor, targets: Tensor];

/**
 * What `fit` and `evaluate` iterate: a DataLoader, or any iterable of batches. `length` is the number of batches. With
 * `stateDict` and `loadStateDict` a resumed training finds its place by them; without, it passes over the batches that
 * it has seen, which must then come in the same order again.
 */
export interface Loader {
  readonly length?: number;
  readonly dataset?: { readonly length: number };
  stateDict?(): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: each loader knows its own state.
  loadStateDict?(state: any): void;
  /** The same batches in the order of the dataset. */
  unshuffled?(): Loader;
  [Symbol.asyncIterator]?(): AsyncIterator<unknown>;
  [Symbol.iterator]?(): Iterator<unknown>;
}

/** Whether a loader goes on from `state` by itself. */
export function keepsPlace(loader: Loader, state: unknown): boolean {
  return state !== null && typeof loader.loadStateDict === 'function';
}

/** A loader of at most `limit` batches, in the dataset's order where it can give that. */
export function limited(loader: Loader, limit: number): Loader {
  const source = loader.unshuffled?.() ?? loader;
  const length = source.length === undefined ? undefined : Math.min(limit, source.length);
  return {
    ...(length === undefined ? {} : { length }),
    async *[Symbol.asyncIterator]() {
      let n = 0;
      for await (const batch of source as AsyncIterable<unknown>) {
        yield batch;
        if (++n >= limit) return;
      }
    },
  };
}

export function checkLoader(op: string, name: string, loader: unknown): void {
  const l = loader as Loader | null | undefined;
  if (typeof l?.[Symbol.asyncIterator] === 'function' || typeof l?.[Symbol.iterator] === 'function') return;
  throw new KonvError(
    op,
    `expected ${name} to be an iterable of batches, got ${loader === null ? 'null' : typeof loader}; pass a DataLoader`,
  );
}

export function checkBatch(op: string, batch: unknown): Batch {
  if (Array.isArray(batch) && batch.length === 2 && isTensor(batch[0]) && isTensor(batch[1])) return batch as unknown as Batch;
  throw new KonvError(
    op,
    `expected batches [inputs, targets] of two tensors, got ${Array.isArray(batch) ? `an array of ${batch.length}` : typeof batch}`,
  );
}
