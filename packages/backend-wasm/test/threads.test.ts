import { isKonvError, type KonvError } from '@konv/core-tensor';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Heap } from '../src/heap/heap.js';
import type { Runner } from '../src/threads/runner.js';
import { nodeSpawn, type Spawn, type WorkerHandle } from '../src/threads/spawn.js';
import { planThreads, startThreads, type StartOptions } from '../src/threads/start.js';
import type { WorkerAnswer } from '../src/threads/worker-main.js';
import { tinyKernels, tinyModule } from './tiny-module.js';

const SCRATCH = 64;
const running: Runner[] = [];

afterEach(() => {
  for (const runner of running.splice(0)) runner.dispose();
  vi.restoreAllMocks();
});

async function start(threads: number, options: Partial<StartOptions> = {}): Promise<{ heap: Heap; runner: Runner }> {
  const heap = Heap.create({ shared: threads > 1 });
  const module = await tinyModule(threads > 1);
  const runner = await startThreads({ heap, module, kernels: tinyKernels, threads, ...options });
  running.push(runner);
  return { heap, runner };
}

function errorOf(fn: () => void): KonvError {
  try {
    fn();
  } catch (error) {
    if (isKonvError(error)) return error;
    throw error;
  }
  throw new Error('expected an error');
}

/** Where the caller's scratch memory is: what tells it from the workers in the tests' kernels. */
function callersScratch(heap: Heap, runner: Runner): number {
  const out = heap.alloc(4);
  runner.run('where', [out], 1, 1, SCRATCH);
  const address = heap.i32[out >>> 2];
  heap.free(out);
  return address;
}

function flag(heap: Heap): number {
  const address = heap.alloc(4);
  heap.i32[address >>> 2] = 0;
  return address;
}

async function realSpawn(): Promise<Spawn> {
  const spawn = nodeSpawn();
  if (!spawn) throw new Error('expected worker threads');
  return spawn;
}

/** A way to start workers that keeps what it started. */
async function keeping(): Promise<{ spawn: Spawn; workers: WorkerHandle[] }> {
  const real = await realSpawn();
  const workers: WorkerHandle[] = [];
  const spawn: Spawn = (name) => {
    const worker = real(name);
    workers.push(worker);
    return worker;
  };
  return { spawn, workers };
}

/** Workers that are none: they say what they are told to, when they are set up, and do nothing. */
function pretended(what: { readonly answers?: WorkerAnswer; readonly dies?: string }): Spawn {
  return () => {
    let message: (answer: unknown) => void = () => {};
    let death: (reason: string) => void = () => {};
    return {
      post: () => {
        if (what.answers) queueMicrotask(() => message(what.answers));
        if (what.dies) death(what.dies);
      },
      onMessage: (hear) => {
        message = hear;
      },
      onDeath: (hear) => {
        death = hear;
      },
      release: () => {},
      terminate: () => {},
    };
  };
}

const died = (worker: WorkerHandle): Promise<void> => new Promise((resolve) => worker.onDeath(() => resolve()));

describe.each([1, 2, 3])('%i threads', (threads) => {
  it('do every item of many jobs of all sizes once, each with scratch memory of its own', async () => {
    const { heap, runner } = await start(threads);
    expect(runner.threads).toBe(threads);
    const out = heap.alloc(4 * 5000);
    let seed = 1;
    for (let job = 1; job <= 1500; job++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      const items = 1 + (seed % 5000);
      const grain = 1 + ((seed >>> 16) % 200);
      const values = heap.f32.subarray(out >>> 2, (out >>> 2) + items + 1);
      values.fill(-1, 0, items);
      values[items] = -2;
      runner.run('scale', [out, job], items, grain, SCRATCH);
      let wrong = 0;
      for (let i = 0; i < items; i++) if (values[i] !== i * job) wrong++;
      expect(wrong).toBe(0);
      if (items < 5000) expect(values[items]).toBe(-2);
    }
  });

  it('see memory that the heap grew, and scratch memory that a job needs more of', async () => {
    const { heap, runner } = await start(threads);
    for (const mebibytes of [1, 20, 90]) {
      const out = heap.alloc(mebibytes * 2 ** 20);
      const last = heap.footprint;
      runner.run('scale', [out, 2], 1000, 10, mebibytes * 1000);
      expect(Array.from(heap.f32.subarray(out >>> 2, (out >>> 2) + 1000))).toEqual(Array.from({ length: 1000 }, (_, i) => 2 * i));
      expect(last).toBeGreaterThan(mebibytes * 2 ** 20);
    }
    expect(heap.scratchBytes).toBeGreaterThanOrEqual(threads * 90_000);
    runner.dispose();
    expect(heap.scratchBytes).toBe(0);
  });

  it('make an error of a kernel that traps, and go on', async () => {
    const { heap, runner } = await start(threads);
    const error = errorOf(() => runner.run('trapAt', [321], 1000, 10, SCRATCH));
    expect(error.name).toBe('BackendError');
    expect(error.message).toMatch(/^\[trapAt\] expected the kernel to run to its end, got "RuntimeError: unreachable" on thread \d; /);
    const out = heap.alloc(400);
    runner.run('scale', [out, 3], 100, 1, SCRATCH);
    expect(heap.f32[(out >>> 2) + 99]).toBe(297);
    expect(runner.threads).toBe(threads);
  });
});

describe('a pool', () => {
  it('really shares its work, with workers that are awake and with workers that sleep', async () => {
    const { heap, runner } = await start(2);
    const caller = callersScratch(heap, runner);
    for (const pause of [0, 0, 50, 50]) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const met = flag(heap);
      // The caller returns from this kernel only when a worker is in it, too, and the worker traps.
      expect(errorOf(() => runner.run('trapInWorker', [caller, met], 2, 1, SCRATCH)).message).toContain('on thread 1');
      expect(heap.i32[met >>> 2]).toBe(1);
    }
  });

  it('prints what a fork and join costs', async () => {
    const { heap, runner } = await start(2);
    const out = heap.alloc(64);
    const microseconds = async (items: number, grain: number, pause: number, runs: number): Promise<string> => {
      const times: number[] = [];
      for (let i = 0; i < runs; i++) {
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
        const began = performance.now();
        runner.run('where', [out], items, grain, SCRATCH);
        times.push(1000 * (performance.now() - began));
      }
      return times.sort((a, b) => a - b)[runs >> 1].toFixed(2);
    };
    // Depends on the machine and on what else it does: printed, never asserted.
    const alone = await microseconds(2, 2, 0, 3000);
    const awake = await microseconds(2, 1, 0, 3000);
    const asleep = await microseconds(2, 1, 3, 50);
    console.log(`an op of nothing, median us: one thread ${alone}, fork-join ${awake}, with a sleeping worker ${asleep}`);
  });

  it('leaves work of one grain to the calling thread', async () => {
    const { heap, runner } = await start(3);
    const caller = callersScratch(heap, runner);
    const out = heap.alloc(64);
    for (let i = 0; i < 50; i++) {
      runner.run('where', [out], 8, 8, SCRATCH);
      expect(heap.i32[out >>> 2]).toBe(caller);
    }
  });

  it('whose worker died between two ops says so at the next one, and goes on with one thread', async () => {
    const { spawn, workers } = await keeping();
    const { heap, runner } = await start(3, { spawns: [spawn] });
    const death = died(workers[1]);
    workers[1].terminate();
    await death;
    const out = heap.alloc(400);
    const error = errorOf(() => runner.run('scale', [out, 3], 100, 1, SCRATCH));
    expect(error.name).toBe('BackendError');
    expect(error.message).toMatch(/^\[scale\] expected 3 threads, got 2: thread 2 died: it ended with code 1; .*run the step again/);
    expect(runner.threads).toBe(1);
    runner.run('scale', [out, 3], 100, 1, SCRATCH);
    expect(heap.f32[(out >>> 2) + 99]).toBe(297);
  });

  it('whose worker does not come back says so after a while, and goes on with one thread', async () => {
    const { heap, runner } = await start(2, { stallMs: 300 });
    const caller = callersScratch(heap, runner);
    const error = errorOf(() => runner.run('hangInWorker', [caller, flag(heap)], 2, 1, SCRATCH));
    expect(error.message).toMatch(
      /^\[hangInWorker\] expected 2 threads, got 1: a thread has not come back from its part of the work for 0\.3 s; /,
    );
    expect(runner.threads).toBe(1);
    const out = heap.alloc(400);
    runner.run('scale', [out, 3], 100, 1, SCRATCH);
    expect(heap.f32[(out >>> 2) + 99]).toBe(297);
  });

  it('gives its scratch memory back when the heap is full, and takes it again', async () => {
    const heap = Heap.create({ shared: true, maxBytes: 16 * 2 ** 20 });
    const runner = await startThreads({ heap, module: await tinyModule(true), kernels: tinyKernels, threads: 2 });
    running.push(runner);
    const out = heap.alloc(4000);
    runner.run('scale', [out, 1], 1000, 10, 5 * 2 ** 20);
    const large = heap.alloc(12 * 2 ** 20);
    // But for what each of the two keeps, with which small jobs go on.
    expect(heap.scratchBytes).toBe(2 * 16_384);
    runner.run('scale', [out, 3], 1000, 10, 10_000);
    expect(heap.f32[(out >>> 2) + 999]).toBe(3 * 999);
    expect(() => runner.run('scale', [out, 1], 1000, 10, 5 * 2 ** 20)).toThrow('[alloc] expected room');
    heap.free(large);
    runner.run('scale', [out, 4], 1000, 10, 5 * 2 ** 20);
    expect(heap.f32[(out >>> 2) + 999]).toBe(4 * 999);
  });
});

describe('starting', () => {
  it('goes on with fewer threads when some do not start, and says so once', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const real = await realSpawn();
    const broken: Spawn = (name) => {
      if (name.endsWith('2')) throw new Error('no more workers today');
      return real(name);
    };
    const { heap, runner } = await start(3, { spawns: [broken] });
    expect(runner.threads).toBe(2);
    const out = heap.alloc(400);
    runner.run('scale', [out, 3], 100, 1, SCRATCH);
    expect(heap.f32[(out >>> 2) + 99]).toBe(297);
    await start(3, { spawns: [broken] });
    expect(warn.mock.calls).toEqual([
      ['konv: the wasm backend has 2 of 3 threads, the others did not start (Error: no more workers today)'],
    ]);
  });

  it('tries the next way when one gives workers that die or never answer', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const dying = pretended({ dies: 'not found' });
    const silent = pretended({});
    const ready = pretended({ answers: { ready: true } });
    const refusing = pretended({ answers: { refused: 'CompileError: too new' } });
    expect((await start(2, { spawns: [dying, refusing, silent, ready], startMs: 50 })).runner.threads).toBe(2);
    expect(warn).not.toHaveBeenCalled();
    expect((await start(2, { spawns: [dying, refusing, silent], startMs: 50 })).runner.threads).toBe(1);
    expect(warn.mock.calls).toEqual([
      ['konv: the wasm backend has 1 of 2 threads, the others did not start (not found; CompileError: too new; no answer within 0.05 s)'],
    ]);
  });

  it('needs nothing of a worker that never gets to run', async () => {
    const { heap, runner } = await start(3, { spawns: [pretended({ answers: { ready: true } })] });
    const out = heap.alloc(400);
    runner.run('scale', [out, 3], 100, 1, SCRATCH);
    expect(heap.f32[(out >>> 2) + 99]).toBe(297);
    expect(runner.threads).toBe(3);
  });

  it('refuses a number of threads that is none', async () => {
    await expect(planThreads(0)).rejects.toThrow('[wasm] expected threads to be a whole number from 1 on, got 0');
    await expect(planThreads(1.5)).rejects.toThrow('got 1.5');
    expect(await planThreads(1)).toEqual({ threads: 1, shared: false });
    expect(await planThreads(3)).toEqual({ threads: 3, shared: true });
  });

  it('in a page that is not isolated plans one thread: said as a note by default, as a warning when more were asked for', async () => {
    vi.stubGlobal('crossOriginIsolated', false);
    const info = vi.spyOn(console, 'info').mockImplementation(() => {});
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    for (let i = 0; i < 2; i++) expect(await planThreads(3)).toEqual({ threads: 1, shared: false });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toContain('not cross-origin isolated, so the wasm backend has one thread instead of 3');
    for (let i = 0; i < 2; i++) expect((await planThreads()).threads).toBe(1);
    expect(info.mock.calls.length).toBeLessThanOrEqual(1);
    vi.unstubAllGlobals();
  });
});
