import type { Control } from './control.js';

/** The first message to a worker. */
export interface WorkerSetup {
  readonly setup: {
    readonly module: object;
    readonly memory: object;
    readonly kernels: readonly string[];
    /** Number of the thread; the caller's is 0. */
    readonly thread: number;
    readonly control: Control;
    /** How long to look for the next job before going to sleep. */
    readonly spinMs: number;
  };
}

/** The second one: the worker is one of the pool now and enters its loop, from which it hears no further message. */
export interface WorkerGo {
  readonly go: true;
}

/** What a worker answers to its setup. */
export type WorkerAnswer = { readonly ready: true } | { readonly refused: string };

/**
 * The whole program of a worker. It is also sent as text, `workerMain.toString()`, to where no file of it can be found. So
 * it refers to nothing outside of itself but types, and uses no syntax that a compiler would lower to a helper of its own.
 *
 * **The life of a job.** The caller writes the description, sets `next` to 0 and `state` to open, increments `job`. A worker
 * that sees `job` change enters: it increments `state` *if that is open*, in one compare-and-swap. From then until it
 * leaves (decrements `state`), the description cannot change, because the caller, having claimed what was left of the
 * job itself and closed `state`, waits for those inside. A worker that comes late finds the door closed and costs nothing.
 */
export function workerMain(listen: (hear: (message: unknown) => void) => void, answer: (message: WorkerAnswer) => void): void {
  const { Instance } = (globalThis as unknown as { WebAssembly: { Instance: new (m: object, i: object) => { exports: object } } })
    .WebAssembly;
  let loop: (() => void) | null = null;

  listen((message) => {
    const setup = (message as WorkerSetup).setup;
    if (setup === undefined) {
      if (loop !== null) loop();
      return;
    }
    try {
      loop = prepare(setup);
      answer({ ready: true });
    } catch (error) {
      answer({ refused: String(error) });
    }
  });

  function prepare(setup: WorkerSetup['setup']): () => void {
    const c = setup.control;
    const buffer = (setup.memory as { buffer: ArrayBuffer }).buffer;
    const words = new Int32Array(buffer);
    const numbers = new Float64Array(buffer);
    const exported = new Instance(setup.module, { env: { memory: setup.memory } }).exports as Record<string, unknown>;
    const scratch = exported.scratch as { value: number } | undefined;
    const kernels = setup.kernels.map((name) => {
      if (typeof exported[name] !== 'function') throw new Error('the module has no kernel ' + name);
      return exported[name] as (...given: number[]) => void;
    });
    let given: number[] = [];

    function work(): void {
      const d = c.description;
      const kernel = kernels[numbers[d]];
      const items = numbers[d + 1];
      const grain = numbers[d + 2];
      const count = numbers[d + 5];
      if (given.length !== count + 2) given = new Array(count + 2);
      for (let i = 0; i < count; i++) given[i] = numbers[d + 6 + i];
      if (scratch !== undefined) scratch.value = numbers[d + 3] + numbers[d + 4] * setup.thread;
      for (;;) {
        const begin = Atomics.add(words, c.next, 1) * grain;
        if (begin >= items) return;
        given[count] = begin;
        given[count + 1] = Math.min(begin + grain, items);
        kernel.apply(undefined, given);
      }
    }

    function fail(error: unknown): void {
      Atomics.store(words, c.next, c.exhausted);
      if (Atomics.compareExchange(words, c.failed, 0, setup.thread + 1) !== 0) return;
      const reason = String(error).slice(0, c.reasonMax);
      for (let i = 0; i < reason.length; i++) words[c.reason + i] = reason.charCodeAt(i);
      Atomics.store(words, c.reasonLength, reason.length);
    }

    function enterIfOpen(): void {
      let state = Atomics.load(words, c.state);
      while ((state & c.open) !== 0) {
        const found = Atomics.compareExchange(words, c.state, state, state + 1);
        if (found !== state) {
          state = found;
          continue;
        }
        try {
          work();
        } catch (error) {
          fail(error);
        }
        Atomics.sub(words, c.state, 1);
        if (Atomics.load(words, c.waiting) !== 0) Atomics.notify(words, c.state);
        return;
      }
    }

    /** Looks for a while; true once there is another job than `seen`. */
    function spin(seen: number): boolean {
      const until = performance.now() + setup.spinMs;
      do {
        for (let i = 0; i < 500; i++) if (Atomics.load(words, c.job) !== seen) return true;
      } while (performance.now() < until);
      return false;
    }

    function park(seen: number): void {
      // Announced before `job` is looked at for the last time: the caller either sees the announcement or changes `job` first.
      Atomics.add(words, c.parked, 1);
      Atomics.wait(words, c.job, seen);
      Atomics.sub(words, c.parked, 1);
    }

    return () => {
      let seen = Atomics.load(words, c.job);
      while (Atomics.load(words, c.stop) === 0) {
        enterIfOpen();
        if (!spin(seen)) park(seen);
        seen = Atomics.load(words, c.job);
      }
    };
  }
}
