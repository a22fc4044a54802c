import '@konv/autograd';
import { isTensor, KonvError, noGrad, Scope, type Tensor } from '@konv/core-tensor';
import { clipGradNorm, clipGradValue, type Module } from '@konv/layers';
import type { Callback } from './callback.js';
import { stateOf, writeCheckpoint } from './checkpoint/file.js';
import { liveParts, loadParts, parametersOf } from './checkpoint/parts.js';
import { checkState, type Place, type TrainerState } from './checkpoint/state.js';
import { readTree } from './checkpoint/tree.js';
import type { EpochRecord, History } from './history.js';
import { type AnyMetric, checkMetrics } from './metrics/metric.js';
import { checkPath } from './options.js';
import type { Optimizer } from './optim/optimizer.js';
import type { Engine } from './training/engine.js';
import { type FitOptions, makePlan, type Plan } from './training/fit-options.js';
import { generatorState, setGeneratorState } from './training/generator.js';
import { checkBatch, checkLoader, keepsPlace, type Loader } from './training/loader.js';
import { apart, Measures } from './training/measures.js';
import { Run } from './training/run.js';

export interface TrainerOptions {
  model: Module;
  /** A loss module or function: (output, targets) -> scalar. */
  loss: Module | ((output: Tensor, targets: Tensor) => Tensor);
  optimizer: Optimizer;
  metrics?: Record<string, AnyMetric>;
}

/** Steps between reads of an evaluation. */
const READ_EVERY_STEPS = 16;

/**
 * Trains a model: batches, gradients, steps, metrics and memory. Most users never see a scope.
 * Source of the shape of it: Keras' fit and PyTorch Lightning's Trainer.
 */
export class Trainer {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly metrics: Record<string, AnyMetric>;
  readonly #loss: (output: Tensor, targets: Tensor) => Tensor;
  #fitting = false;
  /** The last training. */
  #run: Run | null = null;

  constructor({ model, loss, optimizer, metrics = {} }: TrainerOptions) {
    if (typeof model?.forward !== 'function') throw new KonvError('Trainer', `expected a model with forward(), got ${String(model)}`);
    if (typeof optimizer?.step !== 'function') throw new KonvError('Trainer', `expected an optimizer, got ${String(optimizer)}`);
    const lossOf = typeof loss === 'function' ? loss : (o: Tensor, t: Tensor): Tensor => (loss as Module).forward(o, t) as Tensor;
    if (typeof loss !== 'function' && typeof (loss as Module | undefined)?.forward !== 'function') {
      throw new KonvError('Trainer', `expected a loss module or function, got ${String(loss)}`);
    }
    checkMetrics('Trainer', metrics);
    this.model = model;
    this.optimizer = optimizer;
    this.metrics = metrics;
    this.#loss = lossOf;
  }

  /**
   * Trains for `epochs` passes over `loader`, and leaves the model in training mode. Returns the history.
   *
   * With `resume` it goes on where a training stood, to the same numbers. Errors: `KonvError` for options; `FormatError`
   * (and those of `loadStateDict`) for a checkpoint that is none or does not fit, and nothing has changed then; those of
   * the model, the loss and the callbacks. Nothing is leaked by them.
   */
  async fit(loader: Loader, options: FitOptions): Promise<History> {
    const plan = makePlan(loader, options);
    if (this.#fitting) throw new KonvError('fit', 'expected one training at a time, got a second call while the first runs; await it');
    this.#fitting = true;
    try {
      const state = plan.resume === null ? null : await stateOf(plan.resume);
      const run = new Run(this, plan, this.#engine(plan), state !== null);
      if (state !== null) await this.#resume(state, run, plan);
      this.#run = run;
      return await run.go();
    } finally {
      this.#fitting = false;
    }
  }

  #engine({ accumulate, clip, signal }: Plan): Engine {
    const { model, optimizer, metrics } = this;
    const parameters = parametersOf(optimizer);
    return {
      metrics,
      train: () => void model.train(),
      accumulate: (inputs, targets, first, measures) => this.#gradients(inputs, targets, first, accumulate, measures),
      move: () => {
        if (clip?.by === 'norm') clipGradNorm(parameters, clip.limit).dispose();
        if (clip?.by === 'value') clipGradValue(parameters, clip.limit);
        optimizer.step();
      },
      validate: (validation) => this.#evaluate(validation, signal),
    };
  }

  #gradients(inputs: Tensor, targets: Tensor, first: boolean, share: number, measures: Measures | null): Tensor[] {
    return inScope('training step', () => {
      const output = this.model.forward(inputs) as Tensor;
      const loss = this.#scalarLoss(output, targets);
      if (first) this.optimizer.zeroGrad();
      (share === 1 ? loss : loss.div(share)).backward();
      if (measures) {
        measures.add(loss, output, targets, inputs.shape[0] ?? 1);
        return [];
      }
      return this.#measure(loss, output, targets);
    });
  }

  /**
   * One step on one batch: gradients, and the move. Returns the loss and the metrics that are functions as scalar
   * tensors, which belong to the caller.
   */
  trainStep(inputs: Tensor, targets: Tensor): Tensor[] {
    const values = this.#gradients(inputs, targets, true, 1, null);
    this.optimizer.step();
    return values;
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
      const values = Object.values(this.metrics).flatMap((metric) => (typeof metric === 'function' ? [metric(scores, targets)] : []));
      return [loss.detach(), ...values];
    });
  }

  /**
   * The mean loss and metrics over `loader`, without gradients and in evaluation mode; the mode is put back afterwards.
   */
  async evaluate(loader: Loader): Promise<{ loss: number } & Record<string, number>> {
    checkLoader('evaluate', 'the loader', loader);
    return (await this.#evaluate(loader, null)) as { loss: number } & Record<string, number>;
  }

  /** Null where the signal cut it off. */
  async #evaluate(loader: Loader, signal: AbortSignal | null): Promise<EpochRecord['validation']> {
    // Metrics may still be waiting for the training's last batches.
    await this.#run?.flush();
    return apart(this.metrics, async () => {
      const measures = new Measures(this.metrics);
      const modes = [...this.model.modules()].map((m) => [m, m.training] as const);
      this.model.eval();
      try {
        for await (const batch of loader as AsyncIterable<unknown>) {
          if (signal?.aborted) return null;
          const [inputs, targets] = checkBatch('evaluate', batch);
          inScope('evaluation step', () =>
            noGrad(() => {
              const output = this.model.forward(inputs) as Tensor;
              measures.add(this.#scalarLoss(output, targets), output, targets, inputs.shape[0] ?? 1);
              return [];
            }),
          );
          if (measures.pending >= READ_EVERY_STEPS) await measures.flush();
        }
        if (signal?.aborted) return null;
        await measures.flush();
        return { loss: measures.loss, ...(await measures.values()) };
      } finally {
        measures.dispose();
        for (const [m, training] of modes) m.training = training;
      }
    });
  }

  // ---- interruption ----

  /**
   * All of the training as it stands: the model, the optimizer, and where the last `fit` came to. Plain values and host
   * arrays, copies; `fit({ resume })` goes on from it. Between fits, or in a callback: not while a batch is under way.
   * Errors: `KonvError` then, and after a `fit` that failed within a step.
   */
  async stateDict(): Promise<TrainerState> {
    const run = this.#run;
    if (this.#fitting && run === null)
      throw new KonvError('stateDict', 'expected no checkpoint being loaded, got a call while one is; await fit');
    const place = run ? await run.place() : null;
    const parts = liveParts(this.model, this.optimizer, (place?.waiting ?? 0) > 0);
    return (await readTree({ ...parts, place })) as TrainerState;
  }

  /**
   * Writes `stateDict()` to a safetensors file, whole or not at all, for `fit({ resume: path })`. The model's tensors are
   * in it as `model.<key>`. Node only. Errors: those of `stateDict()`; `FormatError` where it cannot be written.
   */
  async saveCheckpoint(path: string | URL): Promise<void> {
    checkPath('saveCheckpoint', path);
    await writeCheckpoint(path, await this.stateDict());
  }

  /** Goes on from `state`: all or nothing. */
  async #resume(state: TrainerState, run: Run, plan: Plan): Promise<void> {
    const before = checkState({ ...((await readTree(liveParts(this.model, this.optimizer, true))) as object), place: null });
    const { place } = state;
    const undo: (() => void | Promise<void>)[] = [];
    const rng = generatorState();
    try {
      if (place) run.restore(place);
      undo.push(() => loadParts(this.model, this.optimizer, before));
      loadParts(this.model, this.optimizer, state);
      if (place === null) return;
      for (const [callback, saved] of matched(plan.callbacks, place)) {
        const old = callback.stateDict?.();
        undo.push(() => callback.loadStateDict?.(old));
        await callback.loadStateDict?.(saved);
      }
      // The training's last: one that was broken off cannot be put back as it was.
      const loaders = [
        [plan.validation, place.validation],
        [plan.loader, place.loader],
      ] as const;
      for (const [loader, saved] of loaders) {
        if (!loader || !keepsPlace(loader, saved)) continue;
        const old = loader.stateDict?.();
        undo.push(() => loader.loadStateDict?.(old));
        loader.loadStateDict?.(saved);
      }
      setGeneratorState(place.rng);
    } catch (e) {
      for (const put of undo.reverse()) await put();
      setGeneratorState(rng);
      throw e;
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

/** The callbacks that keep a state, with what a checkpoint has of it: by name, those of one name in their order. */
function matched(callbacks: readonly Callback[], { callbacks: saved }: Place): [Callback, unknown][] {
  const left = [...saved];
  const pairs: [Callback, unknown][] = [];
  for (const c of callbacks) {
    const i = left.findIndex(({ name }) => name === (c.name ?? ''));
    if (!c.loadStateDict || i < 0) continue;
    pairs.push([c, left.splice(i, 1)[0].state]);
  }
  return pairs;
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
