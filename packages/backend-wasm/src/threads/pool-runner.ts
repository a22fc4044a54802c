import { BackendError } from '@konv/core-tensor';
import type { Heap } from '../heap/heap.js';
import { control, INSIDE } from './control.js';
import { type Caller, type Runner, SingleRunner, trapped } from './runner.js';
import type { WorkerHandle } from './spawn.js';

/** The caller looks this long for the last worker to leave before it sleeps, where it may: waking takes some 50 us. */
const JOIN_SPIN_MS = 0.2;
/** Sleep is taken in pieces, each of which counts at most once towards `stallMs`: a suspended machine is no dead worker. */
const SLICE_MS = 100;

export interface PoolOptions {
  readonly heap: Heap;
  readonly caller: Caller;
  /** All names, in the order in which the workers know them. */
  readonly kernels: readonly string[];
  /** By thread, from thread 1 on. All are in their loops. */
  readonly workers: ReadonlyMap<number, WorkerHandle>;
  /** A worker that is inside of a job and for so long does not leave is taken for dead. */
  readonly stallMs: number;
}

/**
 * Fork-join over one shared memory: the caller opens a job, works on it itself, closes it and waits for the workers that are
 * inside. `worker-main.ts` tells the life of a job. Whoever comes claims the next `grain` items from a counter, so that a thread
 * which the system does not schedule holds nobody up, and results do not depend on who did what.
 */
export class PoolRunner implements Runner {
  readonly #caller: Caller;
  readonly #single: SingleRunner;
  readonly #kernels: ReadonlyMap<string, number>;
  readonly #workers: ReadonlyMap<number, WorkerHandle>;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #stallMs: number;
  readonly #maySleep: boolean;
  /** Why a worker is gone that died between two jobs. */
  #death: string | null = null;
  /** No worker is used any more. */
  #alone = false;

  constructor({ heap, caller, kernels, workers, stallMs }: PoolOptions) {
    this.#caller = caller;
    this.#single = new SingleRunner(caller);
    this.#kernels = new Map(kernels.map((name, index) => [name, index]));
    this.#workers = workers;
    // The control words are at the bottom: these views see them however far the memory grows.
    this.#words = new Int32Array(heap.memory.buffer as ArrayBuffer);
    this.#numbers = new Float64Array(heap.memory.buffer as ArrayBuffer);
    this.#stallMs = stallMs;
    this.#maySleep = maySleep(this.#words);
    for (const [thread, worker] of workers) worker.onDeath((reason) => (this.#death ??= `thread ${thread} died: ${reason}`));
  }

  get threads(): number {
    return this.#alone ? 1 : 1 + this.#workers.size;
  }

  run(kernel: string, given: readonly number[], items: number, grain: number, scratchBytes: number): void {
    // A grain of 0 would never come to an end.
    if (this.#alone || items <= grain || grain <= 0) return this.#single.run(kernel, given, items, grain, scratchBytes);
    if (this.#death !== null) throw this.#lost(kernel, this.#death);
    this.#caller.prepare(scratchBytes);
    const began = performance.now();
    this.#open(kernel, given, items, grain);
    let failure: unknown = null;
    try {
      this.#work(kernel, given, items, grain);
    } catch (error) {
      failure = error;
      Atomics.store(this.#words, control.next, control.exhausted);
    }
    // As long as the caller's own part took, a worker may be about a piece of the same size.
    const dead = this.#join(this.#stallMs + 20 * (performance.now() - began));
    if (dead) throw this.#lost(kernel, `a thread has not come back from its part of the work for ${(this.#stallMs / 1000).toFixed(1)} s`);
    if (failure !== null) throw trapped(kernel, 0, String(failure), failure);
    if (this.#words[control.failed] !== 0) throw this.#workersFailure(kernel);
  }

  dispose(): void {
    this.#endWorkers();
    this.#single.dispose();
  }

  #open(kernel: string, given: readonly number[], items: number, grain: number): void {
    const words = this.#words;
    const numbers = this.#numbers;
    const index = this.#kernels.get(kernel);
    if (index === undefined || given.length > control.argumentsMax) {
      throw new BackendError(kernel, `expected a known kernel of at most ${control.argumentsMax} arguments, got ${given.length}`);
    }
    const d = control.description;
    numbers[d] = index;
    numbers[d + 1] = items;
    numbers[d + 2] = grain;
    numbers[d + 3] = this.#caller.scratchAddress;
    numbers[d + 4] = this.#caller.scratchStride;
    numbers[d + 5] = given.length;
    for (let i = 0; i < given.length; i++) numbers[d + 6 + i] = given[i];
    words[control.failed] = 0;
    Atomics.store(words, control.next, 0);
    Atomics.store(words, control.state, control.open);
    Atomics.add(words, control.job, 1);
    if (Atomics.load(words, control.parked) > 0) Atomics.notify(words, control.job);
  }

  #work(kernel: string, given: readonly number[], items: number, grain: number): void {
    const words = this.#words;
    const call = this.#caller.kernel(kernel);
    const all = [...given, 0, 0];
    for (;;) {
      const begin = Atomics.add(words, control.next, 1) * grain;
      if (begin >= items) return;
      all[given.length] = begin;
      all[given.length + 1] = Math.min(begin + grain, items);
      call(...all);
    }
  }

  /** Closes the job and waits for those inside. True: one of them does not come back. */
  #join(patienceMs: number): boolean {
    const words = this.#words;
    let inside = Atomics.and(words, control.state, ~control.open) & INSIDE;
    let waited = 0;
    while (inside > 0) {
      const began = performance.now();
      const left = waited === 0 ? this.#spin(inside, JOIN_SPIN_MS) : this.#sleep(inside);
      waited = left < inside ? 0 : waited + Math.min(performance.now() - began, SLICE_MS);
      inside = left;
      if (waited > patienceMs) return true;
    }
    return false;
  }

  /** How many are inside, as soon as that changes or time is up. */
  #spin(inside: number, ms: number): number {
    const until = performance.now() + ms;
    do {
      for (let i = 0; i < 200; i++) {
        const now = Atomics.load(this.#words, control.state);
        if (now !== inside) return now;
      }
    } while (performance.now() < until);
    return inside;
  }

  #sleep(inside: number): number {
    // A page's main thread may not sleep; it is held up no longer than the job takes.
    if (!this.#maySleep) return this.#spin(inside, SLICE_MS);
    Atomics.store(this.#words, control.waiting, 1);
    Atomics.wait(this.#words, control.state, inside, SLICE_MS);
    Atomics.store(this.#words, control.waiting, 0);
    return Atomics.load(this.#words, control.state);
  }

  #workersFailure(kernel: string): BackendError {
    const words = this.#words;
    const units = words.subarray(control.reason, control.reason + words[control.reasonLength]);
    return trapped(kernel, words[control.failed] - 1, String.fromCharCode(...units));
  }

  /** Goes on alone; what to tell whoever called. */
  #lost(kernel: string, reason: string): BackendError {
    const { threads } = this;
    this.#endWorkers();
    return new BackendError(
      kernel,
      `expected ${threads} threads, got ${threads - 1}: ${reason}; the result of this op is lost and other tensors are not, the backend ` +
        'goes on with one thread: run the step again, and make the backend anew to have threads again',
    );
  }

  #endWorkers(): void {
    if (this.#alone) return;
    this.#alone = true;
    Atomics.store(this.#words, control.stop, 1);
    Atomics.add(this.#words, control.job, 1);
    Atomics.notify(this.#words, control.job);
    for (const worker of this.#workers.values()) worker.terminate();
  }
}

/** Engines refuse `Atomics.wait` on a page's main thread, even one that would return at once. */
function maySleep(words: Int32Array): boolean {
  try {
    Atomics.wait(words, control.waiting, 1, 0);
    return true;
  } catch {
    return false;
  }
}
