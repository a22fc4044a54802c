import { FormatError, KonvError } from '@konv/core-tensor';
import type { HostEntry } from '@konv/formats';
import type { Callback, Progress } from '../callback.js';
import type { Place } from '../checkpoint/state.js';
import { floats, refuse } from '../checkpoint/tree.js';
import type { EpochRecord, History } from '../history.js';
import type { Trainer } from '../trainer.js';
import type { Engine } from './engine.js';
import type { Plan } from './fit-options.js';
import { checkGenerator, generatorState, setGeneratorState } from './generator.js';
import { checkBatch, keepsPlace, type Loader } from './loader.js';
import { Measures } from './measures.js';

/** Steps between reads of the losses: often enough for a bar, seldom enough for a device. */
const READ_EVERY_STEPS = 16;
const READ_EVERY_MS = 100;

/** One training, from the beginning of `fit` to its end, and where it stands. */
export class Run {
  readonly history: History = { epochs: [], losses: [], stopped: null };
  readonly progress: Progress;
  readonly #plan: Plan;
  readonly #engine: Engine;
  #measures: Measures | null = null;
  /** Complete epochs, and steps done of the next. */
  #epochs = 0;
  #step = 0;
  /** All steps of the epoch are done; its validation is not. */
  #validating = false;
  /** Batches whose gradients wait for a move. */
  #waiting = 0;
  /** Whether nothing is under way: in callbacks, before and after the training. */
  #resting = true;
  #failed = false;
  #epochRng: HostEntry | null = null;
  /** Where to go on, until that is done. */
  #resumed: Place | null = null;
  /** When the epoch would have begun had it not been interrupted. */
  #started = 0;
  #lastRead = 0;

  constructor(trainer: Trainer, plan: Plan, engine: Engine, resumed: boolean) {
    this.#plan = plan;
    this.#engine = engine;
    this.progress = {
      trainer,
      epoch: 0,
      epochs: plan.epochs,
      step: 0,
      steps: plan.loader.length ?? null,
      totalSteps: 0,
      updated: false,
      resumed,
      samples: 0,
      loss: Number.NaN,
      metrics: {},
      seconds: 0,
      history: this.history,
      stop: (reason) => {
        this.history.stopped ??= String(reason);
      },
    };
  }

  // ---- where it stands ----

  /** Errors: `KonvError` while a batch is under way. */
  async place(): Promise<Place> {
    this.checkResting();
    await this.flush();
    this.checkResting();
    const { totalSteps, steps } = this.progress;
    const inside = this.#step > 0 || this.#validating;
    const { loader, validation, callbacks } = this.#plan;
    return {
      epoch: this.#epochs,
      step: this.#step,
      totalSteps,
      waiting: this.#waiting,
      validating: this.#validating,
      steps,
      rng: generatorState(),
      epochRng: inside ? this.#epochRng : null,
      loader: loader.stateDict?.() ?? null,
      validation: validation?.stateDict?.() ?? null,
      measures: inside && this.#measures ? this.#measures.state() : null,
      seconds: inside ? this.progress.seconds : 0,
      epochs: this.history.epochs.filter((e) => e.complete),
      losses: floats(this.history.losses),
      callbacks: callbacks.flatMap((c) => (c.stateDict ? [{ name: c.name ?? '', state: c.stateDict() }] : [])),
    };
  }

  /** Reads what has been measured. */
  async flush(): Promise<void> {
    await this.#measures?.flush();
  }

  /** Errors: `KonvError` where it stands inside a step. */
  checkResting(): void {
    if (this.#failed) {
      throw new KonvError('stateDict', 'expected a training that ended, got one that failed within a step; save model.stateDict() instead');
    }
    if (this.#resting) return;
    throw new KonvError('stateDict', 'expected no batch under way, got a call while fit is at one; call it in a callback or after fit');
  }

  /** Takes over where a training stood, but for the loaders and callbacks. Errors: `FormatError`; nothing has changed then. */
  restore(place: Place): void {
    const { steps } = this.progress;
    if (place.steps !== null && steps !== null && place.steps !== steps) {
      throw refuse(`a loader of ${place.steps} batches`, `${steps}`, 'make it with the data and the batchSize that it had');
    }
    checkGenerator(place.rng);
    if (place.epochRng) checkGenerator(place.epochRng);
    const losses = [...place.losses.data];
    if (place.measures) {
      const measures = new Measures(this.#engine.metrics, this.history.losses);
      measures.load(place.measures);
      this.#measures = measures;
    }
    this.history.epochs.push(...place.epochs.map((e) => ({ ...e })));
    this.history.losses.push(...losses);
    this.#epochs = place.epoch;
    this.#step = place.step;
    this.#validating = place.validating;
    this.#epochRng = place.epochRng;
    this.#waiting = place.waiting;
    const { epoch, step, totalSteps, seconds } = place;
    Object.assign(this.progress, { epoch, step, totalSteps, seconds });
    this.#resumed = place;
  }

  // ---- its course ----

  /** Trains to the end of the plan, or until it is stopped. */
  async go(): Promise<History> {
    const { signal, epochs } = this.#plan;
    try {
      await this.#call((c) => c.onFitStart?.(this.progress));
      while (this.#epochs < epochs && this.history.stopped === null) {
        if (signal?.aborted) this.progress.stop('aborted');
        else await this.#epoch();
      }
    } catch (e) {
      // What the steps before it measured is still good, where it can be read.
      await this.#measures?.flush().catch(() => {});
      this.#measures?.dispose();
      this.#failed = !this.#resting;
      this.#resting = true;
      await this.#end().catch(() => {});
      throw e;
    }
    await this.#end();
    return this.history;
  }

  async #epoch(): Promise<void> {
    const p = this.progress;
    const place = this.#resumed;
    const inside = place !== null && this.#measures !== null;
    if (place && !inside) setGeneratorState(place.rng);
    if (!inside) {
      this.#measures = new Measures(this.#engine.metrics, this.history.losses);
      this.#step = 0;
      Object.assign(p, { step: 0, samples: 0, loss: Number.NaN, metrics: {}, seconds: 0 });
    }
    p.epoch = this.#epochs + 1;
    p.updated = false;
    const before = inside ? place.seconds : 0;
    this.#started = performance.now() - 1000 * before;
    this.#lastRead = performance.now();
    this.#engine.train();
    if (inside) await this.#read();
    await this.#call((c) => c.onEpochStart?.(p));
    if (inside) setGeneratorState(place.rng);
    else this.#epochRng = generatorState();
    if (!this.#validating) await this.#steps();
    this.#resumed = null;
    await this.#read();
    this.#validating = this.history.stopped === null;
    const { validation } = this.#plan;
    const seen = validation && this.#validating ? await this.#validate(validation) : null;
    await this.#finish(seen);
  }

  async #steps(): Promise<void> {
    const p = this.progress;
    const { accumulate, signal } = this.#plan;
    this.#resting = false;
    for await (const batch of this.#batches()) {
      const [inputs, targets] = checkBatch('fit', batch);
      this.#engine.accumulate(inputs, targets, this.#waiting === 0, this.#measures as Measures);
      this.#waiting++;
      p.updated = this.#waiting >= accumulate || p.step + 1 === p.steps;
      if (p.updated) this.#move();
      p.step = ++this.#step;
      p.totalSteps++;
      if (this.#due()) await this.#read();
      await this.#call((c) => c.onStep?.(p));
      if (signal?.aborted) p.stop('aborted');
      await this.#call((c) => c.onSave?.(p, null));
      if (p.history.stopped !== null) break;
      this.#resting = false;
    }
    this.#resting = true;
    // The end of an epoch of unknown length: its last batches move the parameters, too.
    if (this.#waiting > 0 && p.history.stopped === null) this.#move();
  }

  #move(): void {
    this.#engine.move();
    this.#waiting = 0;
  }

  /** The batches that are left of the epoch. */
  async *#batches(): AsyncIterableIterator<unknown> {
    const { loader } = this.#plan;
    const place = this.#resumed;
    const seen = this.#step;
    // A loader that kept its place goes on from it; another one begins anew, as the epoch did.
    let left = place && !keepsPlace(loader, place.loader) ? seen : 0;
    if (left > 0 && place?.epochRng) setGeneratorState(place.epochRng);
    for await (const batch of loader as AsyncIterable<unknown>) {
      if (left === 0) yield batch;
      else if (--left === 0 && place) setGeneratorState(place.rng);
    }
    if (left > 0) {
      throw new FormatError(
        'fit',
        `expected at least the ${seen} batches that were seen, got ${seen - left}; give fit the data that it had`,
      );
    }
  }

  #due(): boolean {
    return (this.#measures?.pending ?? 0) >= READ_EVERY_STEPS || performance.now() - this.#lastRead > READ_EVERY_MS;
  }

  async #read(): Promise<void> {
    const measures = this.#measures as Measures;
    await measures.flush();
    const metrics = await measures.values();
    this.#lastRead = performance.now();
    const seconds = this.#validating ? this.progress.seconds : (this.#lastRead - this.#started) / 1000;
    Object.assign(this.progress, { samples: measures.samples, loss: measures.loss, metrics, seconds });
  }

  /** The validation's numbers; null where it was cut off, and then it is as if it had not begun. */
  async #validate(loader: Loader): Promise<EpochRecord['validation']> {
    const [rng, state] = [generatorState(), loader.stateDict?.()];
    this.#resting = false;
    const seen = await this.#engine.validate(loader);
    this.#resting = true;
    if (seen !== null) return seen;
    if (state !== undefined) loader.loadStateDict?.(state);
    setGeneratorState(rng);
    this.progress.stop('aborted');
    return null;
  }

  async #finish(validation: EpochRecord['validation']): Promise<void> {
    const p = this.progress;
    const complete = p.history.stopped === null;
    const { epoch, loss, metrics, samples, seconds } = p;
    const record: EpochRecord = { epoch, loss, metrics, validation, samples, seconds, complete };
    p.history.epochs.push(record);
    if (complete) {
      this.#epochs++;
      this.#step = 0;
      this.#validating = false;
      this.#measures?.dispose();
      this.#measures = null;
    }
    await this.#call((c) => c.onEpochEnd?.(p, record));
    await this.#call((c) => c.onSave?.(p, record));
  }

  async #call(method: (c: Callback) => void | Promise<void>): Promise<void> {
    const rested = this.#resting;
    this.#resting = true;
    for (const c of this.#plan.callbacks) {
      const result = method(c);
      if (result) await result;
    }
    this.#resting = rested;
  }

  /** Every callback hears of the end; the first error of one is thrown. */
  async #end(): Promise<void> {
    const errors: unknown[] = [];
    for (const c of this.#plan.callbacks) {
      try {
        await c.onFitEnd?.(this.progress);
      } catch (e) {
        errors.push(e);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
