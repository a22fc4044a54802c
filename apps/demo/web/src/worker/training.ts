import '@konv/autograd';
import { fromHost, getBackend, isTensor, manualSeed, scope, type Tensor, useBackend } from '@konv/core-tensor';
import { DataLoader, type DataLoaderState, type FashionMNIST } from '@konv/data';
import type { HostEntry } from '@konv/formats';
import { functional, type Sequential } from '@konv/layers';
import type { optim } from '@konv/trainer';
import type { Settings } from '../model/settings.js';
import { openBackend } from './backends.js';
import { trainImages } from './data.js';
import { buildNetwork, buildOptimizer, freeOptimizer, type Optimizer, type OptimizerState } from './network.js';

type Batches = AsyncIterator<readonly [Tensor, Tensor]>;

/** A training at one moment, on the host: what it needs to go on exactly. */
export interface Captured {
  readonly step: number;
  readonly epoch: number;
  readonly losses: Float32Array;
  readonly settings: Settings;
  /** `model.<key>` and `optimizer.<parameter>.<name>`. */
  readonly entries: ReadonlyMap<string, HostEntry>;
  /** The optimizer's numbers, `<parameter>.<name>`. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly loader: DataLoaderState;
}

/** What must be there before settings can be put in force. */
interface Prepared {
  readonly settings: Settings;
  readonly backend: string;
  readonly images: FashionMNIST;
}

/** Loads code and data, touches nothing. */
export async function prepare(settings: Settings): Promise<Prepared> {
  const [backend, images] = await Promise.all([openBackend(settings.backend, settings.threads), trainImages(settings.images)]);
  return { settings, backend, images };
}

/**
 * The loop of the twenty lines that the page hands out, a step at a time: one seed gives the weights and then the order of
 * the pictures. No two of its methods may run at a time.
 */
export class Training {
  settings: Settings;
  net: Sequential;
  optimizer: Optimizer;
  /** The registered name. */
  backend: string;
  step = 0;
  epoch = 0;
  readonly losses: number[] = [];
  #images: FashionMNIST;
  #loader: DataLoader<unknown, readonly [Tensor, Tensor]>;
  #batches: Batches | null = null;

  constructor({ settings, backend, images }: Prepared) {
    useBackend(backend);
    manualSeed(settings.seed);
    this.settings = settings;
    this.backend = backend;
    this.#images = images;
    this.net = buildNetwork(settings);
    this.optimizer = buildOptimizer(this.net, settings);
    this.#loader = this.#newLoader();
  }

  #newLoader(): DataLoader<unknown, readonly [Tensor, Tensor]> {
    return new DataLoader(this.#images, { batchSize: this.settings.batch, shuffle: true }) as never;
  }

  /** The pass that is open goes on on the backend of now. */
  async #reopen(state: DataLoaderState | null): Promise<void> {
    await this.#batches?.return?.();
    this.#batches = null;
    this.#loader = this.#newLoader();
    if (state) this.#loader.loadStateDict(state);
  }

  async #next(): Promise<readonly [Tensor, Tensor]> {
    // A pass that was left off at its end gives nothing; the one after it does.
    for (;;) {
      this.#batches ??= this.#loader[Symbol.asyncIterator]();
      const { value, done } = await this.#batches.next();
      if (!done) return value as readonly [Tensor, Tensor];
      this.#batches = null;
      this.epoch++;
    }
  }

  /** One step. Returns its loss. */
  async advance(): Promise<number> {
    const [x, y] = await this.#next();
    using _ = scope();
    this.net.train();
    const loss = functional.crossEntropy(this.net.forward(x) as Tensor, y);
    this.optimizer.zeroGrad();
    loss.backward();
    this.optimizer.step();
    const value = await loss.item();
    this.losses.push(value);
    this.step++;
    return value;
  }

  /** Puts other settings in force. Returns what the curve should say of it, or null. */
  async change({ settings, backend, images }: Prepared): Promise<string | null> {
    const old = this.settings;
    const differs = (...names: (keyof Settings)[]) => names.some((name) => String(old[name]) !== String(settings[name]));
    let why: string | null = null;
    if (backend !== this.backend) {
      await this.net.to(backend);
      await this.optimizer.to(backend);
      useBackend(backend);
      this.backend = backend;
      why = 'backend';
    }
    this.settings = settings;
    const other = differs('batch', 'images');
    if (other || why !== null) {
      this.#images = images;
      await this.#reopen(other ? null : this.#loader.stateDict());
      if (other) why ??= differs('batch') ? 'batch' : 'images';
    }
    if (differs('architecture', 'channels', 'kernels')) {
      await this.#rebuild();
      why = 'architecture';
    } else if (differs('optimizer')) {
      this.#newOptimizer();
      why ??= 'optimizer';
    } else if (differs('lr')) {
      for (const group of this.optimizer.paramGroups) group.lr = settings.lr;
      why ??= 'learning rate';
    }
    return why;
  }

  #newOptimizer(): void {
    freeOptimizer(this.optimizer);
    this.optimizer = buildOptimizer(this.net, this.settings);
  }

  /** Another network, with the weights of the old one wherever name and shape are the same. */
  async #rebuild(): Promise<void> {
    const old = this.net;
    this.net = buildNetwork(this.settings);
    const theirs = old.stateDict();
    const same = Object.entries(this.net.stateDict()).filter(([key, t]) => String(theirs[key]?.shape) === String(t.shape));
    this.net.loadStateDict(Object.fromEntries(same.map(([key]) => [key, theirs[key]])), { strict: false });
    this.#newOptimizer();
    old.dispose();
  }

  /** The weights alone, on the host, by their names in the state dict. */
  async weights(): Promise<Map<string, HostEntry>> {
    return readEntries(Object.entries(this.net.stateDict()));
  }

  async capture(): Promise<Captured> {
    const { state } = this.optimizer.stateDict();
    const numbers: Record<string, number> = {};
    const tensors: [string, Tensor][] = Object.entries(this.net.stateDict()).map(([key, t]) => [`model.${key}`, t]);
    for (const [i, entry] of Object.entries(state)) {
      for (const [name, v] of Object.entries(entry)) {
        if (isTensor(v)) tensors.push([`optimizer.${i}.${name}`, v]);
        else numbers[`${i}.${name}`] = v;
      }
    }
    const { step, epoch, settings } = this;
    const loader = this.#loader.stateDict();
    return { step, epoch, settings, losses: Float32Array.from(this.losses), entries: await readEntries(tensors), numbers, loader };
  }

  /** Goes on from where `capture` was called: architecture, optimizer, batch and images must be those of now. */
  async restore(captured: Captured): Promise<void> {
    const { step, epoch, losses, entries, numbers, loader } = captured;
    await this.#reopen(loader);
    using _ = scope();
    this.net.loadStateDict(modelOf(entries, this.backend));
    const state: OptimizerState = {};
    const put = (path: string, value: Tensor | number) => {
      const [, i, name] = /^(\d+)\.(.*)$/.exec(path) as unknown as [string, string, string];
      state[Number(i)] = { ...state[Number(i)], [name]: value };
    };
    for (const [key, entry] of entries)
      if (key.startsWith('optimizer.')) put(key.slice('optimizer.'.length), onBackend(entry, this.backend));
    for (const [path, value] of Object.entries(numbers)) put(path, value);
    const optimizer: optim.Optimizer = this.optimizer;
    optimizer.loadStateDict({ state, paramGroups: optimizer.stateDict().paramGroups });
    this.step = step;
    this.epoch = epoch;
    this.losses.length = 0;
    for (const loss of losses) this.losses.push(loss);
  }

  async dispose(): Promise<void> {
    await this.#batches?.return?.();
    freeOptimizer(this.optimizer);
    this.net.dispose();
  }
}

async function readEntries(tensors: readonly (readonly [string, Tensor])[]): Promise<Map<string, HostEntry>> {
  const pending = tensors.map(async ([key, t]) => [key, { data: await t.data(), shape: t.shape, dtype: t.dtype }] as const);
  return new Map(await Promise.all(pending));
}

function onBackend({ data, shape, dtype }: HostEntry, backend: string): Tensor {
  return fromHost(getBackend(backend), data, shape, dtype);
}

/** Tensors by their names in a model's state dict, in the scope that is open. */
export function tensorsOf(entries: Iterable<readonly [string, HostEntry]>, backend: string): Record<string, Tensor> {
  return Object.fromEntries([...entries].map(([key, entry]) => [key, onBackend(entry, backend)]));
}

/** Those of a captured training's model. */
export function modelOf(entries: ReadonlyMap<string, HostEntry>, backend: string): Record<string, Tensor> {
  const own = [...entries].filter(([key]) => key.startsWith('model.'));
  return tensorsOf(
    own.map(([key, entry]) => [key.slice('model.'.length), entry]),
    backend,
  );
}
