import {
  type Backend,
  breathe,
  defaultGenerator,
  forEachTensor,
  type Generator,
  type GeneratorState,
  getBackend,
  KonvError,
  Scope,
  ShapeError,
  type Tensor,
} from '@konv/core-tensor';
import { type Collated, defaultCollate, placeAll, sampleError } from './collate.js';
import { checkDataset, type Dataset } from './dataset.js';
import {
  type DataLoaderState,
  decodeState,
  encodeState,
  generatorsOf,
  type Plan,
  type Position,
  setStates,
  statesOf,
} from './loader-state.js';
import { batches, countBatches, RandomSampler, type Sampler, SequentialSampler } from './sampler.js';

export interface DataLoaderOptions<T, B = Collated<T>> {
  /** Samples in a batch. Default: 1. */
  batchSize?: number;
  /** A new random order in every pass. Default: false. */
  shuffle?: boolean;
  /** Leave out a last batch that is smaller. Default: false. */
  dropLast?: boolean;
  /** The source of the order. Default: the global one, which `manualSeed` seeds. */
  generator?: Generator;
  /** The order itself, instead of `shuffle`. */
  sampler?: Sampler;
  /** Makes a batch of samples. HostTensors in its result go to the backend. Default: `defaultCollate`. */
  collate?: (samples: T[]) => B;
  /** The name of the backend for host data. Default: the current one at the time of the pass. */
  backend?: string;
}

/** One pass over the dataset. */
interface Pass {
  /** The generators at its beginning. */
  readonly start: readonly GeneratorState[];
  /** How many it has given out. */
  batches: number;
  readonly indices: Iterator<Int32Array>;
  /** The first of them, where it had to be drawn early. */
  first: IteratorResult<Int32Array> | null;
  /** Whether the order has been drawn from the generators. */
  drawn: boolean;
}

const FREED_BY = 'the next step of the DataLoader';

/**
 * Batches of a dataset: `for await (const [images, labels] of loader)`. `length` is their number.
 *
 * Order: PyTorch's for the same seed. Every pass draws one int64 from the generator, unused here as in PyTorch (the
 * base seed of its workers); a shuffled one then draws another, which seeds a fresh generator that permutes. With a
 * `generator` of its own, see `RandomSampler`.
 *
 * Resuming: `stateDict()` says where the loader stands, also inside the loop; after `loadStateDict` the next pass gives
 * the batches that were left of the interrupted one, and later passes are as if nothing had happened.
 *
 * Memory: a batch belongs to the loader, whichever scope is open. It is freed when the next one is asked for and when
 * the loop ends, breaks or throws; `keep(t)` keeps a tensor of it. Host data goes to the backend, tensors stay on
 * theirs. The loop lets timers and the collector run every 16 ms.
 *
 * Errors: `ShapeError` for sizes, `KonvError` for other options; what a sample throws comes with its index.
 * Source: torch.utils.data.DataLoader.
 */
export class DataLoader<T, B = Collated<T>> implements AsyncIterable<B> {
  readonly dataset: Dataset<T>;
  readonly batchSize: number;
  readonly dropLast: boolean;
  readonly sampler: Sampler;
  readonly #options: DataLoaderOptions<T, B>;
  /** The pass that began last, until it has ended by itself. */
  #open: Pass | null = null;
  /** What `loadStateDict` left for the next pass to go on with. */
  #resumed: Position['pass'] = null;

  constructor(dataset: Dataset<T>, options: DataLoaderOptions<T, B> = {}) {
    checkDataset('DataLoader', dataset);
    checkOptions(options as DataLoaderOptions<unknown, unknown>);
    const { batchSize = 1, shuffle = false, dropLast = false, generator } = options;
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.dropLast = dropLast;
    this.sampler = options.sampler ?? (shuffle ? new RandomSampler(dataset, { generator }) : new SequentialSampler(dataset));
    this.#options = { ...options };
  }

  /** The number of batches in a pass. */
  get length(): number {
    return countBatches(this.sampler.length, this.batchSize, this.dropLast);
  }

  /**
   * Where the loader stands, for `JSON.stringify`: the order of the pass that is open and how many batches it has given
   * out, and the generators, the global one among them. Inside the loop, the batch in hand counts as given out. A pass
   * that was broken off stays the open one until the next begins; of two at once it is the one that began last. Not to
   * be taken while a batch is being made.
   *
   * Not in it: generators that only transforms or a `collate` know (give them the loader's), and what a sampler of one's
   * own keeps to itself: its order must follow from the generators (its `generator` included) at the beginning of a pass.
   */
  stateDict(): DataLoaderState {
    const open = this.#open?.drawn ? { batches: this.#open.batches, generators: this.#open.start } : null;
    const pass = this.#resumed ?? open;
    return encodeState(this.#plan(), { pass, generators: statesOf(this.#generators()) });
  }

  /**
   * Goes on from where `stateDict` was called, here or in another process: the next pass gives the batches that were
   * left (none after the last), without loading the others. Puts back the generators, the global one among them.
   *
   * Errors: `FormatError` for what is no state, and for one of another number of samples, batchSize, dropLast or
   * generators; nothing has changed then.
   */
  loadStateDict(state: DataLoaderState): void {
    const { pass, generators } = decodeState(this.#plan(), state);
    setStates(this.#generators(), generators);
    this.#resumed = pass;
    this.#open = null;
  }

  /** A loader of the same batches in the order of the dataset, without `shuffle` and `sampler`. */
  unshuffled(): DataLoader<T, B> {
    const { shuffle: _, sampler: __, ...rest } = this.#options;
    return new DataLoader(this.dataset, rest);
  }

  #generators(): Generator[] {
    return generatorsOf(this.#options.generator, this.sampler.generator);
  }

  #plan(): Plan {
    const { batchSize, dropLast, length, sampler } = this;
    return { samples: sampler.length, batchSize, dropLast, length, generators: this.#generators().length };
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<B> {
    const resumed = this.#resumed;
    const generators = this.#generators();
    const now = statesOf(generators);
    const pass: Pass = { start: resumed?.generators ?? now, batches: 0, indices: this.#indices(), first: null, drawn: false };
    if (resumed) setStates(generators, resumed.generators);
    (this.#options.generator ?? defaultGenerator()).random63();
    if (resumed) {
      // The order anew from its beginning, then the generators as they are now: draws made since are not undone.
      try {
        if (resumed.batches === 0) pass.first = pass.indices.next();
        while (pass.batches < resumed.batches && !pass.indices.next().done) pass.batches++;
        pass.drawn = true;
      } finally {
        setStates(generators, now);
      }
    }
    this.#resumed = null;
    this.#open = pass;
    return this.#pass(pass);
  }

  #indices(): Iterator<Int32Array> {
    return batches(this.sampler, this.batchSize, this.dropLast);
  }

  async *#pass(pass: Pass): AsyncIterableIterator<B> {
    let owned: Tensor[] = [];
    const release = (): void => {
      for (const t of owned) if (!t.kept) t.free(FREED_BY);
      owned = [];
    };
    try {
      pass.drawn = true;
      for (let step = pass.first ?? pass.indices.next(); !step.done; step = pass.indices.next()) {
        await breathe();
        const made = await this.#batch(step.value);
        owned = made.owned;
        pass.batches++;
        yield made.batch;
        release();
      }
      if (this.#open === pass) this.#open = null;
    } finally {
      release();
      pass.indices.return?.();
    }
  }

  /** A batch, and the tensors of it that were born for it. */
  async #batch(indices: Int32Array): Promise<{ batch: B; owned: Tensor[] }> {
    const { dataset } = this;
    const { collate } = this.#options;
    const scope = new Scope('a batch of the DataLoader');
    try {
      let host: unknown;
      if (dataset.batch && !collate) {
        const result = scope.run(() => dataset.batch?.(indices));
        host = isPromise(result) ? await result : result;
      } else {
        const samples = await this.#samples(indices, scope);
        host = scope.run(() => (collate ? collate(samples) : defaultCollate(samples)));
        if (isPromise(host)) host = await host;
      }
      let backend: Backend | null = null;
      const onto = (): Backend => (backend ??= getBackend(this.#options.backend));
      const batch = scope.run(() => placeAll(host, onto)) as B;
      const owned: Tensor[] = [];
      forEachTensor(batch, (t) => {
        if (t.scope !== scope) return;
        // Out of the scope and into the collector's care: a pass that is abandoned frees its last batch, too.
        t.keep();
        t.kept = false;
        owned.push(t);
      });
      return { batch, owned };
    } finally {
      scope.dispose();
    }
  }

  async #samples(indices: Int32Array, scope: Scope): Promise<T[]> {
    const { dataset } = this;
    const samples: T[] = new Array(indices.length);
    const pending: Promise<void>[] = [];
    indices.forEach((i, k) => {
      try {
        const sample = scope.run(() => dataset.get(i));
        if (isPromise(sample)) {
          const settle = Promise.resolve(sample).then((s) => {
            samples[k] = s;
          });
          pending.push(settle.catch((e) => Promise.reject(sampleError(i, e))));
        } else samples[k] = sample;
      } catch (e) {
        pending.push(Promise.reject(sampleError(i, e)));
      }
    });
    // All at once: the first failure is reported, and none is left unhandled.
    if (pending.length > 0) await Promise.all(pending);
    return samples;
  }
}

function isPromise<T>(x: T | PromiseLike<T>): x is PromiseLike<T> {
  return typeof (x as { then?: unknown } | null | undefined)?.then === 'function';
}

function checkOptions(options: DataLoaderOptions<unknown, unknown>): void {
  if (typeof options !== 'object' || options === null) {
    throw new KonvError(
      'DataLoader',
      `expected options in an object, got ${options === null ? 'null' : typeof options}; pass { batchSize: ${String(options)} }`,
    );
  }
  const { batchSize, shuffle, sampler, generator, collate, backend, dropLast } = options;
  if (batchSize !== undefined && (!Number.isSafeInteger(batchSize) || batchSize < 1)) {
    throw new ShapeError('DataLoader', `expected a whole batchSize of at least 1, got ${String(batchSize)}; pass e.g. { batchSize: 64 }`);
  }
  const flags = { shuffle, dropLast };
  for (const [name, value] of Object.entries(flags))
    refuseUnless(value === undefined || typeof value === 'boolean', name, 'true or false', value);
  refuseUnless(collate === undefined || typeof collate === 'function', 'collate', 'a function', collate);
  refuseUnless(backend === undefined || typeof backend === 'string', 'backend', 'the name of a backend', backend);
  refuseUnless(
    generator === undefined || typeof (generator as Partial<Generator> | null)?.random63 === 'function',
    'generator',
    'a Generator',
    generator,
  );
  if (sampler === undefined) return;
  refuseUnless(
    typeof sampler?.[Symbol.iterator] === 'function' && Number.isSafeInteger(sampler.length),
    'sampler',
    'an iterable with a length',
    sampler,
  );
  if (shuffle) throw new KonvError('DataLoader', 'expected shuffle or a sampler, got both; leave one out');
}

function refuseUnless(ok: boolean, name: string, expected: string, got: unknown): void {
  if (!ok)
    throw new KonvError(
      'DataLoader',
      `expected ${name} to be ${expected}, got ${got === null ? 'null' : typeof got}; leave it out for the default`,
    );
}
