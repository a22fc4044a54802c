import '@konv/autograd';
import { isTensor, KonvError, noGrad, Scope, type Tensor } from '@konv/core-tensor';
import type { Module } from '@konv/layers';
import type { EpochRecord, History } from './history.js';
import { RunningMeans } from './means.js';
import type { Metric } from './metrics.js';
import type { Optimizer } from './optim/optimizer.js';

/** A batch: the model's input and what the loss compares with. */
export type Batch = readonly [inputs: Tensor, targets: Tensor];

/** What `fit` and `evaluate` iterate: a DataLoader, or any iterable of batches. `length` is the number of batches. */
export interface Loader {
  readonly length?: number;
  readonly dataset?: { readonly length: number };
  [Symbol.asyncIterator]?(): AsyncIterator<unknown>;
  [Symbol.iterator]?(): Iterator<unknown>;
}

/** Where a training stands, as callbacks see it. */
export interface Progress {
  readonly trainer: Trainer;
  /** Counts from 1. */
  epoch: number;
  epochs: number;
  /** Steps done in this epoch, and how many it has where that is known. */
  step: number;
  steps: number | null;
  /** Samples read back in this epoch, and the means over them. */
  samples: number;
  loss: number;
  metrics: Record<string, number>;
  /** Since the epoch began. */
  seconds: number;
  readonly history: History;
  /** Ends the training after this step; `reason` goes into the history. */
  stop(reason: string): void;
}

/** Every method may be asynchronous; `fit` waits for it. An error in one ends the training and is thrown by `fit`. */
export interface Callback {
  onFitStart?(p: Progress): void | Promise<void>;
  onEpochStart?(p: Progress): void | Promise<void>;
  onStep?(p: Progress): void | Promise<void>;
  onEpochEnd?(p: Progress, record: EpochRecord): void | Promise<void>;
  /** Also after an error or a stop. */
  onFitEnd?(p: Progress): void | Promise<void>;
}

export interface TrainerOptions {
  model: Module;
  /** A loss module or function: (output, targets) -> scalar. */
  loss: Module | ((output: Tensor, targets: Tensor) => Tensor);
  optimizer: Optimizer;
  metrics?: Record<string, Metric>;
}

export interface FitOptions {
  epochs: number;
  /** Evaluated after each epoch. */
  validation?: Loader;
  callbacks?: readonly Callback[];
  /** Aborting ends the training after the current step. */
  signal?: AbortSignal;
}

/** Steps between reads of the losses: often enough for a bar, seldom enough for a device. */
const READ_EVERY_STEPS = 16;
const READ_EVERY_MS = 100;

/**
 * Trains a model: batches, gradients, steps, metrics and memory. Most users never see a scope.
 * Source of the shape of it: Keras' fit and PyTorch Lightning's Trainer.
 */
export class Trainer {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly metrics: Record<string, Metric>;
  readonly #loss: (output: Tensor, targets: Tensor) => Tensor;
  #fitting = false;

  constructor({ model, loss, optimizer, metrics = {} }: TrainerOptions) {
    if (typeof model?.forward !== 'function') throw new KonvError('Trainer', `expected a model with forward(), got ${String(model)}`);
    if (typeof optimizer?.step !== 'function') throw new KonvError('Trainer', `expected an optimizer, got ${String(optimizer)}`);
    const lossOf = typeof loss === 'function' ? loss : (o: Tensor, t: Tensor): Tensor => (loss as Module).forward(o, t) as Tensor;
    if (typeof loss !== 'function' && typeof (loss as Module | undefined)?.forward !== 'function') {
      throw new KonvError('Trainer', `expected a loss module or function, got ${String(loss)}`);
    }
    this.model = model;
    this.optimizer = optimizer;
    this.metrics = metrics;
    this.#loss = lossOf;
  }

  /**
   * Trains for `epochs` passes over `loader`. Leaves the model in training mode as it was found.
   * Returns the history. Errors: those of the model, the loss and the callbacks; nothing is leaked by them.
   */
  async fit(loader: Loader, options: FitOptions): Promise<History> {
    const { epochs, validation, callbacks = [], signal } = options;
    if (!Number.isInteger(epochs) || epochs < 0)
      throw new KonvError('fit', `expected a whole number of epochs >= 0, got ${String(epochs)}`);
    if (this.#fitting) throw new KonvError('fit', 'expected one training at a time, got a second call while the first runs; await it');
    this.#fitting = true;
    const history: History = { epochs: [], losses: [], stopped: null };
    const progress: Progress = {
      trainer: this,
      epoch: 0,
      epochs,
      step: 0,
      steps: loader.length ?? null,
      samples: 0,
      loss: Number.NaN,
      metrics: {},
      seconds: 0,
      history,
      stop: (reason) => {
        history.stopped ??= reason;
      },
    };
    try {
      for (const c of callbacks) await c.onFitStart?.(progress);
      for (let epoch = 1; epoch <= epochs && history.stopped === null; epoch++) {
        progress.epoch = epoch;
        await this.#epoch(loader, validation, callbacks, signal, progress);
      }
    } finally {
      this.#fitting = false;
      for (const c of callbacks) await c.onFitEnd?.(progress);
    }
    return history;
  }

  async #epoch(
    loader: Loader,
    validation: Loader | undefined,
    callbacks: readonly Callback[],
    signal: AbortSignal | undefined,
    p: Progress,
  ): Promise<void> {
    const names = ['loss', ...Object.keys(this.metrics)];
    const means = new RunningMeans(names);
    const started = performance.now();
    let lastRead = started;
    Object.assign(p, { step: 0, samples: 0, loss: Number.NaN, metrics: {}, seconds: 0 });
    const read = async (): Promise<void> => {
      await means.flush();
      const now = performance.now();
      lastRead = now;
      Object.assign(p, {
        samples: means.samples,
        loss: means.mean('loss'),
        metrics: means.means(names.slice(1)),
        seconds: (now - started) / 1000,
      });
    };
    this.model.train();
    try {
      for (const c of callbacks) await c.onEpochStart?.(p);
      for await (const batch of loader as AsyncIterable<unknown>) {
        const [inputs, targets] = checkBatch('fit', batch);
        means.push(this.trainStep(inputs, targets), inputs.shape[0]);
        p.step++;
        if (means.pending >= READ_EVERY_STEPS || performance.now() - lastRead > READ_EVERY_MS) await read();
        for (const c of callbacks) await c.onStep?.(p);
        if (signal?.aborted) p.stop('aborted');
        if (p.history.stopped !== null) break;
      }
      await read();
      p.history.losses.push(...means.series);
      const seen = validation && p.history.stopped === null ? await this.evaluate(validation) : null;
      const record: EpochRecord = {
        epoch: p.epoch,
        loss: p.loss,
        metrics: p.metrics,
        validation: seen,
        samples: p.samples,
        seconds: p.seconds,
        complete: p.history.stopped === null,
      };
      p.history.epochs.push(record);
      for (const c of callbacks) await c.onEpochEnd?.(p, record);
    } finally {
      means.dispose();
    }
  }

  /** One step on one batch. Returns the loss and the metrics as scalar tensors, which belong to the caller. */
  trainStep(inputs: Tensor, targets: Tensor): Tensor[] {
    return inScope('training step', () => {
      const output = this.model.forward(inputs) as Tensor;
      const loss = this.#scalarLoss(output, targets);
      this.optimizer.zeroGrad();
      loss.backward();
      this.optimizer.step();
      return this.#measure(loss, output, targets);
    });
  }

  #scalarLoss(output: Tensor, targets: Tensor): Tensor {
    const loss = this.#loss(output, targets);
    if (!isTensor(loss) || loss.size !== 1) {
      throw new KonvError(
        'fit',
        `expected the loss to be a scalar tensor, got ${isTensor(loss) ? `shape [${loss.shape.join(', ')}]` : typeof loss}; reduce it by mean or sum`,
      );
    }
    return loss;
  }

  #measure(loss: Tensor, output: Tensor, targets: Tensor): Tensor[] {
    return noGrad(() => {
      const scores = output.detach();
      return [loss.detach(), ...Object.values(this.metrics).map((metric) => metric(scores, targets))];
    });
  }

  /**
   * The mean loss and metrics over `loader`, without gradients and in evaluation mode; the mode is put back afterwards.
   */
  async evaluate(loader: Loader): Promise<{ loss: number } & Record<string, number>> {
    const names = ['loss', ...Object.keys(this.metrics)];
    const means = new RunningMeans(names);
    const training = this.model.training;
    this.model.eval();
    try {
      for await (const batch of loader as AsyncIterable<unknown>) {
        const [inputs, targets] = checkBatch('evaluate', batch);
        const values = inScope('evaluation step', () =>
          noGrad(() => {
            const output = this.model.forward(inputs) as Tensor;
            return this.#measure(this.#scalarLoss(output, targets), output, targets);
          }),
        );
        means.push(values, inputs.shape[0]);
        if (means.pending >= READ_EVERY_STEPS) await means.flush();
      }
      await means.flush();
      return means.means(names) as { loss: number } & Record<string, number>;
    } finally {
      means.dispose();
      this.model.train(training);
    }
  }

  /** Moves the model and the optimizer's state to another backend, all or nothing; identities stay. */
  async to(backend: string): Promise<this> {
    const from = this.model.parameters().next().value?.backend as string | undefined;
    await this.model.to(backend);
    try {
      await this.optimizer.to(backend);
    } catch (e) {
      if (from !== undefined) await this.model.to(from);
      throw e;
    }
    return this;
  }
}

/** Runs `fn` in a scope of its own; what it returns is kept. */
function inScope(name: string, fn: () => Tensor[]): Tensor[] {
  const s = new Scope(name);
  try {
    return s.run(() => fn().map((t) => t.keep()));
  } finally {
    s.dispose();
  }
}

function checkBatch(op: string, batch: unknown): Batch {
  if (Array.isArray(batch) && batch.length === 2 && isTensor(batch[0]) && isTensor(batch[1])) return batch as unknown as Batch;
  throw new KonvError(
    op,
    `expected batches [inputs, targets] of two tensors, got ${Array.isArray(batch) ? `an array of ${batch.length}` : typeof batch}`,
  );
}
